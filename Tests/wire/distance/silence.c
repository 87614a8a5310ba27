/*
 * How many requests an authority receives: one that accepts and never answers, one that does not answer about some
 * devices, one that is slow, and one that answers normally, which receives exactly one request per call.
 */
#include "authority.h"
#include "operations.h"
#include "parts.h"
#include "scripted.h"

enum { SECOND = 8, ANSWERS_FOR_ONE = 10, MOST_THREADS = 32 };

struct caller {
    pthread_t thread;
    mid_client *client;
    pthread_barrier_t *together;
    int calls;
    mid_status expected;
    double within_ms;
};

/* The calls that took so long that their requests may have been sent a second time: the machine may be busy. */
static atomic_int long_calls;

static void *call(void *argument) {
    const struct caller *caller = argument;
    (void)pthread_barrier_wait(caller->together);
    for (int n = 0; n < caller->calls; n++) {
        int allowed = 7;
        char *json = NULL;
        double from = check_now_ms(), took;
        CHECK_STATUS(caller->expected, mid_validate(caller->client, "asked", &allowed, &json));
        took = check_now_ms() - from;
        CHECK(allowed == (caller->expected == MID_OK));
        if (!CHECK(took <= caller->within_ms + check_slack_ms())) fprintf(stderr, "    it took %.0f ms\n", took);
        if (took >= 500) atomic_fetch_add(&long_calls, 1);
        mid_free(json);
    }
    return NULL;
}

static void call_from(mid_client *client, int threads, int calls, mid_status expected, double within_ms) {
    struct caller callers[MOST_THREADS];
    pthread_barrier_t together;
    check_need(pthread_barrier_init(&together, NULL, (unsigned)threads) == 0, "pthread_barrier_init");
    for (int n = 0; n < threads; n++) {
        callers[n] = (struct caller){
            .client = client, .together = &together, .calls = calls, .expected = expected, .within_ms = within_ms};
        check_need(pthread_create(&callers[n].thread, NULL, call, &callers[n]) == 0, "pthread_create");
    }
    for (int n = 0; n < threads; n++) check_need(pthread_join(callers[n].thread, NULL) == 0, "pthread_join");
    check_need(pthread_barrier_destroy(&together) == 0, "pthread_barrier_destroy");
}

/* `drivers` is the number of threads that work for the others; each has a budget of its own. */
static void expect_requests(struct authority *authority, int calls, int answers, int drivers) {
    int requests = atomic_load(&authority->requests);
    if (!CHECK(requests >= calls && requests <= calls + drivers * SECOND + answers / ANSWERS_FOR_ONE))
        fprintf(stderr, "    %d requests for %d calls\n", requests, calls);
    printf("%s: %d requests for %d calls\n", check_about, requests, calls);
}

/* The authority accepts connections and never answers. */
static void silent(int threads, int calls) {
    struct authority *authority = authority_start();
    mid_client *client = authority_client(authority, ",\"max_retries\":0,\"timeout_ms\":400");
    atomic_store(&authority->mood, IS_SILENT);
    call_from(client, threads, calls, MID_TIMEOUT, 400);
    CHECK(atomic_load(&authority->requests) > threads * calls);
    expect_requests(authority, threads * calls, 0, 1);
    atomic_store(&authority->mood, ALLOWS);
    call_from(client, threads, 3, MID_OK, 400);
    mid_client_free(client);
    authority_stop(authority);
}

/* Every answer takes longer than the client's patience, which is at most a quarter of its timeout. */
static void slow(int threads, int calls, int drivers, const char *more) {
    struct authority *authority = authority_start();
    char options[96];
    mid_client *client;
    (void)snprintf(options, sizeof options, ",\"max_retries\":0,\"timeout_ms\":2400%s", more);
    client = authority_client(authority, options);
    atomic_store(&authority->delay_ms, 800);
    call_from(client, threads, calls, MID_OK, 2400);
    CHECK(atomic_load(&authority->requests) > threads * calls);
    expect_requests(authority, threads * calls, threads * calls, drivers);
    mid_client_free(client);
    authority_stop(authority);
}

/* A normal authority receives exactly as many requests as there are calls. */
static void steady(int threads, int calls) {
    struct authority *authority = authority_start();
    mid_client *client = authority_client(authority, "");
    int requests;
    atomic_store(&authority->delay_ms, 20);
    atomic_store(&long_calls, 0);
    call_from(client, threads, calls / threads, MID_OK, 10000);
    requests = atomic_load(&authority->requests);
    if (!CHECK(requests >= calls && requests <= calls + atomic_load(&long_calls)))
        fprintf(stderr, "    %d calls took long\n", atomic_load(&long_calls));
    printf("%s: %d requests for %d calls\n", check_about, requests, calls);
    mid_client_free(client);
    authority_stop(authority);
}

/* ---- An authority that is silent about some devices ---- */

enum { MUTE = 20, MUTE_MS = 3000 };
static atomic_int mute_calls_over;

static void *ask_mute(void *client) {
    int allowed = 7;
    CHECK_STATUS(MID_TIMEOUT, mid_validate(client, "mute", &allowed, NULL));
    CHECK(allowed == 0);
    atomic_fetch_add(&mute_calls_over, 1);
    return NULL;
}

/* Answers about other devices earn second requests about these, but at most eight are open at once, and each is
 * replaced once at most, so no more are sent before the first of the calls has ended. */
