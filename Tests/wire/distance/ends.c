/*
 * How calls end while a second request is open: by a deadline, mid_client_cancel(), mid_client_free(), a fork and
 * exit(); for one caller, for many, for mid_validate_many() and for a guard.
 *
 *     ends [--calm]
 *
 * --calm, for valgrind, runs everything in one process and leaves out the processes that fork or exit during calls.
 */
#include "authority.h"
#include "parts.h"
#include "scripted.h"
#include "waiting.h"

#include <pthread.h>

enum { MOST_CALLERS = 24, MOST_SECOND = 8, PROMISED_MS = 250 };

enum end { BY_DEADLINE, BY_CANCEL, BY_FREE };
static const char *const end_names[] = {"deadline", "cancel", "free"};

static const struct act silence = {.body = NULL};
static const struct act allow = {.status = "200 OK", .body = ALLOWS_IT};

/* A client that has received one answer from an authority that gives no other. */
static mid_client *begin(struct scripted **scripted, int timeout_ms) {
    char options[64];
    int allowed = 0;
    mid_client *client;
    *scripted = scripted_start();
    (void)snprintf(options, sizeof options, ",\"max_retries\":0,\"timeout_ms\":%d", timeout_ms);
    client = scripted_client(*scripted, options);
    CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
    CHECK(allowed == 1);
    scripted_set(*scripted, NULL, 0, silence);
    return client;
}

static mid_guard *begin_guard(mid_client *client) {
    mid_guard *guard = NULL;
    CHECK_STATUS(MID_OK,
                 mid_guard_start(client, "agent", "{\"interval_ms\":20,\"max_age_ms\":20000}", &guard, NULL));
    return guard;
}

/* Waits until every caller has sent its request, and as many as may have sent it a second time. */
static void await_second(struct scripted *scripted, int callers) {
    int second = callers < MOST_SECOND ? callers : MOST_SECOND;
    if (!CHECK(scripted_await(scripted, &scripted->requests, callers + second))) exit(check_done());
}

static void end_calls(enum end end, int count) {
    struct caller callers[MOST_CALLERS];
    int timeout_ms = end == BY_DEADLINE ? 1200 + (int)check_slack_ms() : 60000;
    struct scripted *scripted;
    mid_client *client = begin(&scripted, timeout_ms);
    double from;
    for (int n = 0; n < count; n++) caller_start(&callers[n], client);
    await_second(scripted, count);
    if (end == BY_DEADLINE) {
        for (int n = 0; n < count; n++) caller_expect(&callers[n], MID_TIMEOUT, callers[n].began, timeout_ms + 50);
        /* The client keeps working, on connections that have never been silent. */
        scripted_set(scripted, NULL, 0, allow);
        for (int n = 0; n < 3; n++) {
            int allowed = 0;
            CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
            CHECK(allowed == 1);
        }
        CHECK(scripted_requests(scripted) == 3);
        from = check_now_ms();
        mid_client_free(client);
        CHECK(check_now_ms() - from <= PROMISED_MS + check_slack_ms());
    } else {
        for (int n = 0; n < count; n++) caller_await_blocked(&callers[n]);
        from = check_now_ms();
        (end == BY_CANCEL ? mid_client_cancel : mid_client_free)(client);
        CHECK(check_now_ms() - from <= (end == BY_CANCEL ? 0 : PROMISED_MS) + check_slack_ms());
        for (int n = 0; n < count; n++) caller_expect(&callers[n], MID_CANCELLED, from, PROMISED_MS);
        if (end == BY_CANCEL) mid_client_free(client);
    }
    scripted_stop(scripted);
}

/* ---- Many devices, and a guard ---- */

struct batch {
    pthread_t thread;
    mid_client *client;
    mid_status status;
    int allowed[MOST_CALLERS];
};

static void *ask_many(void *argument) {
    struct batch *batch = argument;
    const char *devices[MOST_CALLERS];
    for (int n = 0; n < MOST_CALLERS; n++) {
        devices[n] = "agent";
        batch->allowed[n] = 1;
    }
    batch->status = mid_validate_many(batch->client, devices, MOST_CALLERS, batch->allowed, NULL);
    return NULL;
}

