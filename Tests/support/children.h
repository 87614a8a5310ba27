/* children.h - waits for forked children with a time limit, and shows where one hangs. */
#ifndef CHILDREN_H
#define CHILDREN_H

#include "check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The runner sets a longer time for valgrind and the sanitizers, which make everything slower. */
static inline int children_patience_ms(void) {
    const char *given = getenv("CHILD_PATIENCE_MS");
    return given != NULL ? atoi(given) : 15000;
}

static int children_hung;

static inline void child_show_stacks(pid_t child) {
    char command[256];
    (void)snprintf(command, sizeof command,
                   "gdb -batch -p %d -ex 'set print frame-arguments none' -ex 'thread apply all bt 40' 2>/dev/null |"
                   " grep -E '^(Thread|#)' >&2",
                   (int)child);
    fprintf(stderr, "child %d hangs:\n", (int)child);
    check_need(system(command) >= 0, "system");
}

/* Waits for the child to end. Returns 0 if it hangs; its stacks are then shown and it is killed. */
static inline int child_wait(pid_t child, int *status) {
    int process = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd polled = {process, POLLIN, 0};
    /* Only the first child that hangs gets the full time: the others would show the same. */
    double deadline = check_now_ms() + (children_hung > 0 ? 100 : children_patience_ms());
    int ready;
    check_need(process >= 0, "pidfd_open");
    do {
        ready = poll(&polled, 1, deadline > check_now_ms() ? (int)(deadline - check_now_ms()) : 0);
    } while (ready < 0 && errno == EINTR);
    check_need(ready >= 0 && close(process) == 0, "poll");
    if (ready == 0) {
        if (children_hung++ == 0) child_show_stacks(child);
        check_need(kill(child, SIGKILL) == 0, "kill");
    }
    check_need(waitpid(child, status, 0) == child, "waitpid");
    return ready != 0;
}

/* Returns 1 if the child ended with status 0. Otherwise it counts a failure and prints the reason. */
static inline int child_await(pid_t child, const char *what) {
    int status = 0;
    int in_time = child_wait(child, &status);
    if (CHECK(in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0)) return 1;
    if (WIFEXITED(status)) fprintf(stderr, "    %s ended with status %d\n", what, WEXITSTATUS(status));
    if (WIFSIGNALED(status)) fprintf(stderr, "    %s was ended by signal %d\n", what, WTERMSIG(status));
    return 0;
}

/* Ends a child with the result of its checks as exit status. */
static inline _Noreturn void child_done(void) {
    (void)fflush(stderr);
    _exit(atomic_load(&check_failed) == 0 ? 0 : 1);
}

#endif
