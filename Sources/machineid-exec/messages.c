/* messages.c - prints messages. A message must not delay the end of a program that is to be stopped. */
#define _GNU_SOURCE /* vasprintf, open_memstream, pthread_clockjoin_np */
#include "messages.h"

#include "json.h"
#include "statuses.h"
#include "text.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const names[] = {"wrong_use", "failed",  "not_started",   "starting",
                                    "stopping",  "killing", "not_stoppable", "ended"};
static int writes_json;
static const char *subject;
static pid_t program;

void messages_as_json(int is_json) { writes_json = is_json; }

void messages_about(const char *device, pid_t pid) {
    subject = device;
    program = pid;
}

double now(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) fail("clock_gettime");
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

const char *time_text(char room[40], double seconds_from_now, int is_exact) {
    struct timespec time;
    struct tm parts;
    size_t length;
    (void)clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec += (time_t)seconds_from_now;
    (void)gmtime_r(&time.tv_sec, &parts);
    length = strftime(room, 30, "%Y-%m-%dT%H:%M:%S", &parts);
    if (is_exact) length += (size_t)snprintf(room + length, 6, ".%03d", (int)(time.tv_nsec / 1000000));
    (void)snprintf(room + length, 2, "Z");
    return room;
}

static const char *unless_empty(const char *text) { return text == NULL || *text == '\0' ? NULL : text; }

static void write_object(FILE *to, enum event event, const struct reason *why, int exit_status, const char *message) {
    char time[40];
    fprintf(to, "{\"time\":\"%s\",\"event\":\"%s\",\"device\":", time_text(time, 0, 1), names[event]);
    json_write(to, subject);
    if (program > 0) fprintf(to, ",\"pid\":%d", (int)program);
    else fputs(",\"pid\":null", to);
    fputs(",\"status\":", to);
    json_write(to, why == NULL ? NULL : why->status);
    fputs(",\"code\":", to);
    json_write(to, why == NULL ? NULL : unless_empty(why->code));
    fputs(",\"request_id\":", to);
    json_write(to, why == NULL ? NULL : unless_empty(why->request_id));
    if (exit_status >= 0) fprintf(to, ",\"exit_status\":%d", exit_status);
    else fputs(",\"exit_status\":null", to);
    fputs(",\"message\":", to);
    json_write(to, message);
    fputs("}\n", to);
}

/* What the authority or the command line says must not move the cursor of a terminal, nor look like another line. */
static void write_line_of_text(FILE *to, const char *message) {
    fputs("machineid-exec: ", to);
    if (subject != NULL) {
        write_plainly(to, subject);
        fputs(": ", to);
    }
    write_plainly(to, message);
    fputc('\n', to);
}

/* Returns the line for a message, for free(), or NULL if there is none to write or no memory for it. */
static char *line_of(enum event event, const struct reason *why, int exit_status, const char *format,
                     va_list arguments) {
    char *message = NULL, *line = NULL;
    size_t size;
    FILE *to;
    if (!writes_json && (event == EVENT_STARTING || event == EVENT_ENDED)) return NULL;
    if (vasprintf(&message, format, arguments) < 0) return NULL;
    hide_keys(message);
    to = open_memstream(&line, &size);
    if (to != NULL) {
        if (writes_json) write_object(to, event, why, exit_status, message);
        else write_line_of_text(to, message);
        if (fclose(to) != 0) {
            free(line);
            line = NULL;
        }
    }
    free(message);
    return line;
}

/* One write, so that lines of several processes do not mix. */
static void *write_line(void *line) {
    if (line != NULL) (void)!write(STDERR_FILENO, line, strlen(line));
    free(line);
    return NULL;
}

void say(enum event event, const struct reason *why, int exit_status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)write_line(line_of(event, why, exit_status, format, arguments));
    va_end(arguments);
}

void say_until(double moment, enum event event, const struct reason *why, int exit_status, const char *format, ...) {
    double soon = now() + 1, limit = moment < soon ? moment : soon;
    struct timespec time;
    pthread_t writer;
    char *line;
    va_list arguments;
    va_start(arguments, format);
    line = line_of(event, why, exit_status, format, arguments);
    va_end(arguments);
    if (line == NULL || pthread_create(&writer, NULL, write_line, line) != 0) {
        free(line);
        return;
    }
    time.tv_sec = (time_t)limit;
    time.tv_nsec = (long)((limit - (double)time.tv_sec) * 1e9);
    if (pthread_clockjoin_np(writer, NULL, CLOCK_MONOTONIC, &time) != 0) (void)pthread_detach(writer);
}

/* Lets signals end this process, which is ending anyway, while the reader of its last message keeps it waiting. */
static void unblock_signals(void) {
    sigset_t all;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_UNBLOCK, &all, NULL);
}

_Noreturn void wrong_use(const char *format, ...) {
    va_list arguments;
    unblock_signals();
    va_start(arguments, format);
    (void)write_line(line_of(EVENT_WRONG_USE, NULL, WRONG_USE, format, arguments));
    va_end(arguments);
    exit(WRONG_USE);
}

_Noreturn void fail(const char *what) {
    int reason = errno;
    unblock_signals();
    say(EVENT_FAILED, NULL, FAILED, "%s: %s", what, strerror(reason));
    exit(FAILED);
}
