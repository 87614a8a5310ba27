/*
 * lists.pml - a part of driver.pml: sleepers, and what moves a transfer from one list of the transport to the next.
 * All of it runs with the lock held, except where sleep and call let go of it. The steps use variables of the process
 * that they are part of: other, count, spare, next, isMine.
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

/* Transport.complete, of one that has left the running ones. */
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
    :: len(runningOnes) > 0 ->
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
    atomic {
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
