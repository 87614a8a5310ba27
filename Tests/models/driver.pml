/*
 * driver.pml - callers drive: one of them works for all until its own call is done, and hands over.
 *
 * What it models, step by step:
 *     Single          Transport.begin, run, end: one call with one transfer
 *     Group           Transport.start, next, giveUp, close: one caller with several transfers
 *     drive           Transport.drive, with takeOn, reap, callEnded, clearAbandoned; Multi.perform, poll
 *     hand_over       Transport.handOver, call
 *     withdraw, end_transfer, deliver, discard, keep, renew, fail    the functions of the same names
 *     sleep, claim, wake    Sleeper, whose semaphore is `posts`
 *     Waker           Transport.wake of a group, by another thread
 *     Cancel          Transport.cancel
 *     Robber          a host that closes the library's descriptors: SocketTable.check, checkAlarm
 *     Deadline        the moment at which a caller's deadline passes; the others have none
 *
 * The lists are the code's lists, in their order. The lock is the transport's lock; a line in d_step or atomic is what happens
 * without letting go of it. Left out: shards, hedges, look-ups of names, pauses before retries, and forks. Left out on
 * purpose is also every time-out of poll but the driver's own deadline: in the code a driver with running transfers looks
 * around after 100 ms at the latest, so a lost wake-up would show there as a delay, and here as a deadlock.
 *
 * The network answers each transfer that is running, in any order and as late as it likes, but not one that is silent. Only a
 * caller that has a deadline, or that is cancelled, can have a silent transfer.
 *
 * Properties:
 *     1        one thread at a time is in libcurl, and a transfer leaves libcurl's hands only when no thread is there
 *     2        a transfer is not destroyed while a thread is about to wake its caller
 *     wakes    no caller sleeps for ever: there is no state in which nothing can happen and a caller has not returned
 *     ends     no caller runs for ever: there is no endless run
 *     called   with a group that always has another request, the driver still calls the callers of ended transfers (ENDLESS)
 *
 * Each switch removes one protecting step, and spin must then find a fault of the property beside it:
 *     NO_ABANDON          1       a caller that leaves takes its running transfer out, though another thread drives
 *     NO_CALLINGS         2       surplus transfers are destroyed whether or not a thread is about to wake a caller
 *     NO_HAND_OVER        wakes   a single caller that is done does not hand over
 *     NO_TURN_HAND_OVER   wakes   a group's caller that has something to do does not hand over
 *     AWAKE_GROUPS        wakes   the next driver may be the caller of a group that does not wait
 *     NO_ALARM            wakes   a new transfer does not wake an idle driver
 *     NO_SECOND_LOOK      wakes   the driver does not look for queued transfers after it has called callers
 *     NO_CALL             wakes   the driver does not call the callers of ended transfers
 *     LATE_SLEEP          wakes   a sleeper lets go of the lock before it says that it sleeps
 *     NO_ABANDON_ALARM    wakes   a caller that leaves does not wake the driver
 *     NO_GROUP_WAKE       wakes   a group's caller is not woken when its transfer has ended
 *     NO_WAKE_ALARM       wakes   a group that is woken does not wake the driver, which may be its caller
 *     NO_CANCEL_WAKE      wakes   cancel does not wake those who sleep
 *     NO_CANCEL_ALARM     wakes   cancel does not wake the driver
 *     NO_RENEW_WAKE       wakes   renew does not wake the callers of the transfers that it ends
 *     ALWAYS_LATE         called  the driver puts off its calls as long as there are queued transfers
 */

#ifndef ONLY
#define ONLY 0 /* the number of the one property to check; 0 checks all */
#endif
#define require(property, condition) assert((ONLY != 0 && ONLY != property) || (condition))

