/* messages.h - messages on standard error: a line each, as text or, with --log json, as an object. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include "reason.h"

#include <sys/types.h>

/* What happened, for the member "event". Events that interest only programs are not written as text. */
enum event {
    EVENT_WRONG_USE,
    EVENT_FAILED,
    EVENT_NOT_STARTED,
    EVENT_STARTING, /* only with --log json */
    EVENT_STOPPING,
    EVENT_KILLING,
    EVENT_NOT_STOPPABLE,
    EVENT_ENDED /* only with --log json */
};

void messages_as_json(int is_json);

/* What the messages from now on are about. `pid` is 0 until there is a program. */
void messages_about(const char *device, pid_t pid);

/* Prints a message. It waits for the reader, so say_until() takes its place while the program runs. `why` may be
 * NULL, and `exit_status` -1. */
void say(enum event event, const struct reason *why, int exit_status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Prints a message while the program runs. The reader of standard error may have stopped reading, so a thread writes
 * the message. This waits for it until `moment`, and for one second at most.
 */
void say_until(double moment, enum event event, const struct reason *why, int exit_status, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Prints what is wrong with the use, and ends the process with WRONG_USE. */
_Noreturn void wrong_use(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints what failed and the reason that errno gives, and ends the process with FAILED. */
_Noreturn void fail(const char *what);

/* The time in seconds on CLOCK_MONOTONIC. `moment` above is a time on this clock. */
double now(void);

/* Writes the time of day into `room`, as 2026-11-27T16:05:52Z, and with milliseconds if `is_exact`. */
const char *time_text(char room[40], double seconds_from_now, int is_exact);

#endif
