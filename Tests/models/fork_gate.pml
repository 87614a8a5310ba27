/*
 * fork_gate.pml - the gate that keeps a fork out of a step of libcurl, and how a child finds out that it is one.
 *
 * What it models, step by step:
 *     enter, leave    ForkGate.enter with waitForFork, and ForkGate.leave, around a step: ForkGate.holdingOffFork
 *     Forker          PerProcessPage.beginFork with ForkGate.close; the fork; ForkGate.open in the parent. The thread
 *                     that forks may be in a step itself, as in a handler of a signal. The host's own fork handlers
 *                     may make calls, or wait for a lock of the host that is held by a thread which is about to begin
 *                     a step; with CALM_HOST they do neither
 *     begin_child     PerProcessPage.beginChild
 *     ChildThread     PerProcessPage.current and makePage, ForkGeneration.current and begin, in two threads of a child,
 *                     which was forked in any way (with CHILD)
 *     Time            the 250 ms of ForkGate.patience: isOver[f] is "now >= the end that fork f computed", and
 *                     isPatienceOver[t] the same of the end that the waiting thread t computed
 *
 * A thread that rests for 50 microseconds loops here, as in the code. Which thread runs next is open, but each of
 * them runs in the end (weak fairness).
 *
 * Properties:
 *     1     a fork that found nobody at work meets no thread in a step, but for one whose patience was over
 *     2     the child finds nobody at work and no fork under way, and its count never falls below 0
 *     3     a thread does not wait for its own fork (with one thread that forks)
 *     4     a child does not have its parent's number, and all threads of a child have the same number (with CHILD)
 *     ends  every step and every fork ends, whatever the host's handlers do (with ENDS)
 *
 * Each switch removes one protecting step, and spin must then find a fault of the property beside it:
 *     LOOK_FIRST     1     a thread looks for a fork before it says that it works, as with a weaker memory ordering
 *     NO_WAIT        1     a fork does not wait for those at work
 *     NO_COUNT       2     leave does not ask whether anybody is at work
 *     NO_RESTART     2, 4  a child of fork() does not start its page anew where the kernel left it as it was
 *     NO_SELF        3     a thread does not ask whether it is the one that forks
 *     NO_PROCESS     4     the page's process id is not compared
 *     NO_EXCHANGE    4     a number is stored without a comparison
 *     NO_PUBLISH     4     a page is published without a comparison
 *     NO_TAKE_BACK   1     a thread that has forked still counts as the one that forks (FORKERS=2)
 *     SELF_ALONE     1     a thread does not wait for its own fork, even where another thread forks (FORKERS=2)
 *     FORKS_PATIENCE ends  a waiting thread goes by the latest fork's patience alone, and forks follow each other without
 *                          end (STORM)
 *     THREADS_WAIT   ends  a thread waits for a fork without limit
 *     FORKS_WAIT     ends  a fork waits for a thread without limit
 * With STORM a thread forks again and again, without end.
 */

#ifndef ONLY
#define ONLY 0 /* the number of the one property to check; 0 checks all */
#endif
#define require(property, condition) assert((ONLY != 0 && ONLY != property) || (condition))

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef FORKERS
#define FORKERS 1
#endif
#define THREADS (FORKERS + WORKERS) /* the forking threads are numbered first */
#define NOBODY 255
#define PARENT_NUMBER 1

mtype = { wiped, refused, forgotten }; /* what the kernel does with the page: see PerProcessPage */
mtype kernel;

/* PerProcessPage of the parent. */
byte working;
byte forking;
byte forker = NOBODY;
byte patienceOf; /* the fork whose end is in patienceEnd */
bool isOver[FORKERS] = true;
#ifdef STORM
bool isPatienceOver[THREADS] = true; /* "now >= the end that this waiting thread computed" */
#endif

/* A lock of the host's. */
bool hostIsLocked;

/* For the properties alone. */
bool isInStep[THREADS];
bool hasWaitedOut[THREADS];
bool isForking[THREADS];
byte ended;

