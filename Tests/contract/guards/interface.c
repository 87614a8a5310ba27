/*
 * The functions of a guard, one by one: arguments, final denials, the descriptor, waiting, the ways to end, the thread.
 */
#include "authority.h"
#include "detached.h"
#include "waiting.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/epoll.h>

static const char quick[] = "{\"interval_ms\":50}";

/* The number of threads of this process that have the guard thread's name. */
static int guard_threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int count = 0;
    check_need(tasks != NULL, "/proc/self/task");
    while ((task = readdir(tasks)) != NULL) {
        char path[300];
        char name[32] = "";
        (void)snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        FILE *file = fopen(path, "r");
        if (file == NULL) continue;
        if (fgets(name, sizeof name, file) != NULL && strcmp(name, "machineid-guard\n") == 0) count++;
        (void)fclose(file);
    }
    check_need(closedir(tasks) == 0, "closedir");
    return count;
}

/* Checks that the last guard's thread has been joined. The kernel may show such a thread for a moment longer. */
static void check_no_thread(void) {
    CHECK(atomic_load(&detached) == 0);
    AWAIT(guard_threads() == 0);
}

static void arguments(struct authority *authority) {
    mid_client *client = authority_client(authority, "");
    mid_guard *guard = (mid_guard *)client;
    char *json = NULL;
    int allowed = 7;
    static const char *const wrong[][2] = {
        {"{\"interval\":50}", "interval"},
        {"{\"interval_ms\":19}", "interval_ms"},
        {"{\"interval_ms\":3600001}", "interval_ms"},
        {"{\"interval_ms\":\"50\"}", "interval_ms"},
        {"{\"interval_ms\":50,\"interval_ms\":50}", "repeats"},
        {"{\"interval_ms\":100,\"max_age_ms\":199}", "max_age_ms"},
        {"{\"max_age_ms\":9999}", "max_age_ms"},
        {"{\"interval_ms\":20,\"max_age_ms\":20001}", "max_age_ms"},
        {"[]", "object"},
        {"", "options"},
    };
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        guard = (mid_guard *)client;
        CHECK_STATUS(MID_INVALID_OPTIONS, mid_guard_start(client, "guarded", wrong[n][0], &guard, &json));
        check_failure(MID_INVALID_OPTIONS, json, wrong[n][1]);
        CHECK(guard == NULL);
    }
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_guard_start(NULL, "guarded", NULL, &guard, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "client");
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_guard_start(client, NULL, NULL, &guard, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "device_id");
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_guard_start(client, "guarded", NULL, NULL, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "guard");

    CHECK(mid_guard_allowed(NULL) == 0);
    CHECK(mid_guard_fd(NULL) == -1);
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_guard_wait(NULL, 0));
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_guard_decision(NULL, &allowed, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "guard");
    CHECK(allowed == 0);
    mid_guard_stop(NULL);

    guard = guard_start(client, NULL);
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_guard_decision(guard, NULL, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "allowed");
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, NULL));
    CHECK(allowed == 1);
    mid_guard_stop(guard);

    /* Without a decision there is no guard. */
    atomic_store(&authority->mood, REFUSES);
    CHECK_STATUS(MID_REFUSED, mid_guard_start(client, "guarded", NULL, &guard, &json));
    check_reply_text(json, "error", "invalid_org_key");
    CHECK(guard == NULL);
    atomic_store(&authority->mood, TELLS_NONSENSE);
    CHECK_STATUS(MID_BAD_REPLY, mid_guard_start(client, "guarded", NULL, &guard, &json));
    check_failure(MID_BAD_REPLY, json, NULL);
    CHECK(guard == NULL);
    /* A denial makes a guard that is denied from the start and needs no thread. */
    atomic_store(&authority->mood, DENIES);
    CHECK_STATUS(MID_OK, mid_guard_start(client, "guarded", NULL, &guard, &json));
    check_reply_text(json, "code", "DEVICE_REVOKED");
    if (CHECK(guard != NULL)) {
        CHECK(mid_guard_allowed(guard) == 0 && is_readable(mid_guard_fd(guard)));
        CHECK(guard_threads() == 0);
    }
    mid_guard_stop(guard);
    mid_client_free(client);
    atomic_store(&authority->mood, ALLOWS);
}

