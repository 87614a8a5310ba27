/*
 * watcher.h - a second process, which kills the program when machineid-exec has been killed or stands still.
 *
 * The kernel's own means, PR_SET_PDEATHSIG, is gone once the program has changed its user or a thread of it has called
 * exec.
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

/* machineid-exec is alive: the watcher waits for its next word for the greatest age of an allow and the grace. */
void tell_alive(const struct watcher *watcher);

/* machineid-exec will stand still, because its program is stopped. */
void tell_pause(const struct watcher *watcher);

/* The program is nobody's business any more: the watcher ends. */
void dismiss_watcher(struct watcher *watcher);

#endif
