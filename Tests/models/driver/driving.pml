/*
 * driving.pml - a part of driver.pml: Transport.drive and its steps. They use variables of the process that they are
 * part of: other, count, spare, called, hasFailed, areCallersLate, mustLeave, isLeaving, isHeard, isNoticed.
 */

/* Lets go of the lock for each caller that it wakes. */
inline call_ended() {
#ifdef NO_CALL
    skip
#else
    do
    :: d_step { len(endedOnes) > 0 -> endedOnes?called }; call(called); called = 0
    :: len(endedOnes) == 0 -> break
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

/* Transport.reap, and renew where it was noticed that descriptors are closed: by a callback of libcurl's, or by the
 * look at the alarm before an ended transfer is believed. */
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

#define answers(which) \
    (transfers[which].stage == running && !transfers[which].isSilent && (!transfers[which].isLast || lastIsDue))

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
        :: isRobbed -> skip /* the alarm is closed; in the code the driver looks around after 100 ms at the latest */
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
            atomic { clear_abandoned() };
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
    atomic { areDriven = false; isLeaving = false }
}
