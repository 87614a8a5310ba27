/* asking.h - a thread that starts the guard and waits for it to go off. */
#ifndef ASKING_H
#define ASKING_H

#include "options.h"
#include "reason.h"

#include <machineid.h>
#include <stdint.h>

struct asking {
    const struct settings *settings;
    mid_client *client;
    mid_guard *guard;
    struct reason why; /* the first answer */
    int result;        /* 0 when the device may run, otherwise the exit status */
    int bell;          /* gets a byte when `result` is set, and another when the guard goes off */
};

/* The thread: makes the client and the guard, and waits for the guard to go off. Its argument is a struct asking. */
void *ask(void *argument);

/* Why the guard is in its present state. */
struct reason reason_now(const struct asking *asking);

/* When the last allow runs out, in nanoseconds of CLOCK_BOOTTIME; 0 if the device may not run. */
int64_t allowed_until(const struct asking *asking);

#endif