#ifndef SINGLES
#define SINGLES 3 /* callers with one transfer */
#endif
#ifndef IMPATIENT
#define IMPATIENT 1 /* how many of these have a deadline */
#endif
#ifndef MEMBERS
#define MEMBERS 0 /* transfers of the caller with a group; 0: there is no such caller */
#endif
#ifndef WIDTH
#define WIDTH 1 /* Transport.Calls.width */
#endif
#ifndef FAILURES
#define FAILURES 0 /* how often libcurl itself fails */
#endif
#define MAXIMUM_IDLE 0
#define TRANSFERS (SINGLES + MEMBERS)
#define GROUP SINGLES /* the number of the group's caller */
#define NONE 255

#define absent 0 /* the stage of one that is not there, or was destroyed */
mtype = { idle, queued, running, ended };

typedef Transfer {
    mtype stage;
    bool isAbandoned;
    bool isGroups; /* Place.group is set */
    bool isLost;
    bool sleeps; /* of its Sleeper */
    byte posts;
    byte dueWakes; /* for property 2: threads that have claimed to wake its caller, and have not done so */
    bool isSilent; /* the network never answers it */
    bool isReady /* libcurl is done with it, and the driver does not know yet */
};

/* Transport.Calls */
bool isLocked;
bool areDriven, isDriverIdle, areCancelled;
chan queuedOnes = [TRANSFERS] of { byte };
chan runningOnes = [TRANSFERS] of { byte };
chan endedOnes = [TRANSFERS] of { byte };
chan idleOnes = [TRANSFERS] of { byte };
byte abandonedCount, callings;
Transfer transfers[TRANSFERS];

/* Multi and SocketTable */
bool alarm, isRobbed;
byte usersOfLibcurl;
byte failuresLeft = FAILURES;

/* TransferGroup */
bool groupSleeps, isWoken, isGroupOpen, isGroupClosed;
byte groupPosts, underWay;
chan groupEnded = [TRANSFERS] of { byte };

bool isLate[SINGLES + 1];

#define hasRoom (len(runningOnes) < WIDTH)
#define canTakeOn (hasRoom && (len(queuedOnes) > 0))

inline lock() { atomic { !isLocked -> isLocked = true } }
inline unlock() { isLocked = false }

/* ---- Sleeper ------------------------------------------------------------------------------------------------------ */

inline sleep(sleeping, semaphore, me) {
#ifdef LATE_SLEEP
    unlock();
    sleeping = true;
#else
    d_step { sleeping = true; unlock() };
#endif
    if
    :: atomic { semaphore > 0 -> semaphore-- }
    :: isLate[me] -> skip
    fi;
    atomic { lock(); sleeping = false }
}

/* Transfer.wake, Sleeper.wake */
inline wake(which) {
    if
    :: transfers[which].isGroups -> wake_group()
    :: !transfers[which].isGroups && transfers[which].sleeps ->
        transfers[which].sleeps = false;
        transfers[which].posts++
    :: else -> skip
    fi
}

inline wake_group() {
    if
    :: groupSleeps -> groupSleeps = false; groupPosts++
    :: else -> skip
    fi
}

/* Transport.call, which lets go of the lock to wake a caller. */
inline call(which) {
    if
    :: d_step { transfers[which].isGroups -> wake_group() }
    :: d_step { !transfers[which].isGroups && !transfers[which].sleeps -> skip }
    :: d_step { !transfers[which].isGroups && transfers[which].sleeps ->
           transfers[which].sleeps = false;
           transfers[which].dueWakes++;
           callings++;
           unlock()
       };
       d_step { transfers[which].posts++; transfers[which].dueWakes-- };
       atomic { lock(); callings-- }
    fi
}

/* ---- The lists of a transport. All of it locked. ------------------------------------------------------------------ */

inline enqueue(which) {
    transfers[which].stage = queued;
    queuedOnes!which;
    if
#ifndef NO_ALARM
    :: isDriverIdle && hasRoom -> alarm = true
#endif
    :: else -> skip
    fi
}

inline destroy(which) {
    require(2, transfers[which].dueWakes == 0);
    transfers[which].stage = absent;
    transfers[which].posts = 0
}

