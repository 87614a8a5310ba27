/*
 * An outage is neither an answer nor a refusal: HTTP 408, 429 and 5xx become MID_UNAVAILABLE, whatever the body, after
 * the retries that fit. A short outage ends within the call, and the client works after a long one.
 */
#include "authority.h"
#include "operations.h"
#include "server.h"

static const char *const application_json = "application/json";

struct outage {
    const char *line, *part;
    int attempts; /* with max_retries 2 */
};

/* No text that the server sent is in the message. */
static void expect_said(char *json, const struct outage *outage) {
    CHECK(json != NULL && strstr(json, "peer") == NULL);
    check_failure(MID_UNAVAILABLE, json, outage->part);
}

static void expect_outage(struct server *server, mid_client *client, const struct outage *outage, const char *more) {
    static const char *const bodies[] = {"{\"status\":\"error\",\"error\":\"peer\",\"allowed\":true}",
                                         "<html>peer</html>", "", "{\"allowed\":true,\"deviceId\":\"agent\"}"};
    char line[256];
    (void)snprintf(line, sizeof line, "%s%s", outage->line, more);
    for (size_t body = 0; body < sizeof bodies / sizeof *bodies; body++) {
        server_answer(server, line, body == 1 ? "text/html" : application_json, bodies[body]);
        for (int n = 0; n < OPERATIONS; n++) {
            int allowed = 1;
            char *json = NULL;
            CHECK_STATUS(MID_UNAVAILABLE, operation_call(&operations[n], client, "agent", &allowed, &json));
            if (operation_decides(&operations[n])) CHECK(allowed == 0);
            expect_said(json, outage);
            CHECK_STATUS(MID_UNAVAILABLE, operation_call(&operations[n], client, "agent", &allowed, NULL));
        }
    }
}

static void expect_recovery(struct server *server, mid_client *client) {
    int allowed = 0;
    server_answer(server, "200 OK", application_json, "{\"allowed\":true,\"status\":\"ok\"}");
    for (int n = 0; n < OPERATIONS; n++)
        CHECK_STATUS(MID_OK, operation_call(&operations[n], client, "agent", &allowed, NULL));
    CHECK(allowed == 1);
}

static void each_status(void) {
    static const struct outage outages[] = {
        {"408 Request Timeout", "HTTP 408", 3},     {"429 Too Many peers", "HTTP 429", 3},
        {"500 Internal peer Error", "HTTP 500", 3}, {"501 Not Implemented", "HTTP 501", 1},
        {"502 Bad Gateway", "HTTP 502", 3},         {"503 Service Unavailable", "HTTP 503", 3},
        {"504 Gateway Timeout", "HTTP 504", 3},     {"505 HTTP Version Not Supported", "HTTP 505", 1},
        {"511 peer", "HTTP 511", 3},                {"599 peer", "HTTP 599", 3},
    };
    for (size_t n = 0; n < sizeof outages / sizeof *outages; n++) {
        struct server server;
        mid_client *once, *again;
        int allowed = 1, before;
        check_about = outages[n].line;
        server_start(&server, NULL);
        once = server_client(&server, ",\"max_retries\":0");
        again = server_client(&server, "");
        expect_outage(&server, once, &outages[n], "");
        expect_outage(&server, once, &outages[n], "\r\nRetry-After: peer");
        before = server_requests(&server);
        CHECK_STATUS(MID_UNAVAILABLE, mid_validate(again, "agent", &allowed, NULL));
        CHECK(allowed == 0 && server_requests(&server) == before + outages[n].attempts);
        expect_recovery(&server, once);
        expect_recovery(&server, again);
        mid_client_free(once);
        mid_client_free(again);
        server_stop(&server);
    }
    check_about = "";
}

/* A pause that does not fit is not waited for: the call ends at once, and reports the pause that was asked for. */
static void long_pauses(void) {
    static const struct {
        const char *line, *part;
    } cases[] = {
        {"429 Too Many Requests\r\nRetry-After: 30", "30 s (Retry-After)"},
        {"503 Service Unavailable\r\nRetry-After: 3600", "3600 s (Retry-After)"},
        {"500 Internal Server Error\r\nRetry-After: 86400", "more than 3600 s (Retry-After)"},
        {"503 Service Unavailable\r\nRetry-After: Fri, 31 Dec 2038 23:59:59 GMT", "more than 3600 s (Retry-After)"},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        struct server server;
        mid_client *client;
        mid_guard *guard = NULL;
        char *json = NULL;
        int allowed = 1;
        double from;
        check_about = cases[n].line;
        server_start(&server, NULL);
        server_answer(&server, cases[n].line, application_json, "{}");
        client = server_client(&server, "");
        from = check_now_ms();
        CHECK_STATUS(MID_UNAVAILABLE, mid_validate(client, "agent", &allowed, &json));
        CHECK(check_now_ms() - from <= 50 + check_slack_ms());
        CHECK(allowed == 0 && server_requests(&server) == 1);
        check_failure(MID_UNAVAILABLE, json, cases[n].part);
        CHECK_STATUS(MID_UNAVAILABLE, mid_guard_start(client, "agent", NULL, &guard, &json));
        CHECK(guard == NULL);
        check_failure(MID_UNAVAILABLE, json, cases[n].part);
        expect_recovery(&server, client);
        mid_client_free(client);
        server_stop(&server);
    }
    check_about = "";
}

