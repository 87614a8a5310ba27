/*
 * mid_validate_many() against the emulator: every device gets its own answer, in order, whatever becomes of the others.
 */
#include "decisions.h"
#include "server.h"

enum { DEVICES = 900, MOST = 10000 };

static char names[MOST][24];
static const char *ids[MOST + 1];
static int flags[MOST + 1];

static void reset_flags(size_t count) {
    for (size_t n = 0; n < count; n++) flags[n] = 7;
}

/* Takes the array and checks its length. The caller frees it. */
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
    reset_flags(DEVICES);
    CHECK_STATUS(MID_OK, mid_validate_many(client, ids, DEVICES, flags, &json));
    array = array_of(json, DEVICES);
    for (int n = 0; n < DEVICES; n++) {
        CHECK(flags[n] == (n % 3 != 0));
        CHECK(strcmp(text_at(array, (size_t)n, "deviceId"), ids[n]) == 0);
        CHECK(json_is_true(json_object_get(json_array_get(array, (size_t)n), "allowed")) == flags[n]);
    }
    json_decref(array);
    reset_flags(MOST);
    CHECK_STATUS(MID_OK, mid_validate_many(client, ids, MOST, flags, NULL));
    for (int n = 0; n < MOST; n++) CHECK(flags[n] == (n < DEVICES && n % 3 != 0));
}

/* A device that cannot be asked about costs only itself its decision. */
static void mixed(mid_client *client) {
    const char *some[] = {ids[1], NULL, ids[2], "", "not\xff" "utf8", ids[0], ids[4]};
    char *json = NULL;
    json_t *array;
    reset_flags(7);
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

static void arguments(mid_client *client) {
    char *json = NULL;
    json_t *array;
    reset_flags(MOST + 1);
    CHECK_STATUS(MID_OK, mid_validate_many(client, ids, 0, flags, &json));
    array = array_of(json, 0);
    json_decref(array);
    CHECK(flags[0] == 7);
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(client, ids, MOST + 1, flags, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "count");
    CHECK(flags[0] == 0 && flags[MOST - 1] == 0 && flags[MOST] == 7);
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(client, ids, (size_t)-1, flags, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "count");
    flags[0] = 7;
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(client, NULL, 1, flags, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "device_ids");
    CHECK(flags[0] == 0);
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(client, ids, 1, NULL, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "allowed");
    flags[0] = 7;
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(NULL, ids, 1, flags, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "client");
    CHECK(flags[0] == 0);
}

/* One deadline for all, and retries within it. */
static void unanswered(void) {
    struct server silent;
    mid_client *client;
    char *json = NULL;
    json_t *array;
    double from;
    server_start(&silent, NULL);
    client = server_client(&silent, ",\"timeout_ms\":300");
    reset_flags(100);
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

    /* Each is asked about again, twice, and then has the authority's refusal. */
    server_answer(&silent, "503 Service Unavailable", "application/json", "{\"error\":\"busy\"}");
    client = server_client(&silent, ",\"timeout_ms\":60000");
    int before = server_requests(&silent);
    CHECK_STATUS(MID_REFUSED, mid_validate_many(client, ids, 10, flags, &json));
    CHECK(server_requests(&silent) == before + 30);
    array = array_of(json, 10);
    CHECK(strcmp(text_at(array, 9, "error"), "busy") == 0);
    json_decref(array);
    mid_client_free(client);

    server_answer(&silent, "200 OK", "application/json", "{\"allowed\":true,\"allowed\":false}");
    client = server_client(&silent, "");
    reset_flags(20);
    CHECK_STATUS(MID_BAD_REPLY, mid_validate_many(client, ids, 20, flags, NULL));
    for (int n = 0; n < 20; n++) CHECK(flags[n] == 0);
    mid_client_free(client);
    server_stop(&silent);
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

/* Beside other callers of the same client, who drive and are driven. */
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

int main(void) {
    mid_client *client = check_client("{\"timeout_ms\":600000}");
    for (int n = 0; n < MOST; n++) {
        (void)snprintf(names[n], sizeof names[n], "many:%d", n);
        ids[n] = names[n];
    }
    ids[MOST] = "one too many";
    ordered(client);
    mixed(client);
    arguments(client);
    beside_others(client);
    mid_client_free(client);
    unanswered();
    cancelled();
    return check_done();
}
