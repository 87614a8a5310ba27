/*
 * mid_validate_many() against the emulator: every device gets its own answer, in order, whatever happens to the others
 * and however many there are; and no flag keeps its old value.
 *
 *     many [COUNT]
 */
#include "decisions.h"
#include "server.h"

enum { DEVICES = 900, MOST = 200000 };

static char names[MOST][24];
static const char *ids[MOST];
static int flags[MOST + 1];
static size_t total = 10001;

/* Sets the row as a caller may leave it from an earlier use: every flag is 1, also the one behind the row, which is not
 * part of it. */
static void reset_flags(void) {
    for (size_t n = 0; n <= MOST; n++) flags[n] = 1;
}

/* Checks that the first `count` flags are 0 and the others are untouched. */
static void check_denied(size_t count) {
    size_t left = 0, touched = 0;
    for (size_t n = 0; n <= MOST; n++) {
        left += n < count && flags[n] != 0;
        touched += n >= count && flags[n] != 1;
    }
    CHECK(left == 0);
    CHECK(touched == 0);
}

/* Parses the array, checks its length and frees the text. The caller frees the array. */
static json_t *array_of(char *text, size_t count) {
    json_t *array;
    if (!CHECK(text != NULL)) return NULL;
    array = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    CHECK(json_is_array(array) && json_array_size(array) == count);
    mid_free(text);
    return array;
}

static const char *text_at(json_t *array, size_t n, const char *key) {
    const char *text = json_string_value(json_object_get(json_array_get(array, n), key));
    return text != NULL ? text : "";
}

static void ordered(mid_client *client) {
    char *json = NULL;
    json_t *array;
    for (int n = 0; n < DEVICES; n++) {
        ask_about(mid_register, client, ids[n]);
        if (n % 3 == 0) ask_about(mid_revoke, client, ids[n]);
    }
    reset_flags();
    CHECK_STATUS(MID_OK, mid_validate_many(client, ids, DEVICES, flags, &json));
    array = array_of(json, DEVICES);
    for (int n = 0; n < DEVICES; n++) {
        CHECK(flags[n] == (n % 3 != 0));
        CHECK(strcmp(text_at(array, (size_t)n, "deviceId"), ids[n]) == 0);
        CHECK(json_is_true(json_object_get(json_array_get(array, (size_t)n), "allowed")) == flags[n]);
    }
    json_decref(array);
}

/* Validates all devices, with JSON and without. The devices beyond the first DEVICES are not registered, and so
 * denied. */
static void countless(mid_client *client) {
    char *json = NULL;
    const char *next;
    size_t found = 0;
    reset_flags();
    CHECK_STATUS(MID_OK, mid_validate_many(client, ids, total, flags, &json));
    for (size_t n = 0; n < total; n++) CHECK(flags[n] == (n < DEVICES && n % 3 != 0));
    CHECK(flags[total] == 1);
    if (!CHECK(json != NULL && *json == '[' && json[strlen(json) - 1] == ']')) return;
    next = json;
    while (found < total && (next = strstr(next, "\"deviceId\":\"")) != NULL) {
        next += strlen("\"deviceId\":\"");
        if (strncmp(next, ids[found], strlen(ids[found])) != 0 || next[strlen(ids[found])] != '"') break;
        found++;
    }
    CHECK(found == total);
    mid_free(json);
    reset_flags();
    CHECK_STATUS(MID_OK, mid_validate_many(client, ids, total, flags, NULL));
    for (size_t n = 0; n < total; n++) CHECK(flags[n] == (n < DEVICES && n % 3 != 0));
    CHECK(flags[total] == 1);
}

/* A device that cannot be asked about affects only its own decision. */
static void mixed(mid_client *client) {
    const char *some[] = {ids[1], NULL, ids[2], "", "not\xff" "utf8", ids[0], ids[4]};
    char *json = NULL;
    json_t *array;
    reset_flags();
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(client, some, 7, flags, &json));
    array = array_of(json, 7);
    CHECK(flags[0] == 1 && flags[1] == 0 && flags[2] == 1 && flags[3] == 0 && flags[4] == 0 && flags[5] == 0);
    CHECK(flags[6] == 1);
    for (size_t n = 0; n < 7; n++) {
        int is_ours = n == 1 || n == 3 || n == 4;
        CHECK((strcmp(text_at(array, n, "code"), "CLIENT_INVALID_ARGUMENT") == 0) == is_ours);
    }
    json_decref(array);
}

