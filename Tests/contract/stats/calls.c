/*
 * mid_client_stats() over an emulator: N calls of each kind by 16 threads are counted as exactly N, by operation,
 * status and code; every request went out on a connection; and the report has the shape of docs/observability.md.
 *
 *     calls [ROUNDS]
 */
#include "stats.h"

#include <pthread.h>

enum { THREADS = 16, MANY = 3 };

static mid_client *client;
static int rounds = 20;

static void *call(void *unused) {
    static const char *const devices[MANY] = {"allowed", "revoked", "unknown"};
    int allowed, flags[MANY];
    (void)unused;
    for (int n = 0; n < rounds; n++) {
        CHECK_STATUS(MID_OK, mid_register(client, "allowed", NULL));
        CHECK_STATUS(MID_OK, mid_validate(client, "allowed", &allowed, NULL));
        CHECK_STATUS(MID_OK, mid_validate(client, "revoked", &allowed, NULL));
        CHECK_STATUS(MID_OK, mid_validate(client, "unknown", &allowed, NULL));
        CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate(client, "", &allowed, NULL));
        CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate(client, "allowed", NULL, NULL));
        CHECK_STATUS(MID_OK, mid_validate_many(client, devices, MANY, flags, NULL));
        CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate_many(client, NULL, MANY, flags, NULL));
        CHECK_STATUS(MID_OK, mid_list_devices(client, NULL));
        CHECK_STATUS(MID_OK, mid_usage(client, NULL));
        CHECK_STATUS(MID_REFUSED, mid_revoke(client, "unknown", NULL));
        CHECK_STATUS(MID_REFUSED, mid_unrevoke(client, "unknown", NULL));
        CHECK_STATUS(MID_REFUSED, mid_restore(client, "unknown", NULL));
        CHECK_STATUS(MID_REFUSED, mid_remove(client, "unknown", NULL));
    }
    return NULL;
}

/* Every status of the header is there for every operation, and each call is in one bucket. */
static void expect_shape(void) {
    static const char *const members[] = {"age_ms", "calls",       "decisions",      "retries",     "resends",
                                          "hedges", "connections", "tls_handshakes", "last_answer", "guards"};
    static const char *const operations[] = {"register", "validate", "list_devices",  "revoke",      "unrevoke",
                                             "remove",   "usage",    "validate_many", "guard_start", "guard_check"};
    static const mid_status statuses[] = {
        MID_OK,          MID_REFUSED,    MID_INVALID_ARGUMENT, MID_INVALID_OPTIONS, MID_NO_ORG_KEY,
        MID_RESOLVE_FAILED, MID_CONNECT_FAILED, MID_TLS_FAILED, MID_TRANSFER_FAILED, MID_TIMEOUT,
        MID_UNAVAILABLE, MID_BAD_REPLY,  MID_CANCELLED,        MID_OUT_OF_MEMORY,   MID_INTERNAL,
    };
    static const char *const bounds[] = {"1",   "2",   "5",    "10",   "20",   "50",    "100",
                                         "200", "500", "1000", "2000", "5000", "10000", "+Inf"};
    json_t *report = stats_of(client);
    json_t *calls = json_object_get(report, "calls");
    CHECK(json_object_size(report) == sizeof members / sizeof *members);
    for (size_t n = 0; n < sizeof members / sizeof *members; n++) CHECK(json_object_get(report, members[n]) != NULL);
    CHECK(json_object_size(calls) == sizeof operations / sizeof *operations);
    for (size_t n = 0; n < sizeof operations / sizeof *operations; n++) {
        json_t *operation = json_object_get(calls, operations[n]);
        json_t *counts = json_object_get(operation, "statuses");
        json_t *buckets = stats_member(operation, "duration_ms/buckets");
        json_int_t sum = 0, last = 0, count = json_integer_value(stats_member(operation, "duration_ms/count"));
        check_about = operations[n];
        CHECK(json_object_size(counts) == sizeof statuses / sizeof *statuses);
        for (size_t s = 0; s < sizeof statuses / sizeof *statuses; s++) {
            json_t *found = json_object_get(counts, mid_status_name(statuses[s]));
            CHECK(json_is_integer(found));
            sum += json_integer_value(found);
        }
        CHECK(json_object_size(buckets) == sizeof bounds / sizeof *bounds);
        for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
            json_t *found = json_object_get(buckets, bounds[b]);
            CHECK(json_is_integer(found) && json_integer_value(found) >= last);
            last = json_integer_value(found);
        }
        CHECK(sum == count && last == count);
        CHECK(json_integer_value(stats_member(operation, "duration_ms/sum")) >= 0);
    }
    check_about = "";
    json_decref(report);
}