/* Transport.keep, and the end of one that is too many. */
inline keep(which) {
    if
    :: transfers[which].isLost -> skip
    :: else ->
        idleOnes!which;
        if
#ifdef NO_CALLINGS
        :: len(idleOnes) > MAXIMUM_IDLE ->
#else
        :: len(idleOnes) > MAXIMUM_IDLE && callings == 0 ->
#endif
            idleOnes?spare;
            destroy(spare);
            spare = 0
        :: else -> skip
        fi
    fi
}

inline discard(which) {
    abandonedCount--;
    transfers[which].isAbandoned = false;
    transfers[which].stage = idle;
    keep(which)
}

inline deliver(which) {
    transfers[which].stage = ended;
    if
    :: transfers[which].isGroups ->
        underWay--;
        groupEnded!which;
#ifndef NO_GROUP_WAKE
        wake_group()
#endif
    :: else -> endedOnes!which
    fi
}

/* Transport.end(transfer, code), of one that has left the running ones. */
inline end_transfer(which) {
    transfers[which].isReady = false;
    if
    :: transfers[which].isAbandoned -> discard(which)
    :: else -> deliver(which)
    fi
}

/* All that are running are lost. Their callers are woken, since perhaps nobody drives. */
inline renew() {
    do
    :: (len(runningOnes) > 0) ->
        runningOnes?other;
        transfers[other].isLost = true;
        end_transfer(other)
    :: else -> break
    od;
    isRobbed = false;
    alarm = false;
#ifndef NO_RENEW_WAKE
    count = len(endedOnes);
    do
    :: count > 0 -> endedOnes?other; endedOnes!other; wake(other); count--
    :: else -> break
    od;
#endif
    other = 0
}

/* Of a caller that leaves. Sets isMine. */
inline withdraw(which) {
    isMine = true;
    if
    :: transfers[which].stage == queued -> queuedOnes??eval(which)
#ifdef NO_ABANDON
    :: transfers[which].stage == running ->
#else
    :: transfers[which].stage == running && areDriven ->
        transfers[which].isAbandoned = true;
        abandonedCount++;
#ifndef NO_ABANDON_ALARM
        alarm = true;
#endif
        isMine = false
    :: transfers[which].stage == running && !areDriven && isRobbed ->
        renew();
        if
        :: endedOnes??[eval(which)] -> endedOnes??eval(which)
        :: else -> skip
        fi
    :: transfers[which].stage == running && !areDriven && !isRobbed ->
#endif
        require(1, usersOfLibcurl == 0);
        runningOnes??eval(which);
        transfers[which].isReady = false
    :: else -> skip
    fi
}

/* libcurl itself cannot go on. */
inline fail(which) {
    if
    :: transfers[which].stage == queued -> queuedOnes??eval(which)
    :: else -> runningOnes??eval(which)
    fi;
    end_transfer(which)
}

inline clear_abandoned() {
    if
    :: abandonedCount == 0 -> skip
    :: abandonedCount > 0 && isRobbed -> renew()
    :: abandonedCount > 0 && !isRobbed ->
        count = len(runningOnes);
        do
        :: count > 0 ->
            runningOnes?other;
            if
            :: transfers[other].isAbandoned -> transfers[other].isReady = false; discard(other)
            :: else -> runningOnes!other
            fi;
            count--
        :: else -> other = 0; break
        od
    fi
}

inline can_drive(which) {
#ifdef AWAKE_GROUPS
    if
    :: true -> next = which
    fi
#else
    if
    :: !transfers[which].isGroups || groupSleeps -> next = which
    :: else -> skip
    fi
#endif
}

/* Transport.handOver: the last that can drive of the queued ones, or else of the running ones. */
inline hand_over() {
    d_step {
        next = NONE;
        if
        :: areDriven -> skip
        :: else ->
            count = len(queuedOnes);
            do
            :: count > 0 -> queuedOnes?other; queuedOnes!other; can_drive(other); count--
            :: else -> break
            od;
            if
            :: next == NONE -> count = len(runningOnes)
            :: else -> skip
            fi;
            do
            :: count > 0 -> runningOnes?other; runningOnes!other; can_drive(other); count--
            :: else -> break
            od
        fi;
        other = 0
    };
    if
    :: next != NONE -> call(next)
    :: else -> skip
    fi;
    next = 0
}

