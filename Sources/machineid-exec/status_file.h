/*
 * status_file.h - the file of --status, for probes. It is written by a thread of its own, because a disk may hang, and
 * replaced as a whole, so that a reader never sees a part of it.
 */
#ifndef STATUS_FILE_H
#define STATUS_FILE_H

#include "asking.h"

#include <sys/types.h>

/* What machineid-exec is doing. */
enum state { STATE_ASKING, STATE_RUNNING, STATE_STOPPING, STATE_NOT_STOPPABLE, STATE_ENDED };

/* Writes the file for the first time. If that fails, this ends the process. Without --status nothing here does
 * anything. */
void status_begin(const struct settings *settings);

/* Starts the thread. From now on the file is also written anew at each check, and at least each second or two. */
void status_start(void);

/* Sets what the file says from now on. `asking` is NULL before there is a guard, `pid` 0 before there is a program, and
 * `exit_status` -1 before the end. */
void status_set(enum state state, const struct asking *asking, pid_t pid, int exit_status);

/* Sets the state to ended, and waits until that is written, for one second at most. */
void status_end(int exit_status);

#endif
