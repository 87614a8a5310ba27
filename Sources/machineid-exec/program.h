/* program.h - the process that runs the program: how it starts, receives signals, and ends. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "options.h"

#include <signal.h>
#include <sys/types.h>

/* What machineid-exec changes for itself, and restores for the program. */
struct inherited {
    sigset_t mask;
    void (*on_child_end)(int);
};

/* The signals that machineid-exec passes on to the program: SIGCONT, and all that would end it, except those of a
 * fault. */
void forwarded(sigset_t *set);

/* Forks the process that runs the program when a byte arrives through `go`, and ends when `go` is closed instead. */
pid_t prepare_program(const struct settings *settings, const struct inherited *inherited, int *go);

/* Sends a signal to the program and, without --foreground, also to the rest of the process group. */
void send_signal(const struct settings *settings, pid_t child, int signal);

/* Ends in the same way as the program, so that the parent of machineid-exec sees the same: by the same signal if it was
 * one; otherwise this returns the exit status. `status` is what waitpid() gave. */
int end_as(int status);

#endif
