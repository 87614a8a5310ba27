/* process.h - one process: what /proc says of it, and how it gets a signal. */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>

/* A line of /proc/PID/stat. */
struct process {
    pid_t pid, parent, group;
    char state;  /* of its first thread */
    int threads; /* zombies too */
    int status;  /* of a zombie, as waitpid() would give it, and 0 if this process may not know it */
};

/* Returns 0, or -1 if there is no such process, or /proc is missing or that of another namespace. */
int read_process(pid_t pid, struct process *process);

/* Whether a process has ended, although nobody may have reaped it: all its threads are zombies. The first thread may be
 * a zombie while others go on. A process that is traced stays a zombie, which no waitpid() returns, until its tracer
 * has waited for it. Without /proc nobody can tell, and the answer is no. */
int has_died(pid_t pid);

/* Whether a process is stopped. Without /proc nobody can tell, and the answer is yes. */
int is_stopped(pid_t pid);

/* Whether a process does nothing: it is stopped, or has ended. One that waits in the kernel, such as for a child that
 * it has started by vfork(), does nothing either, and stops when it goes on. */
int stands_still(const struct process *process);

/* Signals a process through a descriptor of it, so that no other process with the same number is ever meant. Before
 * Linux 5.3, which has no such descriptors, it signals by id. Returns 0, or -1 and errno. */
int signal_process(int pidfd, pid_t pid, int signal);

/* A descriptor of a process, closed on exec; -1 where the system has none. */
int open_process(pid_t pid);

#endif
