/*
 * The host has fork handlers of its own, registered before the library's and so run within them, which ask the authority:
 * they do not wait for the fork that they are part of. Nor do the calls of other threads wait for it again and again.
 */
#include "authority.h"

enum { FORKS = 5, PATIENCE_MS = 250 /* of whatever waits for a fork */ };

/* Less than three times that. */
#define OPTIONS ",\"timeout_ms\":700,\"max_retries\":0"

static mid_client *client;
static mid_guard *guard;
static atomic_int is_on, other_begins, other_is_done;
static double quickest = 1e9;

static void ask(const char *where) {
    int allowed = 7;
    check_about = where;
    CHECK_STATUS(MID_OK, mid_validate(client, "good", &allowed, NULL));
    CHECK(allowed == 1);
    check_about = "";
}

/* What runs between this and the end of the fork may take as long as it likes. */
static void prepare(void) {
    double took = check_now_ms();
    if (!atomic_load(&is_on)) return;
    ask("prepare");
    took = check_now_ms() - took;
    if (took < quickest) quickest = took;
    CHECK(mid_guard_allowed(guard) == 1);
    atomic_store(&other_begins, 1);
    AWAIT(atomic_load(&other_is_done));
}

static void go_on(void) {
    if (!atomic_load(&is_on)) return;
    ask("parent");
    CHECK(mid_guard_allowed(guard) == 1);
}

static void go_on_in_child(void) {
    if (!atomic_load(&is_on)) return;
    CHECK(mid_guard_allowed(guard) == 0);
    ask("child");
}

static void *call_meanwhile(void *unused) {
    while (!atomic_load(&other_begins)) (void)sched_yield();
    ask("another thread");
    atomic_store(&other_is_done, 1);
    return unused;
}

int main(void) {
    struct authority *authority = authority_start();
    pthread_t thread;
    atomic_store(&authority->mood, JUDGES);
    check_need(pthread_atfork(prepare, go_on, go_on_in_child) == 0, "pthread_atfork");
    client = authority_client(authority, OPTIONS);
    check_need(mid_guard_start(client, "good", NULL, &guard, NULL) == MID_OK, "mid_guard_start");
    check_need(pthread_create(&thread, NULL, call_meanwhile, NULL) == 0, "pthread_create");

    atomic_store(&is_on, 1);
    for (int n = 0; n < FORKS; n++) {
        pid_t child = fork();
        check_need(child >= 0, "fork");
        if (child == 0) {
            ask("after the fork, child");
            child_done();
        }
        ask("after the fork, parent");
        (void)child_await(child, "the child");
        CHECK(mid_guard_allowed(guard) == 1);
    }
    atomic_store(&is_on, 0);
    /* However slow the machine is, one of them was not held up by the fork. */
    CHECK(quickest < PATIENCE_MS);
    check_need(pthread_join(thread, NULL) == 0, "pthread_join");
    mid_guard_stop(guard);
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
