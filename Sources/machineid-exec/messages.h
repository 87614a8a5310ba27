/* messages.h - messages on standard error. */
#ifndef MESSAGES_H
#define MESSAGES_H

/* Prints a message. It waits for the reader, so say_until() takes its place while the program runs. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Prints a message while the program runs. The reader of standard error may have stopped reading, so a thread writes
 * the message. This waits for it until `moment`, and for one second at most.
 */
void say_until(double moment, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints what failed and the reason that errno gives, and ends the process with FAILED. */
_Noreturn void fail(const char *what);

/* The time in seconds on CLOCK_MONOTONIC, on which `moment` is a time too. */
double now(void);

#endif
