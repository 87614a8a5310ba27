/* stopping.h - SIGTERM, the grace, SIGKILL, and what cannot be stopped. */
#ifndef STOPPING_H
#define STOPPING_H

#include "supervise.h"

/* Stops the program because the guard is off. */
void stop_for_guard(struct supervision *supervision);

/* Stops the program because the watcher has been killed. */
void stop_without_watcher(struct supervision *supervision);

/* With --kill-group, the program has ended and what it started must end too. Returns whether there is any. */
int stop_rest(struct supervision *supervision);

/* Sends SIGKILL. Called when it is due. */
void kill_all(struct supervision *supervision);

#endif
