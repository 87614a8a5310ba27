/*
 * gate.pml - a part of fork_gate.pml: threads that enter and leave steps of libcurl, and threads that fork. A process
 * that calls enter has the variable forks; one that calls begin_child has childWorking and childForking.
 */

/* ForkGate.enter, waitForFork. Each condition is one load. */
inline enter(me) {
#ifdef LOOK_FIRST
    if
    :: atomic { forking == 0 -> isInStep[me] = true }
    :: forking > 0 -> skip
    fi;
#endif
    working++;
#ifdef STORM
    isPatienceOver[me] = false;
#endif
    do
#ifdef LOOK_FIRST
    :: isInStep[me] -> break
    :: atomic { !isInStep[me] && forking == 0 -> isInStep[me] = true; break }
    :: atomic { !isInStep[me] && forking > 0 -> forks = forking } ->
#else
    :: atomic { forking == 0 -> isInStep[me] = true; break }
    :: atomic { forking > 0 -> forks = forking } ->
#endif
        if
#ifdef NO_SELF
        :: true ->
#else
#ifdef SELF_ALONE
        :: atomic { forker == me -> isInStep[me] = true; break }
        :: forker != me ->
#else
        :: atomic { forks == 1 && forker == me -> isInStep[me] = true; break }
        :: !(forks == 1 && forker == me) ->
#endif
#endif
            if
#ifdef THREADS_WAIT
            :: true ->
#else
#if defined(FORKS_PATIENCE) || !defined(STORM) /* hasWaitedOut exempts both ends alike */
            :: atomic { isOver[patienceOf] -> isInStep[me] = true; hasWaitedOut[me] = true; break }
            :: !isOver[patienceOf] ->
#else
            :: atomic {
                isOver[patienceOf] || isPatienceOver[me] ->
                isInStep[me] = true; hasWaitedOut[me] = true; break
            }
            :: !isOver[patienceOf] && !isPatienceOver[me] ->
#endif
#endif
                require(3, FORKERS > 1 || !isForking[me]);
                working--;
                sleep_briefly;
                working++
            fi
        fi
    od
}

/* ForkGate.leave */
inline leave(me) {
    atomic { isInStep[me] = false; hasWaitedOut[me] = false };
    if
    :: working > 0 -> working--
    :: else -> skip
    fi
}

proctype Worker(byte me) {
    bool holds;
    byte forks;
    if
    :: true -> skip
#ifndef CALM_HOST
    :: true -> atomic { !hostIsLocked -> hostIsLocked = true }; holds = true
#endif
    fi;
    enter(me);
    leave(me);
    if
    :: holds -> hostIsLocked = false
    :: else -> skip
    fi;
    ended++
}

/* PerProcessPage.beginChild, on the child's copies of working and forking. */
inline begin_child() {
    if
    :: kernel == wiped -> childWorking = 0; childForking = 0
#ifdef NO_RESTART
    :: kernel != wiped -> skip
#else
    :: kernel != wiped -> childWorking = 0; childForking = 0 /* the page has the number of the process that forked */
#endif
    fi
}

proctype Forker(byte me) {
    bool isHandler, foundNobody;
    short childWorking;
    byte childForking, other, forks;

    if
    :: true -> skip
    :: true -> isHandler = true; enter(me)
    fi;
#ifdef STORM
again:
#endif
    /* ForkGate.close, which computes the end of its patience first. */
    atomic { isOver[me] = false; isForking[me] = true };
    forker = me;
    patienceOf = me;
    forking++;
    do
#ifdef NO_WAIT
    :: foundNobody = true; break
#elif defined(FORKS_WAIT)
    :: atomic { working == 0 -> foundNobody = true; break }
    :: working > 0 -> sleep_briefly
#else
    :: atomic { working == 0 -> foundNobody = true; break }
    :: working > 0 ->
        if
        :: isOver[me] -> break
        :: !isOver[me] -> sleep_briefly
        fi
#endif
    od;

    /* Handlers of the host that run between ours and the fork. */
    if
    :: true -> skip
#ifndef CALM_HOST
    :: !isHandler -> enter(me); leave(me)
    :: true -> atomic { !hostIsLocked -> hostIsLocked = true }; hostIsLocked = false
#endif
    fi;

    /* The fork itself, and what the child finds. */
    atomic {
        do
        :: other < THREADS ->
            require(1, !foundNobody || other == me || !isInStep[other] || hasWaitedOut[other]);
            other++
        :: else -> other = 0; break
        od;
        childWorking = working;
        childForking = forking;
        begin_child();
        require(2, childForking == 0 && childWorking == 0);
        if
        :: isHandler -> /* The child returns into the step, and leaves it. */
            if
#ifdef NO_COUNT
            :: true -> childWorking--
#else
            :: childWorking > 0 -> childWorking--
            :: else -> skip
#endif
            fi
        :: else -> skip
        fi;
        require(2, childWorking >= 0);
        childWorking = 0;
        childForking = 0;
        foundNobody = false
    };

    /* Handlers of the host that run in the parent before ours, which is ForkGate.open. */
    if
    :: true -> skip
#ifndef CALM_HOST
    :: !isHandler -> enter(me); leave(me)
#endif
    fi;
#ifndef NO_TAKE_BACK
    atomic { if :: forker == me -> forker = NOBODY :: else -> skip fi };
#endif
    forking--;
    isForking[me] = false;
#ifdef STORM
    goto again
#else
    /* A step of the thread after its fork. */
    if
    :: true -> skip
    :: !isHandler -> enter(me); leave(me)
    fi;
    if
    :: isHandler -> leave(me)
    :: else -> skip
    fi;
    ended++
#endif
}