/* ---- The driver --------------------------------------------------------------------------------------------------- */

/* Lets go of the lock for each caller that it wakes. */
inline call_ended() {
#ifdef NO_CALL
    skip
#else
    do
    :: d_step { (len(endedOnes) > 0) -> endedOnes?called }; call(called); called = 0
    :: (len(endedOnes) == 0) -> break
    od
#endif
}

inline take_on() {
    do
    :: canTakeOn ->
        queuedOnes?other;
        runningOnes!other;
        transfers[other].stage = running
    :: else -> other = 0; break
    od
}

/* With Transport.renew where the host has closed descriptors and libcurl, or the look before a transfer is believed, noticed. */
inline reap() {
    count = len(runningOnes);
    isNoticed = false;
    do
    :: count > 0 && !isNoticed ->
        runningOnes?other;
        if
        :: transfers[other].isReady && isRobbed -> isNoticed = true; runningOnes!other
        :: transfers[other].isReady && !isRobbed -> end_transfer(other)
        :: !transfers[other].isReady -> runningOnes!other
        fi;
        count--
    :: else -> count = 0; other = 0; break
    od;
    if
    :: isRobbed -> isNoticed = true
    :: true -> skip
    fi;
    if
    :: isNoticed -> renew()
    :: else -> skip
    fi;
    isNoticed = false
}

#define answers(which) (transfers[which].stage == running && !transfers[which].isSilent)

/* Multi.perform: any of the transfers that are not silent may end. */
inline perform() {
    atomic { require(1, usersOfLibcurl == 0); usersOfLibcurl++ };
    atomic {
        count = 0;
        do
        :: count < TRANSFERS && answers(count) -> transfers[count].isReady = true; count++
        :: count < TRANSFERS -> count++
        :: count == TRANSFERS -> break
        od;
        count = 0;
        if
        :: failuresLeft > 0 -> failuresLeft--; hasFailed = true
        :: true -> skip
        fi;
        usersOfLibcurl--
    }
}

/* Multi.poll: until the network has something for a transfer, for the alarm, or for the driver's deadline. */
inline poll(me) {
    atomic { require(1, usersOfLibcurl == 0); usersOfLibcurl++ };
    atomic {
        if
        :: alarm -> skip
        :: isLate[me] -> skip
        :: isRobbed -> skip /* there is no alarm any more: the driver looks around after 100 ms */
        :: answers(0) -> transfers[0].isReady = true
#if TRANSFERS > 1
        :: answers(1) -> transfers[1].isReady = true
#endif
#if TRANSFERS > 2
        :: answers(2) -> transfers[2].isReady = true
#endif
#if TRANSFERS > 3
        :: answers(3) -> transfers[3].isReady = true
#endif
        fi;
        isHeard = alarm;
        if
        :: failuresLeft > 0 -> failuresLeft--; hasFailed = true
        :: true -> skip
        fi
    };
    /* SocketTable.silenceAlarm */
    d_step {
        if
        :: isHeard -> alarm = false
        :: else -> skip
        fi;
        isHeard = false;
        usersOfLibcurl--
    }
}

