/* status_file.c - writes the file of --status. */
#define _GNU_SOURCE /* mkostemps, open_memstream, pthread_cond_clockwait, pthread_clockjoin_np */
#include "status_file.h"

#include "json.h"
#include "messages.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char ending[] = ".tmp";
static const char *const state_names[] = {"asking", "running", "stopping", "not_stoppable", "ended"};

static struct {
    const struct settings *settings;
    char pattern[4096]; /* of the name of the file that replaces it */
    mode_t mode;
    pthread_t thread;
    int has_thread, has_complained;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    char *text; /* to be written, or NULL */
    enum state state;
    const struct asking *asking;
    pid_t pid;
    int exit_status;
} file = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .exit_status = -1};

static void write_number(FILE *to, const char *name, double number, int is_there) {
    if (is_there) fprintf(to, ",\"%s\":%.0f", name, number);
    else fprintf(to, ",\"%s\":null", name);
}

static void write_string(FILE *to, const char *name, const char *text) {
    fprintf(to, ",\"%s\":", name);
    json_write(to, text == NULL || *text == '\0' ? NULL : text);
}

/* What the guard knows, as members. */
static void write_guard(FILE *to) {
    char *json = NULL;
    char state[16] = "", time[40];
    int allowed = 0, has_guard = file.asking != NULL && file.asking->guard != NULL;
    struct reason reason = {0};
    double age;
    if (has_guard) {
        (void)mid_guard_decision(file.asking->guard, &allowed, &json);
        (void)json_string(json_member(json, "state"), state, sizeof state);
        reason = reason_of_guard(json);
    } else if (file.asking != NULL) {
        reason = file.asking->why;
    }
    age = json_number(json_member(json, "age_ms"), -1);
    fprintf(to, ",\"allowed\":%s", allowed ? "true" : "false");
    write_string(to, "expires", allowed ? time_text(time, file.settings->max_age - age / 1000, 0) : NULL);
    write_string(to, "guard", state);
    write_string(to, "status", reason.status);
    write_string(to, "code", reason.code);
    write_string(to, "request_id", reason.request_id);
    write_string(to, "message", reason.message);
    write_number(to, "age_ms", age, age >= 0);
    write_number(to, "checks", json_number(json_member(json, "checks"), 0), has_guard);
    write_number(to, "failures", json_number(json_member(json, "failures"), 0), has_guard);
    mid_free(json);
}

/* The client's counters, as a member. The client is there as soon as a guard or the first answer is. */
static void write_statistics(FILE *to) {
    char *json = NULL;
    int has_client = file.asking != NULL && file.asking->client != NULL;
    int has_json = has_client && mid_client_stats(file.asking->client, &json) == MID_OK;
    /* The last request id is what the authority made it. */
    if (has_json) hide_keys(json);
    fprintf(to, ",\"stats\":%s", has_json ? json : "null");
    mid_free(json);
}

/* Returns the text of the file, for free(), or NULL without memory. The lock is held. */
static char *render(void) {
    char *text = NULL;
    char time[40];
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL) return NULL;
    fputs("{\"device\":", to);
    json_write(to, file.settings->device);
    write_string(to, "state", state_names[file.state]);
    write_string(to, "updated", time_text(time, 0, 0));
    write_number(to, "supervisor", getpid(), 1);
    write_number(to, "pid", file.pid, file.pid > 0);
    write_guard(to);
    write_number(to, "exit_status", file.exit_status, file.exit_status >= 0);
    write_statistics(to);
    fputs("}\n", to);
    if (fclose(to) == 0) return text;
    free(text);
    return NULL;
}

/* Writes a new file under a name that nobody can guess, so that no link or pipe has it, and renames it. Returns 0,
 * or -1 and errno. */
static int write_text(const char *text) {
    char name[sizeof file.pattern];
    size_t length = strlen(text);
    ssize_t written;
    int descriptor, reason = 0;
    memcpy(name, file.pattern, sizeof name);
    descriptor = mkostemps(name, sizeof ending - 1, O_CLOEXEC | O_NOFOLLOW); /* with O_CREAT and O_EXCL */
    if (descriptor < 0) return -1;
    written = write(descriptor, text, length);
    if (written < 0) reason = errno;
    else if (written != (ssize_t)length) reason = ENOSPC;
    else if (fchmod(descriptor, file.mode) != 0) reason = errno;
    if (close(descriptor) != 0 && reason == 0) reason = errno;
    if (reason == 0 && rename(name, file.settings->status_file) != 0) reason = errno;
    if (reason == 0) return 0;
    (void)unlink(name);
    errno = reason;
    return -1;
}

static void *write_texts(void *unused) {
    /* Whoever looks at the age of the file does not know the interval. */
    double interval = file.settings->interval, period = interval < 1 ? 1 : interval > 9 ? 9 : interval;
    int is_last = 0;
    while (!is_last) {
        struct timespec until;
        char *text;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += (time_t)period + 1;
        (void)pthread_mutex_lock(&file.lock);
        while (file.text == NULL &&
               pthread_cond_clockwait(&file.changed, &file.lock, CLOCK_MONOTONIC, &until) == 0)
            continue;
        text = file.text != NULL ? file.text : render();
        file.text = NULL;
        is_last = file.state == STATE_ENDED;
        (void)pthread_mutex_unlock(&file.lock);
        if (text != NULL && write_text(text) != 0 && !file.has_complained) {
            file.has_complained = 1;
            say(EVENT_FAILED, NULL, -1, "--status: %s cannot be written: %s; it may be out of date from now on",
                file.settings->status_file, strerror(errno));
        }
        free(text);
    }
    return unused;
}

void status_begin(const struct settings *settings) {
    struct stat about;
    char *text;
    if (settings->status_file == NULL) return;
    /* Replacing a device or a link would change more than a file. */
    if (lstat(settings->status_file, &about) == 0 && !S_ISREG(about.st_mode))
        wrong_use("--status: %s is there and is not a regular file; give another name", settings->status_file);
    file.settings = settings;
    file.mode = umask(0);
    (void)umask(file.mode);
    file.mode = 0644 & ~file.mode;
    if (snprintf(file.pattern, sizeof file.pattern, "%s.XXXXXX%s", settings->status_file, ending) >=
        (int)sizeof file.pattern)
        wrong_use("--status: the name of the file is too long; give a shorter one");
    text = render();
    if (text == NULL || write_text(text) != 0)
        wrong_use("--status: %s cannot be written: %s; give a file in a folder that this user may write to",
                  settings->status_file, strerror(errno));
    free(text);
}

void status_start(void) {
    if (file.settings == NULL) return;
    file.has_thread = pthread_create(&file.thread, NULL, write_texts, NULL) == 0;
    if (!file.has_thread) fail("pthread_create");
}

void status_set(enum state state, const struct asking *asking, pid_t pid, int exit_status) {
    if (file.settings == NULL) return;
    (void)pthread_mutex_lock(&file.lock);
    file.state = state;
    file.asking = asking;
    file.pid = pid;
    file.exit_status = exit_status;
    free(file.text);
    file.text = render();
    /* The guard may be freed after the end. */
    if (state == STATE_ENDED) file.asking = NULL;
    (void)pthread_cond_signal(&file.changed);
    (void)pthread_mutex_unlock(&file.lock);
}

void status_end(int exit_status) {
    struct timespec limit;
    if (!file.has_thread) return;
    status_set(STATE_ENDED, file.asking, file.pid, exit_status);
    (void)clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec++;
    if (pthread_clockjoin_np(file.thread, NULL, CLOCK_MONOTONIC, &limit) != 0) (void)pthread_detach(file.thread);
}