static void expect_arguments_are_checked(void) {
    char *json = NULL;
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_client_stats(client, NULL));
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_client_stats(NULL, NULL));
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_client_stats(NULL, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "client is NULL");
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    long long calls, requests;
    int allowed;
    if (count > 1) rounds = atoi(arguments[1]);
    calls = (long long)THREADS * rounds;
    client = check_client("{\"max_connections\":8}");
    expect_arguments_are_checked();
    expect_shape();
    CHECK_NUMBER(-1, client, "last_answer/age_ms");
    CHECK_STATUS(MID_OK, mid_register(client, "allowed", NULL));
    CHECK_STATUS(MID_OK, mid_register(client, "revoked", NULL));
    CHECK_STATUS(MID_OK, mid_revoke(client, "revoked", NULL));
    for (int n = 0; n < THREADS; n++) check_need(pthread_create(&threads[n], NULL, call, NULL) == 0, "pthread_create");
    /* Reading disturbs nobody. */
    for (int n = 0; n < rounds; n++) json_decref(stats_of(client));
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");

    expect_shape();
    CHECK_CALLS(calls + 2, client, "register", MID_OK);
    CHECK_CALLS(3 * calls, client, "validate", MID_OK);
    CHECK_CALLS(2 * calls, client, "validate", MID_INVALID_ARGUMENT);
    CHECK_CALLS(calls, client, "validate_many", MID_OK);
    CHECK_CALLS(calls, client, "validate_many", MID_INVALID_ARGUMENT);
    CHECK_CALLS(calls, client, "list_devices", MID_OK);
    CHECK_CALLS(calls, client, "usage", MID_OK);
    CHECK_CALLS(1, client, "revoke", MID_OK);
    CHECK_CALLS(calls, client, "revoke", MID_REFUSED);
    CHECK_CALLS(2 * calls, client, "unrevoke", MID_REFUSED);
    CHECK_CALLS(calls, client, "remove", MID_REFUSED);
    CHECK_NUMBER(2 * calls, client, "decisions/allowed/ALLOW");
    CHECK_NUMBER(0, client, "decisions/allowed/other");
    CHECK_NUMBER(2 * calls, client, "decisions/denied/DEVICE_REVOKED");
    CHECK_NUMBER(2 * calls, client, "decisions/denied/other");
    CHECK_NUMBER(0, client, "retries");
    CHECK_NUMBER(0, client, "tls_handshakes");
    CHECK(stats_number(client, "last_answer/age_ms") >= 0);
    /* A hedge that had not gone out when it was no longer needed is on no connection. */
    requests = stats_number(client, "connections/made") + stats_number(client, "connections/reused")
             - stats_number(client, "resends");
    CHECK(requests >= 13 * calls + 3 && requests <= 13 * calls + 3 + stats_number(client, "hedges"));

    mid_client_cancel(client);
    CHECK_STATUS(MID_CANCELLED, mid_validate(client, "allowed", &allowed, NULL));
    CHECK_CALLS(1, client, "validate", MID_CANCELLED);
    mid_client_free(client);
    return check_done();
}
