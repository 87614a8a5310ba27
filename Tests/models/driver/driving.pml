/*
 * driving.pml - a part of driver.pml: Transport.drive and its steps. They use variables of the process that they are
 * part of: other, count, excess, woken, hasFailed, isSecondRound, mustLeave, isLeaving, isHeard, isNoticed.
 */

/* Lets go of the lock for each caller that it wakes. */
inline wake_ended_callers() {
#ifdef NO_WAKE_ENDED
    skip
#else
    do
    :: d_step { len(onesToWake) > 0 -> onesToWake?woken }; wake_caller(woken); woken = 0
    :: len(onesToWake) == 0 -> break
    od
#endif
}

inline start_queued() {
    do
    :: canStartQueued ->
        queuedOnes?other;
        runningOnes!other;
        transfers[other].stage = running
    :: else -> other = 0; break
    od
}

/* Transport.collectEnded, and rebuild where it was noticed that descriptors are closed: by a callback of libcurl's, or
 * by the look at the wake pipe before an ended transfer is believed. */
inline collect_ended() {
    count = len(runningOnes);
    isNoticed = false;
    do
    :: count > 0 && !isNoticed ->
        runningOnes?other;
        if
        :: transfers[other].isReady && hostClosedDescriptor -> isNoticed = true; runningOnes!other
        :: transfers[other].isReady && !hostClosedDescriptor -> complete(other)
        :: !transfers[other].isReady -> runningOnes!other
        fi;
        count--
    :: else -> count = 0; other = 0; break
    od;
    if
    :: hostClosedDescriptor -> isNoticed = true
    :: true -> skip
    fi;
    if
    :: isNoticed -> rebuild()
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

/* Multi.poll: until the network has something for a transfer, for the wake pipe, or for the driver's deadline. */
inline poll(me) {
    atomic { require(1, usersOfLibcurl == 0); usersOfLibcurl++ };
    atomic {
        if
        :: wakePipe -> skip
        :: isLate[me] -> skip
        /* The pipe is closed; in the code the driver goes on after 100 ms at the latest. */
        :: hostClosedDescriptor -> skip
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
        isHeard = wakePipe;
        if
        :: failuresLeft > 0 -> failuresLeft--; hasFailed = true
        :: true -> skip
        fi
    };
    /* SocketTable.drainWakePipe */
    d_step {
        if
        :: isHeard -> wakePipe = false
        :: else -> skip
        fi;
        isHeard = false;
        usersOfLibcurl--
    }
}

/* Transport.drive. Returns with the lock held, as it was called; hasFailed says that libcurl itself cannot go on. */
inline drive(me, isDone) {
    hasDriver = true;
    isLeaving = false;
    if
    :: hostClosedDescriptor ->
        d_step { rebuild() };
        wake_ended_callers();
        isLeaving = isDone
    :: else -> skip
    fi;
    do
    :: isLeaving -> break
    :: !isLeaving ->
        d_step { start_queued(); unlock() };
        perform();
        atomic { lock(); collect_ended(); mustLeave = (isCancelled || isLate[me]) };
        if
#ifdef ALWAYS_LATE
        :: canStartQueued && !mustLeave && !hasFailed -> skip
#else
        :: canStartQueued && !isSecondRound && !mustLeave && !hasFailed -> isSecondRound = true
#endif
        :: else ->
            isSecondRound = false;
#ifdef ENDLESS
progress_woken:
#endif
            wake_ended_callers();
            atomic { reclaim_abandoned() };
            if
            :: isDone || mustLeave -> d_step { hasFailed = false; mustLeave = false; isLeaving = true }
            :: else ->
                if
                :: hasFailed -> isLeaving = true
#ifndef NO_SECOND_LOOK
                :: !hasFailed && canStartQueued -> skip
#endif
                :: else ->
                    d_step { isDriverPolling = true; unlock() };
                    poll(me);
                    atomic {
                        lock();
                        isDriverPolling = false;
                        if
                        :: hostClosedDescriptor -> rebuild(); hasFailed = false
                        :: !hostClosedDescriptor && hasFailed -> reclaim_abandoned(); isLeaving = true
                        :: else -> skip
                        fi
                    }
                fi
            fi
        fi
    od;
    atomic { hasDriver = false; isLeaving = false }
}
