/*
 * permit.pml - the permission of one guard: who grants it, who ends it, and who looks at it.
 *
 * What it models, step by step:
 *     look                Permit.isValid and ForkGeneration.isCurrent, which take no lock
 *     accept, end_guard   Guard.accept and Guard.end, under the transport's lock
 *     Checks              GuardThread.run: startCheck (GuardCheck.start), finish, timeOut, cancel
 *     Stopper             Guard.stop and Transport.cancel, which end a guard on another thread
 *     Fork                PerProcessPage.beginChild and ForkGeneration.current, in a child of fork() or clone()
 *     Clock, Authority, Operator    the world: time, the service, and the person who revokes the device
 *
 * Properties:
 *     1  no look is allowed after the permission was ended, by a denial, a stop or a cancel
 *     2  no look is allowed when the last allow is max_age_ms old, nor max_age_ms after the revocation
 *     3  no look in a forked child is allowed (with FORK)
 *
 * Each switch removes one protecting step, and spin must then find a fault of the property beside it:
 *     END_FIRST      1  the end is loaded before the clock is read
 *     NOT_LIVE       1  accept does not ask whether the guard is live
 *     NO_LOCK        1  accept and end_guard run without the lock
 *     FROM_ANSWER    2  the age of an allow counts from its answer, not from its request
 *     LOW_CLOCK      2  a clock that cannot be read returns 0, not the latest moment there is
 *     NO_GENERATION  3  a look does not ask for the number of the process
 *     NO_PROCESS     3  a look does not ask for the process id where the page says whose it is
 *     SAME_NUMBERS   3  a child begins to number processes anew
 * ALLOWED removes nothing. It finds a look that is allowed, which shows that the model can allow at all.
 */

#ifndef ONLY
#define ONLY 0 /* the number of the one property to check; 0 checks all */
#endif
#define require(property, condition) assert((ONLY != 0 && ONLY != property) || (condition))

#define MAXIMUM_AGE 2 /* max_age_ms, in ticks */
#define LAST_TICK 4
#define NEVER 255
#define UNREADABLE 255 /* Clock.unreadable: later than any end */
#define CHECKS 2
#define PARENT 0
#define CHILD 1

mtype = { none, waiting, lost, allow, deny };

/* The world. */
byte now = 1;
byte revokedAt = NEVER;

/* Permit, Guard.Locked, and PerProcessPage: the number of the process, and the process that the page is for, which is
 * 0 where the kernel wipes the page. The second place of an array is the child's copy. */
byte permitEnd[2];
bool isLive = true;
byte generation[2] = 1;
byte pageProcess[2];
bool wipes;

/* The checks of the guards' thread. */
mtype reply[CHECKS] = none;
byte sentAt[CHECKS];

/* For the properties alone: whether the permission was ended, and when the request of the last allow was sent. */
bool hasEnded;
byte allowSentAt;

/* What the transport's lock guards is one step to all but a look, and a look sees only the one store in it. */
#ifdef NO_LOCK
#define locked
#else
#define locked atomic
#endif

proctype Clock() {
    do
    :: now < LAST_TICK -> now++
    :: else -> break
    od
}

proctype Operator() { revokedAt = now }

/* Decides when a request arrives. The reply may then be under way for any time. */
proctype Authority() {
    byte check;
end_idle:
    do
    :: atomic {
           reply[0] == waiting || reply[1] == waiting;
           if
           :: reply[0] == waiting -> check = 0
           :: reply[1] == waiting -> check = 1
           fi;
           reply[check] = (revokedAt == NEVER -> allow : deny);
           check = 0
       }
    od
}

/* ---- The code ---------------------------------------------------------------------------------------------------- */

/* Guard.end of a live guard, which ends the permission for good. */
inline end_guard() {
    d_step {
        permitEnd[PARENT] = 0;
        hasEnded = true
    };
    isLive = false
}

/* Guard.accept */
inline accept(check) {
    locked {
        if
#ifdef NOT_LIVE
        :: true ->
#else
        :: !isLive -> skip
        :: isLive ->
#endif
            if
            :: reply[check] == allow ->
                d_step {
#ifdef FROM_ANSWER
                    permitEnd[PARENT] = now + MAXIMUM_AGE;
#else
                    permitEnd[PARENT] = sentAt[check] + MAXIMUM_AGE;
#endif
                    allowSentAt = sentAt[check]
                }
            :: else -> end_guard()
            fi
        fi
    }
}

/* GuardCheck.start: the age counts from a moment before the request is sent. */
inline start_check(check) {
    atomic {
        sentAt[check] = now;
        reply[check] = waiting
    }
}

