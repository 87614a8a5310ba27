/*
 * lists.pml - a part of driver.pml: sleepers, and what moves a transfer from one list of the transport to the next.
 * All of it runs with the lock held, except where sleep and wake_caller let go of it. The steps use variables of the
 * process that they are part of: other, count, excess, next, isMine.
 */

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

/* Transfer.wakeOwner, Sleeper.wake */
inline wake(which) {
    if
    :: transfers[which].isInGroup -> wake_group()
    :: !transfers[which].isInGroup && transfers[which].sleeps ->
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

/* Transport.wakeCaller, which lets go of the lock to wake a caller. */
inline wake_caller(which) {
    if
    :: d_step { transfers[which].isInGroup -> wake_group() }
    :: d_step { !transfers[which].isInGroup && !transfers[which].sleeps -> skip }
    :: d_step { !transfers[which].isInGroup && transfers[which].sleeps ->
           transfers[which].sleeps = false;
           transfers[which].dueWakes++;
           wakesInFlight++;
           unlock()
       };
       d_step { transfers[which].posts++; transfers[which].dueWakes-- };
       atomic { lock(); wakesInFlight-- }
    fi
}

inline enqueue(which) {
    transfers[which].stage = queued;
    queuedOnes!which;
    if
#ifndef NO_WAKE_PIPE
    :: isDriverPolling && hasRoom -> wakePipe = true
#endif
    :: else -> skip
    fi
}

inline destroy(which) {
    require(2, transfers[which].dueWakes == 0);
    transfers[which].stage = absent;
    transfers[which].posts = 0
}

/* Transport.pool, and the end of an excess transfer. */
inline pool(which) {
    if
    :: transfers[which].isUnusable -> skip
    :: else ->
        pooledOnes!which;
        if
#ifdef NO_WAKES_IN_FLIGHT
        :: len(pooledOnes) > MAXIMUM_POOLED ->
#else
        :: len(pooledOnes) > MAXIMUM_POOLED && wakesInFlight == 0 ->
#endif
            pooledOnes?excess;
            destroy(excess);
            excess = 0
        :: else -> skip
        fi
    fi
}

inline reclaim(which) {
    abandonedCount--;
    transfers[which].isAbandoned = false;
    transfers[which].stage = idle;
    pool(which)
}

inline deliver(which) {
    transfers[which].stage = ended;
    if
    :: transfers[which].isInGroup ->
        underWay--;
        groupEnded!which;
#ifndef NO_GROUP_WAKE
        wake_group()
#endif
    :: else -> onesToWake!which
    fi
}

/* Transport.complete, of one that has left the running ones. */
inline complete(which) {
    transfers[which].isReady = false;
    if
    :: transfers[which].isAbandoned -> reclaim(which)
    :: else -> deliver(which)
    fi
}

/* All that are running become unusable. Their callers are woken, since perhaps nobody drives. */
inline rebuild() {
    do
    :: len(runningOnes) > 0 ->
        runningOnes?other;
        transfers[other].isUnusable = true;
        complete(other)
    :: else -> break
    od;
    hostClosedDescriptor = false;
    wakePipe = false;
#ifndef NO_REBUILD_WAKE
    count = len(onesToWake);
    do
    :: count > 0 -> onesToWake?other; onesToWake!other; wake(other); count--
    :: else -> break
    od;
#endif
    other = 0
}

/* Of a caller that leaves. Sets isMine. */
inline cancel_transfer(which) {
    isMine = true;
    if
    :: transfers[which].stage == queued -> queuedOnes??eval(which)
#ifdef NO_ABANDON
    :: transfers[which].stage == running ->
#else
    :: transfers[which].stage == running && hasDriver ->
        transfers[which].isAbandoned = true;
        abandonedCount++;
#ifndef NO_ABANDON_WAKE
        wakePipe = true;
#endif
        isMine = false
    :: transfers[which].stage == running && !hasDriver && hostClosedDescriptor ->
        rebuild();
        if
        :: onesToWake??[eval(which)] -> onesToWake??eval(which)
        :: else -> skip
        fi
    :: transfers[which].stage == running && !hasDriver && !hostClosedDescriptor ->
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
    complete(which)
}

inline reclaim_abandoned() {
    if
    :: abandonedCount == 0 -> skip
    :: abandonedCount > 0 && hostClosedDescriptor -> rebuild()
    :: abandonedCount > 0 && !hostClosedDescriptor ->
        count = len(runningOnes);
        do
        :: count > 0 ->
            runningOnes?other;
            if
            :: transfers[other].isAbandoned -> transfers[other].isReady = false; reclaim(other)
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
    :: !transfers[which].isInGroup || groupSleeps -> next = which
    :: else -> skip
    fi
#endif
}

/* Transport.handOver: the last that can drive of the queued ones, or else of the running ones. */
inline hand_over() {
    atomic {
        next = NONE;
        if
        :: hasDriver -> skip
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
    :: next != NONE -> wake_caller(next)
    :: else -> skip
    fi;
    next = 0
}