/* Each flag of every given row is 0, whatever else is wrong. */
static void arguments(mid_client *client) {
    static const size_t impossible[] = {(size_t)-1, SIZE_MAX / 2 + 1, SIZE_MAX / 4, SIZE_MAX / 2 / sizeof *ids + 1};
    char *json = NULL;
    json_t *array;
    reset_flags();
    CHECK_STATUS(MID_OK, mid_validate_many(client, ids, 0, flags, &json));
    array = array_of(json, 0);
    json_decref(array);
    check_denied(0);
    /* With such a count the length of the row is unknown, and it is not touched. */
    for (size_t n = 0; n < sizeof impossible / sizeof *impossible; n++) {
        CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(client, ids, impossible[n], flags, &json));
        check_failure(MID_INVALID_ARGUMENT, json, "count");
        CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(NULL, ids, impossible[n], flags, &json));
        check_failure(MID_INVALID_ARGUMENT, json, "client");
        check_denied(0);
    }
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(client, NULL, MOST, flags, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "device_ids");
    check_denied(MOST);
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(client, ids, 1, NULL, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "allowed");
    reset_flags();
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(NULL, ids, MOST, flags, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "client");
    check_denied(MOST);
    reset_flags();
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(NULL, NULL, 10001, flags, NULL));
    check_denied(10001);
}

/* All devices share one deadline, and retries happen within it. */
static void unanswered(void) {
    struct server silent;
    mid_client *client;
    char *json = NULL;
    json_t *array;
    double from;
    server_start(&silent, NULL);
    client = server_client(&silent, ",\"timeout_ms\":300");
    reset_flags();
    from = check_now_ms();
    CHECK_STATUS(MID_TIMEOUT, mid_validate_many(client, ids, 100, flags, &json));
    CHECK(check_now_ms() - from <= 300 + check_slack_ms());
    array = array_of(json, 100);
    for (size_t n = 0; n < 100; n++) {
        CHECK(flags[n] == 0);
        CHECK(strcmp(text_at(array, n, "code"), "CLIENT_TIMEOUT") == 0);
    }
    json_decref(array);
    mid_client_free(client);

    /* It does not take long to report this for many devices that were never reached, or for many that cannot be asked
     * about. */
    client = server_client(&silent, ",\"timeout_ms\":300");
    for (int without_ids = 0; without_ids < 2; without_ids++) {
        static const char *const none[MOST];
        reset_flags();
        from = check_now_ms();
        CHECK_STATUS(without_ids ? MID_INVALID_ARGUMENT : MID_TIMEOUT,
                     mid_validate_many(client, without_ids ? none : ids, total, flags, &json));
        double took = check_now_ms() - from;
        if (!CHECK(took <= 300 + 1e-3 * (double)total + check_slack_ms()))
            fprintf(stderr, "    it took %.0f ms\n", took);
        check_denied(total);
        CHECK(json != NULL && strlen(json) > 80 * total && json[strlen(json) - 1] == ']');
        mid_free(json);
    }
    mid_client_free(client);

    /* Each device is asked about two more times, and then there is no answer. */
    server_answer(&silent, "503 Service Unavailable", "application/json", "{\"error\":\"busy\"}");
    client = server_client(&silent, ",\"timeout_ms\":60000");
    int before = server_requests(&silent);
    CHECK_STATUS(MID_UNAVAILABLE, mid_validate_many(client, ids, 10, flags, &json));
    CHECK(server_requests(&silent) == before + 30);
    array = array_of(json, 10);
    CHECK(strcmp(text_at(array, 9, "code"), "CLIENT_UNAVAILABLE") == 0);
    json_decref(array);
    mid_client_free(client);

    server_answer(&silent, "200 OK", "application/json", "{\"allowed\":true,\"allowed\":false}");
    client = server_client(&silent, "");
    reset_flags();
    CHECK_STATUS(MID_BAD_REPLY, mid_validate_many(client, ids, 20, flags, NULL));
    for (int n = 0; n < 20; n++) CHECK(flags[n] == 0);
    mid_client_free(client);
    server_stop(&silent);
}

