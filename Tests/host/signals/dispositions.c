/*
 * The library leaves the host's signal settings alone: no function changes the action of any of the 64 signals, not
 * even for a moment, nor which of them the calling thread blocks.
 *
 *     dispositions
 */
#include "decisions.h"
#include "operations.h"
#include "server.h"
#include "waiting.h"

#include <signal.h>

enum { SIGNALS = 64, ACTION = 64 };

/* Read from the kernel, because the C library shows neither all signals nor all of an action. */
struct dispositions {
    unsigned char actions[SIGNALS + 1][ACTION];
};

static struct dispositions settled;
static sigset_t blocked;
static atomic_int is_over;
static atomic_long looks;

static void receive(int number) { (void)number; }

static void look(struct dispositions *now) {
    memset(now, 0, sizeof *now);
    for (int n = 1; n <= SIGNALS; n++)
        check_need(syscall(SYS_rt_sigaction, n, NULL, now->actions[n], SIGNALS / 8) == 0, "rt_sigaction");
}

static void compare(void) {
    struct dispositions now;
    look(&now);
    for (int n = 1; n <= SIGNALS; n++) {
        if (!CHECK(memcmp(settled.actions[n], now.actions[n], ACTION) == 0)) fprintf(stderr, "    signal %d\n", n);
    }
    atomic_fetch_add(&looks, 1);
}

static void *watch(void *unused) {
    (void)unused;
    while (!atomic_load(&is_over) && atomic_load(&check_failed) == 0) compare();
    return NULL;
}

/* Runs after each function, on the thread that called it. */
static void expect_unchanged(const char *after) {
    sigset_t now;
    check_about = after;
    check_need(sigemptyset(&now) == 0 && pthread_sigmask(SIG_SETMASK, NULL, &now) == 0, "pthread_sigmask");
    for (int n = 1; n <= SIGNALS; n++) {
        if (!CHECK(sigismember(&now, n) == sigismember(&blocked, n))) fprintf(stderr, "    signal %d\n", n);
    }
    compare();
    check_about = "";
}

static void *end_at_once(void *unused) { return unused; }

/* Handles a third of the signals, ignores a third, and leaves a third alone, including SIGPIPE (13). Blocks a fifth. */
static void settle(void) {
    struct sigaction handled = {.sa_handler = receive, .sa_flags = SA_ONSTACK};
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    sigset_t some;
    pthread_t first;
    check_need(sigemptyset(&some) == 0 && sigaddset(&handled.sa_mask, SIGUSR2) == 0, "sigaddset");
    for (int n = 1; n <= SIGNALS; n++) {
        /* Skips two that cannot be handled, three that must end the test, and two that belong to the C library. */
        if (n == SIGKILL || n == SIGSTOP || n == SIGSEGV || n == SIGBUS || n == SIGABRT || n == 32 || n == 33) continue;
        if (n % 3 != 1) check_need(sigaction(n, n % 3 == 0 ? &handled : &ignored, NULL) == 0, "sigaction");
        if (n % 5 == 0) check_need(sigaddset(&some, n) == 0, "sigaddset");
    }
    check_need(pthread_sigmask(SIG_SETMASK, &some, NULL) == 0, "pthread_sigmask");
    check_need(sigemptyset(&blocked) == 0 && pthread_sigmask(SIG_SETMASK, NULL, &blocked) == 0, "pthread_sigmask");
    /* When a process creates its first thread, the C library sets a handler for one of its own signals. */
    check_need(pthread_create(&first, NULL, end_at_once, NULL) == 0, "pthread_create");
    check_need(pthread_join(first, NULL) == 0, "pthread_join");
    look(&settled);
}

static void call_each(mid_client *client) {
    for (int n = 0; n < OPERATIONS; n++) {
        int allowed = 0;
        char *json = NULL;
        (void)operation_call(&operations[n], client, "dispositions", &allowed, &json);
        expect_unchanged(operations[n].name);
        CHECK(json != NULL);
        mid_free(json);
        expect_unchanged("mid_free");
    }
}

