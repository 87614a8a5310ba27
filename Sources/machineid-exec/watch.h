/* watch.h - a thread that starts the guard and waits for it to go off. */
#ifndef WATCH_H
#define WATCH_H

#include "options.h"

#include <machineid.h>

struct watch {
    const struct settings *settings;
    mid_client *client;
    mid_guard *guard;
    int result; /* 0 when the device may run, otherwise the exit status */
    int bell;   /* gets a byte when `result` is set, and another when the guard goes off */
};

/* The thread: makes the client and the guard, and waits for the guard to go off. Its argument is a struct watch. */
void *watch_guard(void *argument);

/* Prints why the guard is off, until `moment` at the latest. */
void say_why(const struct watch *watch, double moment);

#endif