static void some_devices(void) {
    struct scripted *scripted = scripted_start();
    mid_client *client = scripted_client(scripted, ",\"max_retries\":0,\"timeout_ms\":3000"); /* MUTE_MS */
    pthread_t threads[MUTE];
    int calls = 0, muted = 0;
    double from = check_now_ms();
    scripted->mute = "\"mute\"";
    for (int n = 0; n < MUTE; n++)
        check_need(pthread_create(&threads[n], NULL, ask_mute, client) == 0, "pthread_create");
    for (; atomic_load(&mute_calls_over) < MUTE; calls++) {
        int allowed = 0;
        CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
        CHECK(allowed == 1);
        scripted_lock(scripted);
        if (check_now_ms() - from < MUTE_MS) muted = scripted->muted;
        scripted_unlock(scripted);
    }
    for (int n = 0; n < MUTE; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    CHECK(calls > 500);
    printf("%s: %d requests for %d calls, and %d about others\n", check_about, muted, MUTE, calls);
    CHECK(muted > MUTE && muted <= MUTE + 2 * SECOND);
    mid_client_free(client);
    scripted_stop(scripted);
}

/* ---- A second request that is lost as well ---- */

/* It is replaced once, when the time that answers usually take is known. */
static void losses(int count, mid_status expected) {
    static const struct act allow = {.status = "200 OK", .body = ALLOWS_IT};
    struct act acts[SCRIPT_ACTS] = {allow, allow, allow};
    struct scripted *scripted = scripted_start();
    mid_client *client = scripted_client(scripted, ",\"max_retries\":0,\"timeout_ms\":4000");
    int allowed = 0, requests;
    double from;
    scripted_set(scripted, acts, 3 + count, allow); /* an act of zeros is a request without a reply */
    for (int n = 0; n < 3; n++) CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
    from = check_now_ms();
    CHECK_STATUS(expected, mid_validate(client, "agent", &allowed, NULL));
    CHECK(allowed == (expected == MID_OK));
    if (expected == MID_OK) CHECK(check_now_ms() - from <= count * 600 + check_slack_ms());
    requests = scripted_requests(scripted) - 3;
    if (!CHECK(requests == 3)) fprintf(stderr, "    %d requests\n", requests);
    mid_client_free(client);
    scripted_stop(scripted);
}

static void two_losses(void) { losses(2, MID_OK); }
static void three_losses(void) { losses(3, MID_TIMEOUT); }

/* ---- An authority that refuses the second request's connection ---- */

static void *ask_in_vain(void *client) {
    int allowed = 7;
    CHECK_STATUS(MID_TIMEOUT, mid_validate(client, "agent", &allowed, NULL));
    CHECK(allowed == 0);
    return NULL;
}

/* Another connection is tried after half a second each time, and not at once. */
static void refused(void) {
    struct scripted *scripted = scripted_start();
    mid_client *client = scripted_client(scripted, ",\"max_retries\":0,\"timeout_ms\":4000");
    const struct act allow = {.status = "200 OK", .body = ALLOWS_IT};
    pthread_t thread;
    char *json = NULL;
    json_t *stats;
    int allowed = 0, hedges;
    scripted_set(scripted, &allow, 1, (struct act){.body = NULL});
    CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
    check_need(pthread_create(&thread, NULL, ask_in_vain, client) == 0, "pthread_create");
    CHECK(scripted_await(scripted, &scripted->requests, 2));
    scripted_accept_no_more(scripted);
    scripted_close(scripted);
    check_need(pthread_join(thread, NULL) == 0, "pthread_join");
    CHECK_STATUS(MID_OK, mid_client_stats(client, &json));
    stats = check_reply(json);
    hedges = (int)json_integer_value(json_object_get(stats, "hedges"));
    if (!CHECK(hedges >= 1 && hedges <= SECOND)) fprintf(stderr, "    %d hedges\n", hedges);
    json_decref(stats);
    mid_client_free(client);
    scripted_stop(scripted);
}

/* ---- Operations that change something ---- */

/* They are sent once: a second copy might be carried out late, after the caller's next operation. The others are asked
 * a second time. */
static void changes(void) {
    for (size_t n = 0; n < OPERATIONS; n++) {
        const struct operation *operation = &operations[n];
        int only_asks = operation_decides(operation) || !operation_names_device(operation), allowed = 0, requests;
        struct scripted *scripted = scripted_start();
        mid_client *client = scripted_client(scripted, ",\"max_retries\":0,\"timeout_ms\":1200");
        scripted_set(scripted, NULL, 0, (struct act){.body = NULL});
        CHECK_STATUS(MID_TIMEOUT, operation_call(operation, client, "agent", &allowed, NULL));
        requests = scripted_requests(scripted);
        if (!CHECK(requests == 1 + only_asks)) fprintf(stderr, "    %s: %d requests\n", operation->name, requests);
        mid_client_free(client);
        scripted_stop(scripted);
    }
}

/* ---- The parts ---- */

static void silent_alone(void) { silent(1, 12); }
static void silent_together(void) { silent(24, 2); }
static void slow_alone(void) { slow(1, 3, 1, ""); }
static void slow_together(void) { slow(16, 3, 1, ""); }
/* With as many threads as connections, several threads work for the others. */
static void slow_crowded(void) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    slow(16, 3, processors < 4 ? (int)processors : 4, ",\"max_connections\":16");
}
static void steady_alone(void) { steady(1, 100); }
static void steady_together(void) { steady(10, 1000); }

int main(void) {
    static const struct part parts[] = {
        {"silent, 1 thread", silent_alone},
        {"silent, 24 threads", silent_together},
        {"slow, 1 thread", slow_alone},
        {"slow, 16 threads", slow_together},
        {"slow, 16 threads, 16 connections", slow_crowded},
        {"silent about some devices", some_devices},
        {"two requests are lost", two_losses},
        {"three requests are lost", three_losses},
        {"the second request is refused a connection", refused},
        {"operations that change something", changes},
        {"normal, 1 thread", steady_alone},
        {"normal, 10 threads", steady_together},
    };
    PARTS_PLAY(parts);
    return check_done();
}
