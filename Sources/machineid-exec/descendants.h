/* descendants.h - the processes below this one, as /proc has them. */
#ifndef DESCENDANTS_H
#define DESCENDANTS_H

#include <sys/types.h>

/* Which processes a signal was sent to. */
struct reach {
    int found;         /* how many are no zombies; of children, 1 if there is one that has not ended */
    int refused;       /* how many it was not allowed to reach, because they run as another user */
    unsigned long sum; /* of the ids of all, zombies too: it tells whether they are the same as before */
};

/* Counts the processes below `root`, zombies among them; 0 is this process. -1 if /proc cannot be read. */
int descendants(pid_t root);

/* Signals every process below `root` (0: this one), except `spared` and those below it. */
struct reach signal_descendants(pid_t root, pid_t spared, int signal);

/* Stops every process below `root`, except `spared` and those below it, also those that are started meanwhile. Returns
 * 0, or -1 if one cannot be stopped, or /proc cannot be read. */
int stop_descendants(pid_t root, pid_t spared);

/* Whether every process below `root` except `spared` is stopped or has ended. With `group`, only those of that process
 * group count. Without /proc nobody can tell, and the answer is no. */
int are_stopped(pid_t root, pid_t spared, pid_t group);

/* Signals every child of this process except `spared`. It is faster than signal_descendants(), so that it can hit a
 * process before that one has replaced itself by a child. Only the first thread may call this, since all children
 * belong to it. No other thread may reap children meanwhile, so that no id becomes another process's. */
struct reach signal_children(pid_t spared, int signal);

#endif