#define sleep_briefly skip

proctype Time() {
end_idle:
    do
    :: !isOver[0] -> isOver[0] = true
#if FORKERS > 1
    :: !isOver[1] -> isOver[1] = true
#endif
    od
}

#ifdef STORM
/* A process of its own for each thread, or time might pass for forks alone. */
proctype Patience(byte thread) {
end_idle:
    do
    :: !isPatienceOver[thread] -> isPatienceOver[thread] = true
    od
}
#endif

/* ---- The code ---------------------------------------------------------------------------------------------------- */

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
            :: atomic { isOver[patienceOf] || isPatienceOver[me] -> isInStep[me] = true; hasWaitedOut[me] = true; break }
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

/* Of the child's copies, in a child of fork(). */
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

/* ---- A child that was forked in any way -------------------------------------------------------------------------- */

typedef Page {
    byte number; /* PerProcessPage.generation */
    byte process /* whose it is; 0 where the kernel is to wipe it */
};
#define PARENT 1
#define CHILD_PROCESS 2
Page page[3]; /* the parent's, and one that each thread may make */
byte address; /* PerProcessPage.address: which page it is */
byte last = PARENT_NUMBER; /* ForkGeneration.last */
byte numberOf[2];

/* ForkGeneration.current */
proctype ChildThread(byte me) {
    byte found, mine, next, number;
    /* PerProcessPage.current */
    found = address;
    if
#ifdef NO_PROCESS
    :: true -> mine = found
#else
    :: page[found].process == 0 || page[found].process == CHILD_PROCESS -> mine = found
    :: page[found].process == PARENT ->
        /* PerProcessPage.makePage, publish */
        page[me + 1].process = CHILD_PROCESS;
        atomic {
            if
#ifdef NO_PUBLISH
            :: true -> address = me + 1; mine = me + 1
#else
            :: address == found -> address = me + 1; mine = me + 1
            :: else -> mine = address /* another thread was first, and this one's page is freed */
#endif
            fi
        }
#endif
    fi;
    number = page[mine].number;
    if
    :: number != 0 -> skip
    :: number == 0 ->
        /* ForkGeneration.begin */
        d_step { last++; next = last };
        atomic {
            if
#ifdef NO_EXCHANGE
            :: true -> page[mine].number = next; number = next
#else
            :: page[mine].number == 0 -> page[mine].number = next; number = next
            :: else -> number = page[mine].number
#endif
            fi
        }
    fi;
    atomic {
        numberOf[me] = number;
        require(4, number != PARENT_NUMBER);
        require(4, numberOf[1 - me] == 0 || numberOf[1 - me] == number)
    }
}

inline fork_a_child() {
    page[0].number = (kernel == wiped -> 0 : PARENT_NUMBER);
    page[0].process = (kernel == refused -> PARENT : 0);
    if
    :: kernel != forgotten -> skip /* a bare clone() runs no handlers */
    :: true ->
        /* fork(): PerProcessPage.beginChild. A page that is as it was before the fork starts anew. */
        if
#ifndef NO_RESTART
        :: page[0].number == PARENT_NUMBER -> page[0].number = 0; page[0].process = CHILD_PROCESS
#endif
        :: else -> skip
        fi
    fi
}

init {
    byte thread;
    atomic {
        if
        :: kernel = wiped
        :: kernel = refused
        :: kernel = forgotten
        fi;
#ifdef CHILD
        fork_a_child();
        run ChildThread(0);
        run ChildThread(1)
#else
        run Time();
#ifdef STORM
        run Patience(0);
        run Patience(1);
#endif
        do
        :: thread < FORKERS -> run Forker(thread); thread++
        :: thread >= FORKERS && thread < THREADS -> run Worker(thread); thread++
        :: else -> thread = 0; break
        od
#endif
    }
}

#ifdef ENDS
#ifdef STORM
ltl ends { <> (ended == WORKERS) }
#else
ltl ends { <> (ended == THREADS) }
#endif
#endif
