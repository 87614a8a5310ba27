/* descendants.h - the processes below this one, as /proc has them. */
#ifndef DESCENDANTS_H
#define DESCENDANTS_H

#include <sys/types.h>

/* Which descendants a signal did not reach, because they run as another user. */
struct reach {
    int found, refused;
};

/* Counts the processes below `root`, zombies among them; 0 is this process. -1 if /proc cannot be read. */
int descendants(pid_t root);

/* Signals every process below `root` (0: this one), except `spared` and those below it. */
struct reach signal_descendants(pid_t root, pid_t spared, int signal);

/* Signals a process through a descriptor of it, so that no other process with the same number is ever meant. Without
 * such descriptors (Linux 5.3 has them), by number. Returns 0, or -1 and errno. */
int signal_process(int pidfd, pid_t pid, int signal);

/* A descriptor of a process, closed on exec; -1 where the system has none. */
int open_process(pid_t pid);

#endif