static void end_many(enum end end) {
    int timeout_ms = end == BY_DEADLINE ? 1200 + (int)check_slack_ms() : 60000;
    struct scripted *scripted;
    struct batch batch = {.client = begin(&scripted, timeout_ms)};
    mid_guard *guard;
    scripted_set(scripted, &allow, 1, silence);
    guard = begin_guard(batch.client);
    check_need(pthread_create(&batch.thread, NULL, ask_many, &batch) == 0, "pthread_create");
    CHECK(scripted_await(scripted, &scripted->requests, 1 + MOST_CALLERS + 1 + MOST_SECOND));
    if (end == BY_CANCEL) mid_client_cancel(batch.client);
    if (end == BY_FREE) mid_client_free(batch.client);
    check_need(pthread_join(batch.thread, NULL) == 0, "pthread_join");
    CHECK_STATUS(end == BY_DEADLINE ? MID_TIMEOUT : MID_CANCELLED, batch.status);
    for (int n = 0; n < MOST_CALLERS; n++) CHECK(batch.allowed[n] == 0);
    if (end == BY_DEADLINE) {
        CHECK(mid_guard_allowed(guard) == 1);
    } else {
        CHECK_STATUS(MID_OK, mid_guard_wait(guard, PROMISED_MS + (int)check_slack_ms()));
        CHECK(is_readable(mid_guard_fd(guard)));
    }
    mid_guard_stop(guard);
    if (end != BY_FREE) mid_client_free(batch.client);
    scripted_stop(scripted);
}

/* ---- Processes ---- */

/* The child inherits no open request and opens its own connections. Each request of the parent is answered, on one of
 * its two connections. */
static void fork_during_calls(int count) {
    struct caller callers[MOST_CALLERS];
    struct scripted *scripted;
    mid_client *client = begin(&scripted, 60000);
    const struct act late = {.status = "200 OK", .body = ALLOWS_IT, .gate = 1};
    pid_t child;
    int allowed = 0;
    scripted_set(scripted, NULL, 0, late);
    for (int n = 0; n < count; n++) caller_start(&callers[n], client);
    await_second(scripted, count);
    (void)fflush(NULL);
    child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) {
        CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
        CHECK(allowed == 1);
        mid_client_free(client);
        child_done();
    }
    CHECK(scripted_await(scripted, &scripted->requests, count + (count < MOST_SECOND ? count : MOST_SECOND) + 1));
    scripted_open_gate(scripted);
    child_await(child, "the child");
    for (int n = 0; n < count; n++) {
        check_need(pthread_join(callers[n].thread, NULL) == 0, "pthread_join");
        CHECK_STATUS(MID_OK, callers[n].status);
        CHECK(callers[n].allowed == 1);
        mid_free(callers[n].json);
    }
    mid_client_free(client);
    scripted_stop(scripted);
}

static _Noreturn void run_to_exit(struct scripted *scripted, int tell, int ask) {
    struct caller callers[4];
    char byte;
    mid_client *client = scripted_client(scripted, ",\"max_retries\":0,\"timeout_ms\":60000");
    (void)begin_guard(client);
    check_need(write(tell, "", 1) == 1, "write");
    check_need(read(ask, &byte, 1) == 1, "read");
    for (int n = 0; n < 4; n++) caller_start(&callers[n], client);
    check_need(read(ask, &byte, 1) == 1, "read");
    exit(atomic_load(&check_failed) == 0 ? 0 : 1);
}

static void exit_during_calls(void) {
    struct scripted *scripted = scripted_start();
    int told[2], asked[2];
    char byte;
    pid_t child;
    check_need(pipe(told) == 0 && pipe(asked) == 0, "pipe");
    (void)fflush(NULL);
    child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) run_to_exit(scripted, told[1], asked[0]);
    check_need(read(told[0], &byte, 1) == 1, "read");
    scripted_set(scripted, NULL, 0, silence);
    check_need(write(asked[1], "", 1) == 1, "write");
    /* Four callers and a guard. */
    CHECK(scripted_await(scripted, &scripted->requests, 10));
    check_need(write(asked[1], "", 1) == 1, "write");
    child_await(child, "the process that ends");
    for (int n = 0; n < 2; n++) check_need(close(told[n]) == 0 && close(asked[n]) == 0, "close");
    scripted_stop(scripted);
}

/* ---- The parts ---- */

static const int counts[] = {1, 4, MOST_CALLERS};
enum { COUNTS = sizeof counts / sizeof *counts };

static void end_all(enum end end) {
    char about[64];
    check_about = about;
    for (int n = 0; n < COUNTS; n++) {
        (void)snprintf(about, sizeof about, "%s, %d callers", end_names[end], counts[n]);
        end_calls(end, counts[n]);
    }
    (void)snprintf(about, sizeof about, "%s, many devices and a guard", end_names[end]);
    end_many(end);
    check_about = "";
}

static void deadline(void) { end_all(BY_DEADLINE); }
static void cancel(void) { end_all(BY_CANCEL); }
static void freed(void) { end_all(BY_FREE); }
static void forked(void) {
    for (int n = 0; n < COUNTS; n++) fork_during_calls(counts[n]);
}

int main(int count, char **arguments) {
    static const struct part parts[] = {
        {"deadline", deadline}, {"cancel", cancel}, {"free", freed}, {"fork", forked}, {"exit", exit_during_calls}};
    if (count > 1 && strcmp(arguments[1], "--calm") == 0) {
        for (int end = BY_DEADLINE; end <= BY_FREE; end++) end_all((enum end)end);
    } else {
        PARTS_PLAY(parts);
    }
    return check_done();
}
