/* forking.h - the three ways to fork: fork(), _Fork(), which runs no handlers, and the bare system call. */
#ifndef FORKING_H
#define FORKING_H

#include "children.h"

#ifdef __GLIBC__
#if !__GLIBC_PREREQ(2, 34)
#define WITHOUT_BARE_FORK
#endif
#endif

enum forking { BY_FORK, BY_BARE_FORK, BY_CLONE };

static inline enum forking forking_named(const char *name) {
    if (strcmp(name, "fork") == 0) return BY_FORK;
    if (strcmp(name, "_Fork") == 0) return BY_BARE_FORK;
    check_need(strcmp(name, "clone") == 0, "a way to fork: fork, _Fork or clone");
    return BY_CLONE;
}

/* Except with BY_FORK, it may be called in a signal handler. Returns -1 if it fails. */
static inline pid_t forking_fork(enum forking how) {
    switch (how) {
    case BY_FORK: return fork();
#ifndef WITHOUT_BARE_FORK
    case BY_BARE_FORK: return _Fork();
#endif
    default: return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    }
}

#endif
