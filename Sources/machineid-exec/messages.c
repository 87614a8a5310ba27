/* messages.c - prints messages. A message must not delay the end of a program that is to be stopped. */
#define _GNU_SOURCE /* vasprintf, pthread_clockjoin_np */
#include "messages.h"

#include "statuses.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("machineid-exec: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

_Noreturn void fail(const char *what) {
    say("%s: %s", what, strerror(errno));
    exit(FAILED);
}

double now(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) fail("clock_gettime");
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *write_line(void *line) {
    (void)!write(STDERR_FILENO, line, strlen(line));
    free(line);
    return NULL;
}

void say_until(double moment, const char *format, ...) {
    char *message = NULL, *line = NULL;
    double soon = now() + 1, limit = moment < soon ? moment : soon;
    struct timespec time;
    pthread_t writer;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0) message = NULL;
    va_end(arguments);
    if (message != NULL && asprintf(&line, "machineid-exec: %s\n", message) < 0) line = NULL;
    free(message);
    if (line == NULL || pthread_create(&writer, NULL, write_line, line) != 0) {
        free(line);
        return;
    }
    time.tv_sec = (time_t)limit;
    time.tv_nsec = (long)((limit - (double)time.tv_sec) * 1e9);
    if (pthread_clockjoin_np(writer, NULL, CLOCK_MONOTONIC, &time) != 0) (void)pthread_detach(writer);
}
