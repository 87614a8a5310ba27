/* supervise.h - what happens while the program runs. */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include "watch.h"

#include <sys/types.h>

/* Passes signals on until the program has ended, and stops it when the guard goes off. `bell` is the other end of the
 * watch's, and `signals` a signalfd. Returns the exit status. */
int supervise(const struct watch *watch, pid_t child, int bell, int signals);

#endif
