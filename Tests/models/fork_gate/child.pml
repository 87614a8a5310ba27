/*
 * child.pml - a part of fork_gate.pml: two threads of a child, which was forked in any way, find out that it is one.
 */

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