/* Returns a reply with a decision and this many bytes more. The caller frees the text. */
static char *padded_reply(int bytes) {
    size_t size = (size_t)bytes + 256;
    char *reply = malloc(size);
    check_need(reply != NULL, "malloc");
    (void)snprintf(reply, size, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n{\"allowed\":true,\"code\":\"%0*d\"}",
                   26 + bytes, bytes, 0);
    return reply;
}

/* A reply that arrives, but too late to be read within the limit, decides nothing: there are 9 ms to read 240 KB. */
static void late(void) {
    struct server server;
    char *reply = padded_reply(240000), *json = NULL;
    json_t *array;
    mid_client *client;
    server_start(&server, reply);
    server.closes = 0;
    client = server_client(&server, ",\"timeout_ms\":9,\"max_retries\":0");
    for (int round = 0; round < 20; round++) {
        reset_flags();
        /* On a slow machine not even the connection is established by then. */
        mid_status status = mid_validate_many(client, ids, 3, flags, &json);
        CHECK(status == MID_TIMEOUT || status == MID_CONNECT_FAILED);
        check_denied(3);
        array = array_of(json, 3);
        for (size_t n = 0; n < 3; n++) CHECK(strncmp(text_at(array, n, "code"), "CLIENT_", 7) == 0);
        json_decref(array);
    }
    mid_client_free(client);
    server_stop(&server);
    free(reply);
}

/* If there is more text than room, the devices whose reply has no room get no decision, and are reported. */
static void large(void) {
    enum { BYTES = 240000, COUNT = 300, ROOM = 64 * 1024 * 1024 / (BYTES + 26) };
    struct server server;
    char *reply = padded_reply(BYTES), *json = NULL;
    json_t *array;
    mid_client *client;
    int allowed = 0;
    server_start(&server, reply);
    server.closes = 0;
    client = server_client(&server, ",\"timeout_ms\":100000");
    reset_flags();
    CHECK_STATUS(MID_BAD_REPLY, mid_validate_many(client, ids, COUNT, flags, &json));
    array = array_of(json, COUNT);
    for (size_t n = 0; n < COUNT; n++) {
        allowed += flags[n];
        CHECK(json_is_true(json_object_get(json_array_get(array, n), "allowed")) == flags[n]);
        CHECK((strcmp(text_at(array, n, "code"), "CLIENT_BAD_REPLY") == 0) == !flags[n]);
    }
    CHECK(allowed == ROOM);
    json_decref(array);
    /* Without JSON there is no such limit. */
    reset_flags();
    CHECK_STATUS(MID_OK, mid_validate_many(client, ids, COUNT, flags, NULL));
    for (size_t n = 0; n < COUNT; n++) CHECK(flags[n] == 1);
    mid_client_free(client);
    server_stop(&server);
    free(reply);
}

struct caller {
    mid_client *client;
    pthread_t thread;
    mid_status status;
    int flags[50];
};

static void *ask_for_fifty(void *argument) {
    struct caller *caller = argument;
    caller->status = mid_validate_many(caller->client, ids, 50, caller->flags, NULL);
    return NULL;
}

static void cancelled(void) {
    struct server silent;
    struct caller caller = {0};
    double from;
    server_start(&silent, NULL);
    caller.client = server_client(&silent, "");
    for (int n = 0; n < 50; n++) caller.flags[n] = 7;
    check_need(pthread_create(&caller.thread, NULL, ask_for_fifty, &caller) == 0, "pthread_create");
    server_await(&silent, 8);
    from = check_now_ms();
    mid_client_cancel(caller.client);
    check_need(pthread_join(caller.thread, NULL) == 0, "pthread_join");
    CHECK(check_now_ms() - from <= 250 + check_slack_ms());
    CHECK_STATUS(MID_CANCELLED, caller.status);
    for (int n = 0; n < 50; n++) CHECK(caller.flags[n] == 0);
    mid_client_free(caller.client);
    server_stop(&silent);
}

static void *ask_for_all(void *argument) {
    struct caller *caller = argument;
    caller->status = mid_validate_many(caller->client, ids, MOST, flags, NULL);
    return NULL;
}

/* Cancels after many devices have been allowed: none of them stays allowed. */
static void cancelled_midway(void) {
    struct server server;
    struct caller caller = {0};
    char *reply = padded_reply(10);
    server_start(&server, reply);
    server.closes = 0;
    caller.client = server_client(&server, ",\"timeout_ms\":600000");
    reset_flags();
    check_need(pthread_create(&caller.thread, NULL, ask_for_all, &caller) == 0, "pthread_create");
    server_await(&server, 500);
    mid_client_cancel(caller.client);
    check_need(pthread_join(caller.thread, NULL) == 0, "pthread_join");
    CHECK_STATUS(MID_CANCELLED, caller.status);
    check_denied(MOST);
    mid_client_free(caller.client);
    server_stop(&server);
    free(reply);
}

/* Runs beside other callers of the same client, each of which may drive the transfers or wait for a driver. */
static void beside_others(mid_client *client) {
    enum { CALLERS = 8 };
    struct caller callers[CALLERS];
    for (int n = 0; n < CALLERS; n++) {
        callers[n].client = client;
        check_need(pthread_create(&callers[n].thread, NULL, ask_for_fifty, &callers[n]) == 0, "pthread_create");
    }
    for (int n = 0; n < 200; n++) decide(client, ids[n], n % 3 != 0);
    for (int n = 0; n < CALLERS; n++) {
        check_need(pthread_join(callers[n].thread, NULL) == 0, "pthread_join");
        CHECK_STATUS(MID_OK, callers[n].status);
        for (int device = 0; device < 50; device++) CHECK(callers[n].flags[device] == (device % 3 != 0));
    }
}

int main(int argument_count, char **arguments_given) {
    mid_client *client = check_client("{\"timeout_ms\":600000}");
    if (argument_count > 1) total = (size_t)atol(arguments_given[1]);
    check_need(total >= DEVICES && total <= MOST, "a count from 900 to 200000");
    for (int n = 0; n < MOST; n++) {
        (void)snprintf(names[n], sizeof names[n], "many:%d", n);
        ids[n] = names[n];
    }
    ordered(client);
    countless(client);
    mixed(client);
    arguments(client);
    beside_others(client);
    mid_client_free(client);
    unanswered();
    late();
    /* Reading 72 MB is too slow under valgrind. */
    if (total > 100000) large();
    cancelled();
    cancelled_midway();
    return check_done();
}
