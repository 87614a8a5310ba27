/* callers.pml - a part of driver.pml: callers with one transfer, the caller with a group, and who else wakes them. */

/* Transport.takeTransfer: an idle transfer or a new one. The code takes the last idle one; which one does not matter here. */
inline begin(group) {
    if
    :: len(idleOnes) > 0 -> idleOnes?mine
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
    transfers[mine].isLast = false;
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

/* Transport.returnTransfer */
inline give_back() {
    atomic { lock(); keep(mine); unlock() }
}

proctype Single(byte me) {
    byte mine, other, count, spare, next, called;
    bool isMine = true;
    bool hasFailed, areCallersLate, mustLeave, isLeaving, isHeard, isNoticed;

    atomic {
        lock();
        begin(false);
        choose_silence(me < IMPATIENT || mayBeCancelled);
#ifdef IN_ORDER
        transfers[mine].isLast = (me == SINGLES - 1);
#endif
        enqueue(mine)
    };
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
    atomic {
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
    fi;
    note_return
}

#if MEMBERS > 0
proctype Group() {
    byte mine, other, count, spare, next, called, begun;
    bool isMine = true;
    bool hasFailed, areCallersLate, mustLeave, isLeaving, isHeard, isNoticed, hasEnded, isOver;

    /* Transport.open, start */
    isGroupOpen = true;
    do
    :: begun < MEMBERS ->
        atomic {
            lock();
            begin(true);
            choose_silence(mayBeCancelled);
#ifdef IN_ORDER
            transfers[mine].isLast = true;
#endif
            underWay++;
            enqueue(mine);
            begun++;
            mine = 0;
            unlock()
        }
    :: else -> break
    od;
    do
    :: isOver || (begun == 0 && hasBeenWoken) -> break
    :: else ->
        /* Transport.next and turn */
        lock();
        do
        :: areCancelled -> isOver = true; break
        :: !areCancelled && len(groupEnded) > 0 ->
            d_step { groupEnded?mine; transfers[mine].stage = idle; transfers[mine].isGroups = false; hasEnded = true };
            break
        :: !areCancelled && len(groupEnded) == 0 && isWoken -> d_step { isWoken = false; hasBeenWoken = true }; break
        :: !areCancelled && len(groupEnded) == 0 && !isWoken && isLate[GROUP] -> isOver = true; break
        :: else ->
            if
            :: areDriven || underWay == 0 -> sleep(groupSleeps, groupPosts, GROUP)
            :: else ->
                drive(GROUP, (len(groupEnded) > 0 || isWoken));
                atomic {
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
#ifdef BUSY
            returned == SINGLES;
#endif
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
            :: transfers[other].stage == queued || transfers[other].stage == running -> wake(other)
            :: endedOnes??[eval(other)] -> wake(other)
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
