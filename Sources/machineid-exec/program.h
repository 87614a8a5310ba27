/* program.h - the process that runs the program: how it starts, and how it receives signals. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "options.h"

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/* What machineid-exec changes for itself, and restores for the program. */
struct inherited {
    sigset_t mask;
    void (*on_child_end)(int);
};

/* The program leads a process group of its own. So what a terminal, or anybody else, sends to the group of
 * machineid-exec reaches the program once: through machineid-exec. */
struct program {
    pid_t pid;
    int pidfd, go;
    volatile int *was_too_late; /* in memory that both share: the allow had run out, and nothing was started */
};

/* Forks the process, which waits until start_program() is called, and ends when `go` is closed instead. */
struct program prepare_program(const struct settings *settings, const struct inherited *inherited);

/* Lets the process become the program, unless `latest`, in nanoseconds of CLOCK_BOOTTIME, has passed by then. */
void start_program(struct program *program, int64_t latest);

/* Sends a signal to the program and, without --foreground, also to the rest of its process group. Returns 0, or -1 and
 * errno if it did not reach the program itself. */
int signal_program(const struct program *program, const struct settings *settings, int signal);

/* Continues the program if it is stopped, so that it handles a signal that it was sent. */
void wake_program(const struct program *program, const struct settings *settings);

/* The time on CLOCK_BOOTTIME, in nanoseconds. */
int64_t boot_time(void);

#endif