/* Transport.drive. Returns with the lock held, as it was called; hasFailed says that libcurl itself cannot go on. */
inline drive(me, isDone) {
    areDriven = true;
    isLeaving = false;
    if
    :: isRobbed ->
        d_step { renew() };
        call_ended();
        isLeaving = isDone
    :: else -> skip
    fi;
    do
    :: isLeaving -> break
    :: !isLeaving ->
        d_step { take_on(); unlock() };
        perform();
        atomic { lock(); reap(); mustLeave = (areCancelled || isLate[me]) };
        if
#ifdef ALWAYS_LATE
        :: canTakeOn && !mustLeave && !hasFailed -> skip
#else
        :: canTakeOn && !areCallersLate && !mustLeave && !hasFailed -> areCallersLate = true
#endif
        :: else ->
            areCallersLate = false;
#ifdef ENDLESS
progress_called:
#endif
            call_ended();
            d_step { clear_abandoned() };
            if
            :: isDone || mustLeave -> d_step { hasFailed = false; mustLeave = false; isLeaving = true }
            :: else ->
                if
                :: hasFailed -> isLeaving = true
#ifndef NO_SECOND_LOOK
                :: !hasFailed && canTakeOn -> skip
#endif
                :: else ->
                    d_step { isDriverIdle = true; unlock() };
                    poll(me);
                    atomic {
                        lock();
                        isDriverIdle = false;
                        if
                        :: isRobbed -> renew(); hasFailed = false
                        :: !isRobbed && hasFailed -> clear_abandoned(); isLeaving = true
                        :: else -> skip
                        fi
                    }
                fi
            fi
        fi
    od;
    d_step { areDriven = false; isLeaving = false }
}

/* ---- The callers -------------------------------------------------------------------------------------------------- */

/* Transport.begin: an idle transfer or a new one. The code takes the last that is idle; here it does not matter which. */
inline begin(group) {
    if
    :: (len(idleOnes) > 0) -> idleOnes?mine
    :: else ->
        mine = 0;
        do
        :: transfers[mine].stage == absent -> break
        :: else -> mine++
        od
    fi;
    transfers[mine].isGroups = group
}

inline choose_silence(mayBeSilent) {
    transfers[mine].isSilent = false;
    if
    :: mayBeSilent -> transfers[mine].isSilent = true
    :: true -> skip
    fi
}

#ifdef CANCEL
#define mayBeCancelled true
#else
#define mayBeCancelled false
#endif

/* Transport.end */
inline give_back() {
    atomic { lock(); keep(mine); unlock() }
}

proctype Single(byte me) {
    byte mine, other, count, spare, next, called;
    bool isMine = true;
    bool hasFailed, areCallersLate, mustLeave, isLeaving, isHeard, isNoticed;

    atomic { lock(); begin(false); choose_silence(me < IMPATIENT || mayBeCancelled); enqueue(mine) };
    /* Transport.run */
    do
    :: transfers[mine].stage == ended -> break
    :: transfers[mine].stage != ended && (areCancelled || isLate[me]) -> d_step { withdraw(mine) }; break
    :: else ->
        if
        :: areDriven -> sleep(transfers[mine].sleeps, transfers[mine].posts, me)
        :: !areDriven ->
            drive(me, (transfers[mine].stage == ended));
            if
            :: hasFailed -> d_step { fail(mine); hasFailed = false }
            :: else -> skip
            fi
        fi
    od;
    d_step {
        if
        :: isMine && endedOnes??[eval(mine)] -> endedOnes??eval(mine)
        :: else -> skip
        fi;
        if
        :: isMine -> transfers[mine].stage = idle
        :: else -> mine = 0
        fi
    };
#ifndef NO_HAND_OVER
    hand_over();
#endif
    unlock();
    if
    :: isMine -> give_back()
    :: else -> skip
    fi
}

