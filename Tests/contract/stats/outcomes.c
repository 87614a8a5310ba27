/*
 * mid_client_stats(): calls without an answer, by 16 threads, are counted as exactly as many, with their retries; and
 * what a reply holds beyond what the authority documents makes no new counter.
 *
 *     outcomes [ROUNDS]
 */
#include "server.h"
#include "stats.h"

enum { THREADS = 16 };

static mid_client *client;
static mid_status expected;
static int rounds = 5;

static void *validate(void *unused) {
    (void)unused;
    for (int n = 0; n < rounds; n++) {
        int allowed = 1;
        CHECK_STATUS(expected, mid_validate(client, "agent", &allowed, NULL));
        CHECK(allowed == 0);
    }
    return NULL;
}

static void validate_by_all(mid_status status) {
    pthread_t threads[THREADS];
    expected = status;
    for (int n = 0; n < THREADS; n++)
        check_need(pthread_create(&threads[n], NULL, validate, NULL) == 0, "pthread_create");
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
}

static void each_outcome(void) {
    static const struct {
        const char *about, *line, *body, *options;
        mid_status status;
        int retries, is_answer;
    } cases[] = {
        {"refused", "401 Unauthorized", "{\"error\":\"invalid_org_key\"}", "", MID_REFUSED, 0, 1},
        {"unavailable", "503 Service Unavailable", "{}", ",\"max_retries\":1", MID_UNAVAILABLE, 1, 0},
        {"no retries", "503 Service Unavailable", "{}", ",\"max_retries\":0", MID_UNAVAILABLE, 0, 0},
        {"no outage to retry", "501 Not Implemented", "{}", ",\"max_retries\":2", MID_UNAVAILABLE, 0, 0},
        {"bad reply", "200 OK", "{\"allowed\":1}", "", MID_BAD_REPLY, 0, 0},
    };
    long long calls = (long long)THREADS * rounds;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        struct server server;
        char path[64];
        check_about = cases[n].about;
        server_start(&server, NULL);
        server_answer(&server, cases[n].line, "application/json", cases[n].body);
        client = server_client(&server, cases[n].options);
        validate_by_all(cases[n].status);
        (void)snprintf(path, sizeof path, "calls/validate/statuses/%s", mid_status_name(cases[n].status));
        CHECK_NUMBER(calls, client, path);
        CHECK_NUMBER(calls, client, "calls/validate/duration_ms/count");
        CHECK_NUMBER(calls * cases[n].retries, client, "retries");
        CHECK((stats_number(client, "last_answer/age_ms") >= 0) == cases[n].is_answer);
        mid_client_free(client);
        server_stop(&server);
    }
    check_about = "";
}

static void no_server(void) {
    struct server server;
    long long calls = (long long)THREADS * rounds;
    server_start(&server, NULL);
    client = server_client(&server, ",\"max_retries\":1");
    server_stop(&server);
    validate_by_all(MID_CONNECT_FAILED);
    CHECK_CALLS(calls, client, "validate", MID_CONNECT_FAILED);
    CHECK_NUMBER(calls, client, "retries");
    CHECK_NUMBER(0, client, "connections/made");
    mid_client_free(client);
}

/* The time of a call is in the buckets from its own on. */
static void time_out(void) {
    struct server server;
    server_start(&server, NULL);
    client = server_client(&server, ",\"timeout_ms\":300");
    rounds = 1;
    validate_by_all(MID_TIMEOUT);
    CHECK_CALLS(THREADS, client, "validate", MID_TIMEOUT);
    CHECK_NUMBER(0, client, "calls/validate/duration_ms/buckets/200");
    CHECK_NUMBER(THREADS, client, "calls/validate/duration_ms/buckets/+Inf");
    CHECK(stats_number(client, "calls/validate/duration_ms/sum") >= THREADS * 299);
    mid_client_free(client);
    server_stop(&server);
}

#define ID_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Codes and ids of all kinds. An id that is not kept is NULL here. */
static void each_code(void) {
    static const struct {
        const char *body, *counter, *request_id;
    } cases[] = {
        {"{\"allowed\":true,\"code\":\"ALLOW\",\"request_id\":\"1\"}", "decisions/allowed/ALLOW", "1"},
        {"{\"allowed\":true,\"request_id\":\"" ID_64 "\"}", "decisions/allowed/other", ID_64},
        {"{\"allowed\":true,\"code\":\"DEVICE_REVOKED\",\"request_id\":\"" ID_64 "0\"}", "decisions/allowed/other",
         NULL},
        {"{\"allowed\":false,\"code\":\"DEVICE_REVOKED\",\"request_id\":\"a b\"}", "decisions/denied/DEVICE_REVOKED",
         NULL},
        {"{\"allowed\":false,\"code\":\"PLAN_FROZEN\",\"request_id\":\"a\\\"b\"}", "decisions/denied/PLAN_FROZEN",
         NULL},
        {"{\"allowed\":false,\"code\":\"PLAN_NOT_ACTIVE\",\"request_id\":\"\\u00e9\"}",
         "decisions/denied/PLAN_NOT_ACTIVE", NULL},
        {"{\"allowed\":false,\"code\":\"SOME_NEW_REASON\",\"request_id\":7}", "decisions/denied/other", NULL},
        {"{\"allowed\":false,\"code\":\"ALLOW\",\"request_id\":\"a\\nb\"}", "decisions/denied/other", NULL},
        {"{\"allowed\":false,\"code\":[],\"request_id\":\"x-2\"}", "decisions/denied/other", "x-2"},
    };
    struct server server;
    server_start(&server, NULL);
    client = server_client(&server, "");
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        long long before = stats_number(client, cases[n].counter);
        json_t *report, *id;
        int allowed;
        check_about = cases[n].body;
        server_answer(&server, "200 OK", "application/json", cases[n].body);
        CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
        CHECK(stats_number(client, cases[n].counter) == before + 1);
        report = stats_of(client);
        CHECK(json_object_size(stats_member(report, "decisions/allowed")) == 2);
        CHECK(json_object_size(stats_member(report, "decisions/denied")) == 4);
        id = stats_member(report, "last_answer/request_id");
        if (cases[n].request_id == NULL) {
            CHECK(json_is_null(id));
        } else {
            CHECK(json_is_string(id) && strcmp(json_string_value(id), cases[n].request_id) == 0);
        }
        json_decref(report);
    }
    check_about = "";
    mid_client_free(client);
    server_stop(&server);
}

int main(int count, char **arguments) {
    if (count > 1) rounds = atoi(arguments[1]);
    each_outcome();
    no_server();
    time_out();
    each_code();
    return check_done();
}
