/*
 * check.h - checks that the tests of the release library share.
 *
 * A failed check prints its place and its condition, and the program continues. main() ends with `return
 * check_done();`. Each program has an emulator of its own, with its URL in MACHINEID_BASE_URL and its key in
 * MACHINEID_ORG_KEY.
 */
#ifndef CHECK_H
#define CHECK_H

#include <machineid.h>

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static atomic_int check_passed;
static atomic_int check_failed;
/* Shown with a failure: what is being checked, where one line of code checks many things. */
static _Thread_local const char *check_about = "";

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_STATUS(expected, found) check_status((expected), (found), #found, __FILE__, __LINE__)

static inline int check_that(int holds, const char *what, const char *file, int line) {
    if (holds) {
        atomic_fetch_add(&check_passed, 1);
    } else if (atomic_fetch_add(&check_failed, 1) < 40) { /* more than 40 failures tell nothing new */
        fprintf(stderr, "%s:%d: %s%s%s\n", file, line, check_about, *check_about ? ": " : "", what);
    }
    return holds;
}

static inline int check_status(mid_status expected, mid_status found, const char *call, const char *file, int line) {
    char what[512];
    if (expected == found) return check_that(1, call, file, line);
    (void)snprintf(what, sizeof what, "%s is %s (%d), expected %s", call, mid_status_name(found), (int)found,
                   mid_status_name(expected));
    return check_that(0, what, file, line);
}

static inline int check_done(void) {
    int failed = atomic_load(&check_failed);
    int passed = atomic_load(&check_passed);
    printf("%d checks passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}

/* Ends a test that cannot continue because its environment failed, not the library. */
static inline void check_need(int holds, const char *what) {
    if (holds) return;
    perror(what);
    exit(2);
}

static inline const char *check_environment(const char *name) {
    const char *value = getenv(name);
    if (value == NULL || *value == '\0') {
        fprintf(stderr, "%s is not set: script/test sets it\n", name);
        exit(2);
    }
    return value;
}

/* ---- Time ---- */

static inline double check_now_ms(void) {
    struct timespec now;
    check_need(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime");
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* How many milliseconds more than promised a call may take. The runner sets a larger value for valgrind, which is
 * slow. */
static inline double check_slack_ms(void) {
    const char *slack = getenv("CHECK_SLACK_MS");
    return slack != NULL ? atof(slack) : 50;
}

/* ---- Clients ---- */

/* A client of the emulator, or of another authority if the options name one. */
static inline mid_client *check_client(const char *options) {
    mid_client *client = NULL;
    char *json = NULL;
    CHECK_STATUS(MID_OK, mid_client_from_env(options, &client, &json));
    CHECK(json == NULL);
    if (client == NULL) {
        fprintf(stderr, "there is no client, so the test cannot run: %s\n", json != NULL ? json : "");
        exit(1);
    }
    return client;
}

/* ---- JSON ---- */

/* Parses a reply of the authority and frees its text. The caller frees the object. */
static inline json_t *check_reply(char *text) {
    json_error_t error;
    json_t *reply;
    if (!CHECK(text != NULL)) return NULL;
    reply = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    CHECK(reply != NULL && json_is_object(reply));
    mid_free(text);
    return reply;
}

/* Checks that a key of a reply has this text, and frees the reply. */
static inline void check_reply_text(char *text, const char *key, const char *expected) {
    json_t *reply = check_reply(text);
    const char *found = json_string_value(json_object_get(reply, key));
    if (!CHECK(found != NULL && strcmp(found, expected) == 0))
        fprintf(stderr, "    %s is %s, expected %s\n", key, found != NULL ? found : "missing", expected);
    json_decref(reply);
}

/*
 * Checks that the JSON of a failed call has exactly the shape that machineid.h promises, including the order of its
 * keys, and frees it. `part`, unless NULL, must be in the message.
 */
static inline void check_failure(mid_status status, char *text, const char *part) {
    static const char *const keys[] = {"allowed", "code", "request_id", "message"};
    char code[64];
    const char *key;
    const char *message;
    json_t *value;
    json_t *object;
    size_t n = 0;

    if (!CHECK(text != NULL)) return;
    object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!CHECK(object != NULL)) {
        fprintf(stderr, "    found: %s\n", text);
        mid_free(text);
        return;
    }
    json_object_foreach(object, key, value) {
        CHECK(n < 4 && strcmp(key, keys[n]) == 0);
        n++;
    }
    CHECK(n == 4);
    CHECK(json_is_false(json_object_get(object, "allowed")));
    CHECK(json_is_null(json_object_get(object, "request_id")));

    (void)snprintf(code, sizeof code, "CLIENT_%s", mid_status_name(status) + strlen("MID_"));
    value = json_object_get(object, "code");
    CHECK(json_is_string(value) && strcmp(json_string_value(value), code) == 0);

    message = json_string_value(json_object_get(object, "message"));
    if (CHECK(message != NULL)) {
        CHECK(strlen(message) > 3 && strchr(message, '\n') == NULL);
        if (part != NULL && !CHECK(strstr(message, part) != NULL))
            fprintf(stderr, "    the message does not name \"%s\": %s\n", part, message);
    }
    json_decref(object);
    mid_free(text);
}

#endif
