/* signals.h - which signals machineid-exec takes, and how it ends by one. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "supervise.h"

#include <signal.h>

/* Blocks the signals that are read instead, and says which they are and what was changed. They are all but those of a
 * fault, which concern this process alone, and those that nobody can catch. */
void catch_signals(sigset_t *caught, struct inherited *inherited);

/* A closed reader must not end the supervisor. It must not be stopped because a process of its group reads the terminal
 * in the background, or because it writes a message there itself. The program inherits none of this. */
void ignore_terminal_signals(void);

/* Before the program is started: waits until there is something to read, or its end. Returns 0; or before that a signal
 * that ends a process, unless this process was told to ignore it. */
int await_input(int file, int signals);

/* Ends this process as the program has ended, so that its parent sees the same: by the same signal if it was one. */
_Noreturn void end_by(struct ending ending, const struct terminal *terminal);

#endif
