/*
 * probe - one client of the library, controlled through stdin.
 *
 * Each line of stdin is a command, a JSON object, and is answered with a line of JSON on stdout.
 *
 *     {"do":"new","org_key":KEY,"options":OBJECT}            makes the client, replacing an existing one
 *     {"do":"call","operation":NAME,"device":ID,"save":FILE} calls mid_NAME(); its JSON goes to FILE or the answer;
 *                                                            with "cancel_after_ms":N, validate is cancelled then;
 *                                                            with "fork_after_ms":N, the process forks then, and the
 *                                                            answer's "fork_ms" is how long fork() took
 *     {"do":"setenv","name":NAME,"value":TEXT}               changes the environment; without a value, unsets NAME
 *     {"do":"race","threads":N,"private":BOOLEAN,"org_key":KEY,"options":OBJECT}
 *                                                            N threads validate at once, each once: with one client
 *                                                            that they share, or each with a client of its own
 *
 * At the end of stdin it frees the client and exits with 0.
 */
#define _POSIX_C_SOURCE 200809L
#include <jansson.h>
#include <machineid.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void need(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "probe: %s\n", what);
    exit(2);
}

static double clock_ms(clockid_t clock) {
    struct timespec now;
    need(clock_gettime(clock, &now) == 0, "clock_gettime failed");
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static const char *text_of(const json_t *command, const char *key) {
    const char *text = json_string_value(json_object_get(command, key));
    if (text == NULL) fprintf(stderr, "probe: a command lacks the string \"%s\"\n", key);
    need(text != NULL, "a command is not complete");
    return text;
}

static void set(json_t *object, const char *key, json_t *value) {
    need(json_object_set_new(object, key, value) == 0, "out of memory");
}

/* Puts the JSON of a call into the answer or into a file, and frees it. */
static void set_text(json_t *answer, char *text, const char *file) {
    if (text != NULL && file != NULL) {
        FILE *out = fopen(file, "wb");
        need(out != NULL && fputs(text, out) >= 0 && fclose(out) == 0, "the reply cannot be saved");
    }
    set(answer, "text", text != NULL && file == NULL ? json_string(text) : json_null());
    mid_free(text);
}

static mid_client *new_client(const json_t *command, mid_status *status, char **reason) {
    const json_t *object = json_object_get(command, "options");
    char *options = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    mid_client *client = NULL;
    need(object == NULL || options != NULL, "out of memory");
    *status = mid_client_new(text_of(command, "org_key"), options, &client, reason);
    free(options);
    return client;
}

static const struct {
    const char *name;
    mid_status (*with_device)(mid_client *, const char *, char **);
    mid_status (*without)(mid_client *, char **);
} operations[] = {
    {"register", mid_register, NULL}, {"revoke", mid_revoke, NULL},   {"unrevoke", mid_unrevoke, NULL},
    {"restore", mid_restore, NULL},   {"remove", mid_remove, NULL},   {"usage", NULL, mid_usage},
    {"list_devices", NULL, mid_list_devices},
};

/* What another thread does during a call. */
struct disturber {
    pthread_t thread;
    mid_client *client;
    long after_ms;
    int forks; /* or else it cancels the client */
    double fork_ms;
};

static void *disturb_later(void *argument) {
    struct disturber *disturber = argument;
    struct timespec pause = {disturber->after_ms / 1000, disturber->after_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
    if (disturber->forks) {
        double began = clock_ms(CLOCK_MONOTONIC);
        pid_t child = fork();
        if (child == 0) _exit(0);
        disturber->fork_ms = clock_ms(CLOCK_MONOTONIC) - began;
        need(child > 0 && waitpid(child, NULL, 0) == child, "fork failed");
    } else {
        mid_client_cancel(disturber->client);
    }
    return NULL;
}

/* `allowed` is 1 on entry, so that a call that forgets to clear it is caught. */
static json_t *call(mid_client *client, const json_t *command) {
    const char *name = text_of(command, "operation");
    json_t *answer = json_object();
    json_t *decision = NULL;
    char *reply = NULL;
    int allowed = 1;
    mid_status status = MID_INTERNAL;
    double began, took;
    size_t n = 0;

    need(answer != NULL, "out of memory");
    if (strcmp(name, "validate") == 0) {
        const char *device = text_of(command, "device");
        const json_t *cancels = json_object_get(command, "cancel_after_ms");
        const json_t *forks = json_object_get(command, "fork_after_ms");
        const json_t *after = forks != NULL ? forks : cancels;
        long after_ms = (long)json_integer_value(after);
        struct disturber disturber = {.client = client, .after_ms = after_ms, .forks = forks != NULL};
        began = clock_ms(CLOCK_MONOTONIC);
        need(after == NULL || pthread_create(&disturber.thread, NULL, disturb_later, &disturber) == 0, "no thread");
        status = mid_validate(client, device, &allowed, &reply);
        took = clock_ms(CLOCK_MONOTONIC) - began;
        need(after == NULL || pthread_join(disturber.thread, NULL) == 0, "pthread_join failed");
        if (forks != NULL) set(answer, "fork_ms", json_real(disturber.fork_ms));
        decision = json_integer(allowed);
    } else {
        while (n < sizeof operations / sizeof *operations && strcmp(operations[n].name, name) != 0) n++;
        need(n < sizeof operations / sizeof *operations, "there is no such operation");
        began = clock_ms(CLOCK_MONOTONIC);
        status = operations[n].without != NULL
                     ? operations[n].without(client, &reply)
                     : operations[n].with_device(client, text_of(command, "device"), &reply);
        took = clock_ms(CLOCK_MONOTONIC) - began;
        decision = json_null();
    }
    set(answer, "status", json_string(mid_status_name(status)));
    set(answer, "allowed", decision);
    set(answer, "ms", json_real(took));
    set_text(answer, reply, json_string_value(json_object_get(command, "save")));
    return answer;
}

/* ---- Many threads at once ---- */

struct racer {
    pthread_t thread;
    pthread_barrier_t *start;
    mid_client *client;
    int is_allowed;
};

static void *race_one(void *argument) {
    struct racer *racer = argument;
    int allowed = 0;
    int result = pthread_barrier_wait(racer->start);
    need(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD, "pthread_barrier_wait failed");
    racer->is_allowed = mid_validate(racer->client, "agent", &allowed, NULL) == MID_OK && allowed == 1;
    return NULL;
}

static json_t *race(const json_t *command) {
    size_t threads = (size_t)json_integer_value(json_object_get(command, "threads"));
    int is_private = json_is_true(json_object_get(command, "private"));
    struct racer *racers = calloc(threads, sizeof *racers);
    json_t *answer = json_object();
    pthread_barrier_t start;
    double wall, cpu;
    int allowed = 0;
    char *reason = NULL;
    mid_status status;

    need(threads > 0 && racers != NULL && answer != NULL, "no threads, or out of memory");
    need(pthread_barrier_init(&start, NULL, (unsigned)threads + 1) == 0, "pthread_barrier_init failed");
    for (size_t n = 0; n < threads; n++) {
        racers[n].start = &start;
        racers[n].client = n == 0 || is_private ? new_client(command, &status, &reason) : racers[0].client;
        need(racers[n].client != NULL, reason != NULL ? reason : "no client");
        need(pthread_create(&racers[n].thread, NULL, race_one, &racers[n]) == 0, "pthread_create failed");
    }
    wall = clock_ms(CLOCK_MONOTONIC);
    cpu = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
    (void)pthread_barrier_wait(&start);
    for (size_t n = 0; n < threads; n++) {
        need(pthread_join(racers[n].thread, NULL) == 0, "pthread_join failed");
        allowed += racers[n].is_allowed;
    }
    set(answer, "wall_ms", json_real(clock_ms(CLOCK_MONOTONIC) - wall));
    set(answer, "cpu_ms", json_real(clock_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu));
    set(answer, "allowed", json_integer(allowed));
    for (size_t n = 0; n < (is_private ? threads : 1); n++) mid_client_free(racers[n].client);
    need(pthread_barrier_destroy(&start) == 0, "pthread_barrier_destroy failed");
    free(racers);
    return answer;
}

/* ---- Commands ---- */

static json_t *obey(const json_t *command, mid_client **client) {
    const char *what = text_of(command, "do");
    json_t *answer;
    if (strcmp(what, "call") == 0) {
        need(*client != NULL, "there is no client yet");
        return call(*client, command);
    }
    if (strcmp(what, "race") == 0) return race(command);
    answer = json_object();
    need(answer != NULL, "out of memory");
    if (strcmp(what, "new") == 0) {
        char *reason = NULL;
        mid_status status;
        mid_client_free(*client);
        *client = new_client(command, &status, &reason);
        set(answer, "status", json_string(mid_status_name(status)));
        set_text(answer, reason, NULL);
    } else if (strcmp(what, "setenv") == 0) {
        const char *name = text_of(command, "name");
        const char *value = json_string_value(json_object_get(command, "value"));
        need((value != NULL ? setenv(name, value, 1) : unsetenv(name)) == 0, "the environment cannot be changed");
    } else {
        need(0, "there is no such command");
    }
    return answer;
}

int main(void) {
    mid_client *client = NULL;
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        json_t *command = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        json_t *answer;
        char *text;
        need(json_is_object(command), "a command is not a JSON object");
        answer = obey(command, &client);
        text = json_dumps(answer, JSON_COMPACT | JSON_ENSURE_ASCII);
        need(text != NULL, "the answer cannot be written as JSON");
        need(puts(text) >= 0 && fflush(stdout) == 0, "stdout cannot be written");
        free(text);
        json_decref(answer);
        json_decref(command);
    }
    free(line);
    mid_client_free(client);
    return 0;
}
