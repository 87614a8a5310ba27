/*
 * watcher.h - a second process, which kills the program when machineid-exec has been killed or stands still.
 *
 * The kernel's own means, PR_SET_PDEATHSIG, has no effect once the program has changed its user or one of its threads
 * has called exec.
 */
#ifndef WATCHER_H
#define WATCHER_H

#include "program.h"

struct watcher {
    pid_t pid;
    int pipe;
    volatile int *has_killed; /* in memory that both share */
};

/* Forks the watcher. It does not count the time until it is told that machineid-exec is alive. */
struct watcher start_watcher(const struct settings *settings, const struct program *program);

/* Tells the watcher that machineid-exec is alive. It then waits for the next word as long as the greatest age of an
 * allow and the grace. */
void tell_alive(const struct watcher *watcher);

/* Tells the watcher that machineid-exec will stand still, because its program is stopped. */
void tell_pause(const struct watcher *watcher);

/* Ends the watcher, because the program need not be killed any more. */
void dismiss_watcher(struct watcher *watcher);

#endif
