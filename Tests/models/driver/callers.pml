/* callers.pml - a part of driver.pml: callers with one transfer, the caller with a group, and who else wakes them. */

/* Transport.takeTransfer: one of the pool or a new one. The code takes the last one; which one does not matter. */
inline take_transfer(group) {
    if
    :: len(pooledOnes) > 0 -> pooledOnes?mine
    :: else ->
        mine = 0;
        do
        :: transfers[mine].stage == absent -> break
        :: else -> mine++
        od
    fi;
    transfers[mine].isInGroup = group
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
inline return_transfer() {
    atomic { lock(); pool(mine); unlock() }
}

proctype Single(byte me) {
    byte mine, other, count, excess, next, woken;
    bool isMine = true;
    bool hasFailed, isSecondRound, mustLeave, isLeaving, isHeard, isNoticed;

    atomic {
        lock();
        take_transfer(false);
        choose_silence(me < IMPATIENT || mayBeCancelled);
#ifdef IN_ORDER
        transfers[mine].isLast = (me == SINGLES - 1);
#endif
        enqueue(mine)
    };
    /* Transport.runTransfer */
    do
    :: transfers[mine].stage == ended -> break
    :: transfers[mine].stage != ended && (isCancelled || isLate[me]) -> d_step { cancel_transfer(mine) }; break
    :: else ->
        if
        :: hasDriver -> sleep(transfers[mine].sleeps, transfers[mine].posts, me)
        :: !hasDriver ->
            drive(me, (transfers[mine].stage == ended));
            if
            :: hasFailed -> d_step { fail(mine); hasFailed = false }
            :: else -> skip
            fi
        fi
    od;
    atomic {
        if
        :: isMine && onesToWake??[eval(mine)] -> onesToWake??eval(mine)
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
    :: isMine -> return_transfer()
    :: else -> skip
    fi;
    note_return
}

#if MEMBERS > 0
proctype Group() {
    byte mine, other, count, excess, next, woken, begun;
    bool isMine = true;
    bool hasFailed, isSecondRound, mustLeave, isLeaving, isHeard, isNoticed, hasEnded, isOver;

    /* Transport.open, start */
    isGroupOpen = true;
    do
    :: begun < MEMBERS ->
        atomic {
            lock();
            take_transfer(true);
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
        /* Transport.next and waitResult */
        lock();
        do
        :: isCancelled -> isOver = true; break
        :: !isCancelled && len(groupEnded) > 0 ->
            d_step {
                groupEnded?mine;
                transfers[mine].stage = idle;
                transfers[mine].isInGroup = false;
                hasEnded = true
            };
            break
        :: !isCancelled && len(groupEnded) == 0 && isWoken -> d_step { isWoken = false; hasBeenWoken = true }; break
        :: !isCancelled && len(groupEnded) == 0 && !isWoken && isLate[GROUP] -> isOver = true; break
        :: else ->
            if
            :: hasDriver || underWay == 0 -> sleep(groupSleeps, groupPosts, GROUP)
            :: else ->
                drive(GROUP, (len(groupEnded) > 0 || isWoken));
                atomic {
                    do
                    :: hasFailed && count < TRANSFERS ->
                        if
                        :: transfers[count].isInGroup && transfers[count].stage != ended -> fail(count)
                        :: else -> skip
                        fi;
                        count++
                    :: else -> count = 0; hasFailed = false; break
                    od
                }
            fi
        od;
#ifndef NO_NEXT_HAND_OVER
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
                transfers[mine].isInGroup = true;
                underWay++;
                enqueue(mine);
                mine = 0;
                unlock()
            }
#else
            atomic { lock(); pool(mine); begun--; mine = 0; unlock() }
#endif
        :: else -> skip
        fi
    od;
    /* Transport.cancelInGroup of each transfer that is left. */
    do
    :: mine < TRANSFERS && transfers[mine].isInGroup ->
        atomic {
            lock();
            transfers[mine].isInGroup = false;
            if
            :: transfers[mine].stage == ended -> groupEnded??eval(mine)
            :: else -> underWay--
            fi;
            cancel_transfer(mine);
            if
            :: isMine -> transfers[mine].stage = idle
            :: else -> skip
            fi
        };
#ifndef NO_CANCEL_HAND_OVER
        if
        :: isMine -> hand_over()
        :: else -> skip
        fi;
#endif
        unlock();
        if
        :: isMine -> return_transfer()
        :: else -> skip
        fi;
        mine++
    :: mine < TRANSFERS && !transfers[mine].isInGroup -> mine++
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
#ifndef NO_DRIVER_WAKE
            :: hasDriver -> wakePipe = true
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
        isCancelled = true;
#ifndef NO_CANCEL_WAKE
        do
        :: other < TRANSFERS ->
            if
            :: transfers[other].stage == queued || transfers[other].stage == running -> wake(other)
            :: onesToWake??[eval(other)] -> wake(other)
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
#ifndef NO_CANCEL_PIPE
        :: hasDriver -> wakePipe = true
#endif
        :: else -> skip
        fi;
        unlock()
    }
}

proctype Robber() { hostClosedDescriptor = true }

proctype Deadline(byte who) { isLate[who] = true }