/* Validates many devices at once, and keeps a guard with the library's only thread. */
static void keep_guard(mid_client *client) {
    const char *ids[] = {"dispositions", "nobody"};
    int allowed[] = {0, 0};
    mid_guard *guard = NULL;
    CHECK_STATUS(MID_OK, mid_register(client, ids[0], NULL));
    CHECK_STATUS(MID_OK, mid_validate_many(client, ids, 2, allowed, NULL));
    expect_unchanged("mid_validate_many");
    CHECK_STATUS(MID_OK, mid_guard_start(client, ids[0], "{\"interval_ms\":20,\"max_age_ms\":20000}", &guard, NULL));
    expect_unchanged("mid_guard_start");
    CHECK(mid_guard_allowed(guard) == 1 && mid_guard_fd(guard) >= 0);
    CHECK_STATUS(MID_TIMEOUT, mid_guard_wait(guard, 100)); /* a few checks run in the background */
    expect_unchanged("mid_guard_wait");
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, allowed, NULL));
    expect_unchanged("mid_guard_decision");
    mid_guard_stop(guard);
    expect_unchanged("mid_guard_stop");
}

static void *cancel(void *client) {
    mid_client_cancel(client);
    expect_unchanged("mid_client_cancel");
    return NULL;
}

/* An authority that never answers: a call that times out, and one that is cancelled. */
static void call_the_silent(void) {
    static struct server server;
    struct caller caller;
    pthread_t thread;
    mid_client *client;
    server_start(&server, NULL);
    client = server_client(&server, ",\"timeout_ms\":50,\"max_retries\":0");
    CHECK_STATUS(MID_TIMEOUT, mid_usage(client, NULL));
    expect_unchanged("a call that timed out");
    mid_client_free(client);
    client = server_client(&server, "");
    caller_start(&caller, client);
    server_await(&server, 2);
    check_need(pthread_create(&thread, NULL, cancel, client) == 0, "pthread_create");
    check_need(pthread_join(thread, NULL) == 0 && pthread_join(caller.thread, NULL) == 0, "pthread_join");
    CHECK_STATUS(MID_CANCELLED, caller.status);
    mid_free(caller.json);
    mid_client_free(client);
    server_stop(&server);
}

/* libcurl looks up names on a thread of its own. */
static void look_up(void) {
    mid_client *client = check_client("{\"base_url\":\"https://nowhere.invalid\",\"timeout_ms\":2000}");
    CHECK(mid_usage(client, NULL) != MID_OK);
    expect_unchanged("a look-up of a name");
    mid_client_free(client);
    expect_unchanged("mid_client_free");
}

int main(void) {
    pthread_t watcher;
    mid_client *client = NULL;
    settle();
    check_need(pthread_create(&watcher, NULL, watch, NULL) == 0, "pthread_create");
    (void)mid_version();
    expect_unchanged("mid_version");
    (void)mid_version_number();
    expect_unchanged("mid_version_number");
    (void)mid_build_info();
    expect_unchanged("mid_build_info");
    (void)mid_status_name(MID_OK);
    expect_unchanged("mid_status_name");
    CHECK_STATUS(MID_INVALID_OPTIONS, mid_client_new("org_x", "[]", &client, NULL));
    expect_unchanged("a mid_client_new that fails");
    CHECK_STATUS(MID_OK, mid_client_new("org_x", NULL, &client, NULL));
    expect_unchanged("mid_client_new");
    mid_client_free(client);
    expect_unchanged("mid_client_free");
    client = decisions_client();
    expect_unchanged("mid_client_from_env");
    call_each(client);
    keep_guard(client);
    mid_client_free(client);
    expect_unchanged("mid_client_free after calls");
    call_the_silent();
    look_up();
    atomic_store(&is_over, 1);
    check_need(pthread_join(watcher, NULL) == 0, "pthread_join");
    if (atomic_load(&check_failed) > 0) return (void)check_done(), 1;
    printf("%ld looks at %d signals\n", atomic_load(&looks), SIGNALS);
    return 0;
}