/* The reply may belong to another request: then the answer to this one may still be on its way. */
static void meant_for_another(void) {
    struct server server;
    mid_client *client;
    char *json = NULL;
    int allowed = 1;
    server_start(&server, NULL);
    server_answer(&server, "503 Service Unavailable", application_json, "{\"error\":\"busy\",\"deviceId\":\"other\"}");
    client = server_client(&server, ",\"max_retries\":0");
    CHECK_STATUS(MID_BAD_REPLY, mid_validate(client, "agent", &allowed, &json));
    CHECK(allowed == 0);
    check_failure(MID_BAD_REPLY, json, "another device");
    expect_recovery(&server, client);
    mid_client_free(client);
    server_stop(&server);
}

enum { THREADS = 8, CALLS = 3, DEVICES = 16, TIMEOUT_MS = 10000 };

static atomic_int decided;

/* Each call gets its answer, or reports that there was none, in its time. */
static void *ask(void *client) {
    for (int n = 0; n < CALLS; n++) {
        int allowed = 7;
        double from = check_now_ms();
        mid_status status = mid_validate(client, "worker", &allowed, NULL);
        CHECK(check_now_ms() - from <= TIMEOUT_MS + check_slack_ms());
        if (status != MID_OK) CHECK_STATUS(MID_UNAVAILABLE, status);
        CHECK(allowed == (status == MID_OK));
        if (allowed == 1) atomic_fetch_add(&decided, 1);
    }
    return NULL;
}

/* An authority that answers every second request, and asks for a pause of a second at the others. */
static void every_second(void) {
    struct authority *authority = authority_start();
    mid_client *client = authority_client(authority, "");
    mid_guard *guard = guard_start(client, "{\"interval_ms\":500,\"max_age_ms\":20000}");
    const char *devices[DEVICES];
    int flags[DEVICES], allowed = 0, sum = 0;
    pthread_t threads[THREADS];
    struct sampler sampler;
    double from;
    check_about = "429 to every second request";
    sampler_start(&sampler, authority, guard, 20000);
    atomic_store(&authority->mood, WAVERS);
    for (int n = 0; n < THREADS; n++) check_need(pthread_create(&threads[n], NULL, ask, client) == 0, "pthread_create");
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    CHECK(atomic_load(&decided) >= THREADS);

    for (int n = 0; n < DEVICES; n++) devices[n] = "worker";
    from = check_now_ms();
    mid_status status = mid_validate_many(client, devices, DEVICES, flags, NULL);
    CHECK(check_now_ms() - from <= TIMEOUT_MS + check_slack_ms());
    for (int n = 0; n < DEVICES; n++) sum += flags[n] == 1;
    CHECK(sum > 0 && (status == MID_OK ? sum == DEVICES : status == MID_UNAVAILABLE && sum < DEVICES));
    CHECK(atomic_load(&sampler.zeros) == 0);

    /* With one thread and without a guard, it is certain which request is answered with a pause. */
    sampler_stop(&sampler, "every second");
    mid_guard_stop(guard);
    atomic_store(&authority->requests, 0);
    from = check_now_ms();
    CHECK_STATUS(MID_OK, mid_validate(client, "worker", &allowed, NULL));
    CHECK(allowed == 1 && atomic_load(&authority->requests) == 2);
    CHECK(check_now_ms() - from >= 1000);

    atomic_store(&authority->mood, ALLOWS);
    CHECK_STATUS(MID_OK, mid_validate_many(client, devices, DEVICES, flags, NULL));
    mid_client_free(client);
    authority_stop(authority);
    check_about = "";
}

/* A guard behaves the same: it has no decision, and reports why. */
static void guarded(void) {
    struct authority *authority = authority_start();
    mid_client *client = authority_client(authority, "");
    mid_guard *guard = guard_start(client, "{\"interval_ms\":50,\"max_age_ms\":300}");
    json_t *reply, *failure;
    char *json = NULL;
    int allowed = 1;
    atomic_store(&authority->mood, PUTS_OFF);
    CHECK_STATUS(MID_OK, mid_guard_wait(guard, 10000));
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, &json));
    CHECK(allowed == 0);
    reply = check_reply(json);
    CHECK(strcmp(json_string_value(json_object_get(reply, "state")), "lapsed") == 0);
    failure = json_object_get(reply, "failure");
    check_failure(MID_UNAVAILABLE, json_dumps(failure, JSON_COMPACT), "HTTP 503");
    json_decref(reply);
    atomic_store(&authority->mood, ALLOWS);
    AWAIT(mid_guard_allowed(guard) == 1);
    mid_guard_stop(guard);
    mid_client_free(client);
    authority_stop(authority);
}

int main(void) {
    each_status();
    long_pauses();
    meant_for_another();
    every_second();
    guarded();
    return check_done();
}