#if MEMBERS > 0
proctype Group() {
    byte mine, other, count, spare, next, called, begun;
    bool isMine = true;
    bool hasFailed, areCallersLate, mustLeave, isLeaving, isHeard, isNoticed, hasEnded, hasBeenWoken, isOver;

    /* Transport.open, start */
    isGroupOpen = true;
    do
    :: begun < MEMBERS ->
        atomic { lock(); begin(true); choose_silence(mayBeCancelled); underWay++; enqueue(mine); begun++; mine = 0; unlock() }
    :: else -> break
    od;
    do
    :: isOver || (begun == 0 && hasBeenWoken) -> break
    :: else ->
        /* Transport.next and turn */
        lock();
        do
        :: areCancelled -> isOver = true; break
        :: !areCancelled && (len(groupEnded) > 0) ->
            d_step { groupEnded?mine; transfers[mine].stage = idle; transfers[mine].isGroups = false; hasEnded = true };
            break
        :: !areCancelled && (len(groupEnded) == 0) && isWoken -> d_step { isWoken = false; hasBeenWoken = true }; break
        :: !areCancelled && (len(groupEnded) == 0) && !isWoken && isLate[GROUP] -> isOver = true; break
        :: else ->
            if
            :: areDriven || underWay == 0 -> sleep(groupSleeps, groupPosts, GROUP)
            :: else ->
                drive(GROUP, ((len(groupEnded) > 0) || isWoken));
                d_step {
                    do
                    :: hasFailed && count < TRANSFERS ->
                        if
                        :: transfers[count].isGroups && transfers[count].stage != ended -> fail(count)
                        :: else -> skip
                        fi;
                        count++
                    :: else -> count = 0; hasFailed = false; break
                    od
                }
            fi
        od;
#ifndef NO_TURN_HAND_OVER
        hand_over();
#endif
        unlock();
        if
        :: hasEnded ->
            hasEnded = false;
#ifdef ENDLESS
            atomic {
                lock();
                transfers[mine].isGroups = true;
                underWay++;
                enqueue(mine);
                mine = 0;
                unlock()
            }
#else
            atomic { lock(); keep(mine); begun--; mine = 0; unlock() }
#endif
        :: else -> skip
        fi
    od;
    /* Transport.giveUp of each transfer that is left. */
    do
    :: mine < TRANSFERS && transfers[mine].isGroups ->
        atomic {
            lock();
            transfers[mine].isGroups = false;
            if
            :: transfers[mine].stage == ended -> groupEnded??eval(mine)
            :: else -> underWay--
            fi;
            withdraw(mine);
            if
            :: isMine -> transfers[mine].stage = idle
            :: else -> skip
            fi
        };
#ifndef NO_GIVE_UP_HAND_OVER
        if
        :: isMine -> hand_over()
        :: else -> skip
        fi;
#endif
        unlock();
        if
        :: isMine -> give_back()
        :: else -> skip
        fi;
        mine++
    :: mine < TRANSFERS && !transfers[mine].isGroups -> mine++
    :: mine == TRANSFERS -> break
    od;
    /* Transport.close */
    atomic { lock(); isGroupOpen = false; isGroupClosed = true; unlock() }
}

/* Another thread with something to do for the group's caller. */
proctype Waker() {
    isGroupOpen || isGroupClosed;
    atomic {
        lock();
        if
        :: isGroupClosed -> skip
        :: !isGroupClosed ->
            isWoken = true;
            wake_group();
            if
#ifndef NO_WAKE_ALARM
            :: areDriven -> alarm = true
#endif
            :: else -> skip
            fi
        fi;
        unlock()
    }
}
#endif

proctype Cancel() {
    byte other;
    atomic {
        lock();
        areCancelled = true;
#ifndef NO_CANCEL_WAKE
        do
        :: other < TRANSFERS ->
            if
            :: transfers[other].stage == queued || transfers[other].stage == running || endedOnes??[eval(other)] -> wake(other)
            :: else -> skip
            fi;
            other++
        :: else -> other = 0; break
        od;
        if
        :: isGroupOpen -> wake_group()
        :: else -> skip
        fi;
#endif
        if
#ifndef NO_CANCEL_ALARM
        :: areDriven -> alarm = true
#endif
        :: else -> skip
        fi;
        unlock()
    }
}

proctype Robber() { isRobbed = true }

proctype Deadline(byte who) { isLate[who] = true }

init {
    byte who;
    atomic {
        do
        :: who < SINGLES -> run Single(who); who++
        :: else -> who = 0; break
        od;
        do
        :: who < IMPATIENT -> run Deadline(who); who++
        :: else -> who = 0; break
        od;
#if MEMBERS > 0
        run Group();
        run Waker();
#endif
#ifdef GROUP_IMPATIENT
        run Deadline(GROUP);
#endif
#ifdef CANCEL
        run Cancel();
#endif
#ifdef ROBBED
        run Robber();
#endif
        skip
    }
}