static void descriptor(struct authority *authority) {
    mid_client *client = authority_client(authority, "");
    mid_guard *guard = guard_start(client, quick);
    int watched = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 42}};
    char byte;
    int file = mid_guard_fd(guard);
    CHECK(file >= 0 && file == mid_guard_fd(guard));
    check_need(watched >= 0 && epoll_ctl(watched, EPOLL_CTL_ADD, file, &event) == 0, "epoll");
    /* A lapse does not make it readable. */
    atomic_store(&authority->mood, HANGS_UP);
    AWAIT(mid_guard_allowed(guard) == 0);
    CHECK(!is_readable(file));
    atomic_store(&authority->mood, DENIES);
    CHECK(epoll_wait(watched, &event, 1, 10000) == 1 && event.data.u64 == 42);
    CHECK(mid_guard_allowed(guard) == 0);
    for (int n = 0; n < 3; n++) {
        CHECK(is_readable(file));
        CHECK(read(file, &byte, 1) == 0);
    }
    check_need(close(watched) == 0, "close");
    mid_guard_stop(guard);
    mid_client_free(client);
    atomic_store(&authority->mood, ALLOWS);
}

struct waiter {
    struct caller caller;
    mid_guard *guard;
};

static void *wait_for_the_end(void *argument) {
    struct waiter *waiter = argument;
    atomic_store(&waiter->caller.task, (int)syscall(SYS_gettid));
    CHECK_STATUS(MID_OK, mid_guard_wait(waiter->guard, -1));
    atomic_store(&waiter->caller.is_done, 1);
    return NULL;
}

/* Returns once the thread is inside mid_guard_wait(). */
static void waiter_start(struct waiter *waiter, mid_guard *guard) {
    memset(waiter, 0, sizeof *waiter);
    waiter->guard = guard;
    check_need(pthread_create(&waiter->caller.thread, NULL, wait_for_the_end, waiter) == 0, "pthread_create");
    while (atomic_load(&waiter->caller.task) == 0) (void)sched_yield();
    caller_await_sleeping(&waiter->caller);
}

/* Once a guard is stopped, its descriptor is closed and wakes nothing that polls it, even if one of its checks is in
 * progress. */
static void descriptor_is_closed(struct authority *authority) {
    mid_client *client = authority_client(authority, "");
    /* This guard keeps the thread alive. */
    mid_guard *other = guard_start(client, NULL);
    int watched = epoll_create1(EPOLL_CLOEXEC);
    check_need(watched >= 0, "epoll_create1");
    for (int n = 0; n < 20; n++) {
        struct epoll_event event = {EPOLLIN, {.u64 = 42}};
        struct waiter waiter;
        mid_guard *guard = guard_start(client, "{\"interval_ms\":50,\"max_age_ms\":50000}");
        int file = mid_guard_fd(guard);
        check_need(epoll_ctl(watched, EPOLL_CTL_ADD, file, &event) == 0, "epoll_ctl");
        if (n % 2 == 0) waiter_start(&waiter, guard);
        atomic_store(&authority->mood, IS_SILENT);
        int until = atomic_load(&authority->requests) + 1;
        AWAIT(atomic_load(&authority->requests) >= until);
        mid_guard_stop(guard);
        CHECK(fcntl(file, F_GETFD) == -1);
        CHECK(epoll_wait(watched, &event, 1, 0) == 0);
        if (n % 2 == 0) check_need(pthread_join(waiter.caller.thread, NULL) == 0, "pthread_join");
        atomic_store(&authority->mood, ALLOWS);
    }
    check_need(close(watched) == 0, "close");
    mid_guard_stop(other);
    mid_client_free(client);
}

