/* signals.h - which signals machineid-exec takes, and how it ends by one. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "supervise.h"

#include <signal.h>

/* Blocks the signals that are to be read from a signalfd. Stores which they are, and what was changed. They do not
 * include signals of a fault, which concern this process alone, or those that nobody can catch. */
void catch_signals(sigset_t *caught, struct inherited *inherited);

/* Ignores SIGPIPE, SIGTTIN and SIGTTOU. A reader of its messages that closes must not end the supervisor, and the
 * terminal must not stop it when it writes there or a process of its group reads there in the background. The program
 * inherits none of this. */
void ignore_terminal_signals(void);

/* Before the program is started: waits until `file` can be read or has ended, and returns 0. If a signal comes first
 * that ends a process, and that this process was not told to ignore, returns its number. */
int await_input(int file, int signals);

/* Ends this process as the program has ended, so that its parent sees the same: by the same signal if it was one. */
_Noreturn void end_by(struct ending ending, const struct terminal *terminal);

#endif