/* GuardThread.run: a first check, and one beside it or after it. */
proctype Checks() {
    byte next, check;
    do
    :: next < CHECKS && isLive -> start_check(next); next++
    :: reply[0] != none || reply[1] != none ->
        if
        :: reply[0] != none -> check = 0
        :: reply[1] != none -> check = 1
        fi;
        if
        :: d_step { reply[check] == waiting -> reply[check] = lost }; /* its connection broke */
            start_check(check)
        :: d_step { reply[check] == waiting -> reply[check] = none; sentAt[check] = 0 } /* timed out */
        :: reply[check] == allow || reply[check] == deny ->
            accept(check);
            atomic { /* GuardThread.finish: cancels this check and an older one */
                reply[0] = none;
                sentAt[0] = 0;
                if
                :: check == 1 -> reply[1] = none; sentAt[1] = 0
                :: else -> skip
                fi
            }
        fi;
        check = 0
    :: !isLive || next == CHECKS -> break
    od;
    /* GuardThread.cancelAll */
    atomic { reply[0] = none; reply[1] = none }
}

/* Guard.stop, Transport.cancel */
proctype Stopper() {
    locked {
        if
        :: isLive -> end_guard()
        :: else -> skip
        fi
    }
}

/* BootTime.now. seenAt is the true time, for the properties alone. */
inline read_clock() {
    seenAt = now;
    if
    :: seen = seenAt
#ifdef LOW_CLOCK
    :: seen = 0 /* clock_gettime() fails */
#else
    :: seen = UNREADABLE /* clock_gettime() fails */
#endif
    fi
}

inline judge(process) {
    require(1, !(isAllowed && process == PARENT && hasEnded));
    require(2, !(isAllowed && process == PARENT && seenAt >= allowSentAt + MAXIMUM_AGE));
    require(2, !(isAllowed && process == PARENT && revokedAt != NEVER && seenAt >= revokedAt + MAXIMUM_AGE));
    require(3, !(isAllowed && process == CHILD));
#ifdef ALLOWED
    assert(!isAllowed);
#endif
    isAllowed = false;
    seen = 0;
    seenAt = 0
}

/* Permit.isValid, with ForkGeneration.isCurrent before it. */
inline look(process) {
    if
#ifdef NO_GENERATION
    :: true ->
#elif defined(NO_PROCESS)
    :: generation[process] != 1 -> skip
    :: generation[process] == 1 ->
#else
    :: generation[process] != 1 || (pageProcess[process] != 0 && pageProcess[process] != process + 1) -> skip
    :: generation[process] == 1 && (pageProcess[process] == 0 || pageProcess[process] == process + 1) ->
#endif
#ifdef END_FIRST
        seen = permitEnd[process];
        atomic {
            seenAt = now;
            isAllowed = now < seen;
            judge(process)
        }
#else
        atomic { read_clock() };
        atomic {
            isAllowed = seen < permitEnd[process];
            judge(process)
        }
#endif
    fi
}

/* One look, at any moment. */
proctype Looker() {
    byte seen, seenAt;
    bool isAllowed;
    look(PARENT)
}

/* A fork at any moment. The child looks before and after it has made a call of its own. */
proctype Fork() {
    byte seen, seenAt;
    bool isAllowed;
    atomic {
        permitEnd[CHILD] = permitEnd[PARENT];
        generation[CHILD] = (wipes -> 0 : generation[PARENT]);
        pageProcess[CHILD] = pageProcess[PARENT]
    };
    if
    :: d_step { !wipes -> generation[CHILD] = 0; pageProcess[CHILD] = CHILD + 1 } /* fork(): PerProcessPage.beginChild */
    :: true /* a bare clone(), or a handler of the host that runs earlier */
    fi;
    look(CHILD);
    /* PerProcessPage.current makes a page where this one is the parent's; ForkGeneration.begin takes the next number. */
    d_step {
        if
        :: pageProcess[CHILD] == PARENT + 1 -> pageProcess[CHILD] = CHILD + 1; generation[CHILD] = 0
        :: else -> skip
        fi;
        if
#ifdef SAME_NUMBERS
        :: generation[CHILD] == 0 -> generation[CHILD] = 1
#else
        :: generation[CHILD] == 0 -> generation[CHILD] = 2
#endif
        :: else -> skip
        fi
    };
    look(CHILD)
}

init {
    atomic {
        run Clock();
        run Authority();
        run Checks();
#ifdef FORK
        if
        :: wipes = true
        :: pageProcess[PARENT] = PARENT + 1 /* the kernel refuses: the page says whose it is */
        fi;
        run Fork()
#else
        run Operator();
        run Stopper();
        run Looker()
#endif
    }
}