static void waiting(struct authority *authority) {
    mid_client *client = authority_client(authority, "");
    /* max_age_ms is long so that no lapse ends the waiting. */
    mid_guard *guard = guard_start(client, "{\"interval_ms\":50,\"max_age_ms\":50000}");
    struct waiter waiters[4];
    CHECK_STATUS(MID_TIMEOUT, mid_guard_wait(guard, 0));
    double from = check_now_ms();
    CHECK_STATUS(MID_TIMEOUT, mid_guard_wait(guard, 150));
    CHECK(check_now_ms() - from >= 150);
    for (int n = 0; n < 4; n++) waiter_start(&waiters[n], guard);
    atomic_store(&authority->mood, DENIES);
    for (int n = 0; n < 4; n++) check_need(pthread_join(waiters[n].caller.thread, NULL) == 0, "pthread_join");
    CHECK_STATUS(MID_OK, mid_guard_wait(guard, 0));
    mid_guard_stop(guard);
    mid_client_free(client);
    atomic_store(&authority->mood, ALLOWS);
}

/* Many guards share one thread, which ends with the last guard. Guards and client may end in any order. */
static void ends(struct authority *authority) {
    enum { COUNT = 100 };
    mid_client *client = authority_client(authority, ",\"max_connections\":4");
    mid_guard *guards[COUNT];
    char *json = NULL;
    int allowed = 7;
    for (int n = 0; n < COUNT; n++) guards[n] = guard_start(client, "{\"interval_ms\":100,\"max_age_ms\":5000}");
    AWAIT(guard_threads() == 1);
    int until = atomic_load(&authority->requests) + 5 * COUNT;
    AWAIT(atomic_load(&authority->requests) >= until);
    for (int n = 0; n < COUNT; n++) CHECK(mid_guard_allowed(guards[n]) == 1);
    for (int n = 0; n < COUNT; n++) mid_guard_stop(guards[n]);
    check_no_thread();
    guards[0] = guard_start(client, quick);
    AWAIT(guard_threads() == 1);

    /* Guards of a cancelled client are off at once and for good. */
    guards[1] = guard_start(client, quick);
    mid_client_cancel(client);
    CHECK(mid_guard_allowed(guards[0]) == 0 && mid_guard_allowed(guards[1]) == 0);
    CHECK(is_readable(mid_guard_fd(guards[0])));
    mid_client_free(client);
    check_no_thread();
    CHECK_STATUS(MID_OK, mid_guard_decision(guards[1], &allowed, &json));
    check_reply_text(json, "state", "ended");
    CHECK(allowed == 0);
    mid_guard_stop(guards[1]);
    mid_guard_stop(guards[0]);

    /* The client is freed first, during a check that is never answered. */
    client = authority_client(authority, "");
    guards[0] = guard_start(client, quick);
    atomic_store(&authority->mood, IS_SILENT);
    until = atomic_load(&authority->requests) + 1;
    AWAIT(atomic_load(&authority->requests) >= until);
    double from = check_now_ms();
    mid_client_free(client);
    CHECK(check_now_ms() - from <= 250 + check_slack_ms());
    CHECK(mid_guard_allowed(guards[0]) == 0);
    mid_guard_stop(guards[0]);
    check_no_thread();

    /* The thread is joined however soon it finds out that it has nothing to do. */
    atomic_store(&authority->mood, ALLOWS);
    client = authority_client(authority, "");
    for (int n = 0; n < 500; n++) {
        guards[0] = guard_start(client, quick);
        mid_guard_stop(guards[0]);
    }
    check_no_thread();
    mid_client_free(client);
}

int main(void) {
    struct authority *authority = authority_start();
    arguments(authority);
    descriptor(authority);
    descriptor_is_closed(authority);
    waiting(authority);
    ends(authority);
    authority_stop(authority);
    return check_done();
}
