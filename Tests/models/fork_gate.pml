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
 *     FORKS_PATIENCE ends  a waiting thread goes by the latest fork's patience alone, while forks follow each other
 *                          without end (STORM)
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

#include "fork_gate/gate.pml"
#include "fork_gate/child.pml"

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
