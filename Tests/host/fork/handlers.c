/*
 * The host has fork handlers of its own, registered before the library's and so run inside them, which make calls:
 * these do not wait for the fork that they are part of. Calls of other threads do not wait for it repeatedly.
 */
#include "authority.h"

enum { FORKS = 5, PATIENCE_MS = 250 /* how long a call waits for a fork at most */ };

/* Where a call is made. */
enum place { PREPARE, PARENT, CHILD, OTHER_THREAD, AFTER_IN_PARENT, AFTER_IN_CHILD, PLACES };
static const char *const names[] = {"prepare", "parent", "child", "another thread", "after the fork, parent",
                                    "after the fork, child"};

static mid_client *client;
static mid_guard *guard;
static atomic_int is_on, other_begins, other_is_done;

/* The fastest call of each place, in memory that all processes share. However busy the machine is, one of the calls was
 * delayed only by what delays each of them. */
static atomic_int *quickest_ms;

static void ask(enum place place) {
    int allowed = 7;
    double took = check_now_ms();
    check_about = names[place];
    CHECK_STATUS(MID_OK, mid_validate(client, "good", &allowed, NULL));
    CHECK(allowed == 1);
    check_about = "";
    took = check_now_ms() - took;
    if (took < atomic_load(&quickest_ms[place])) atomic_store(&quickest_ms[place], (int)took);
}

/* The code that runs between this handler and the end of the fork may take as long as it likes. */
static void prepare(void) {
    if (!atomic_load(&is_on)) return;
    ask(PREPARE);
    CHECK(mid_guard_allowed(guard) == 1);
    atomic_store(&other_begins, 1);
    AWAIT(atomic_load(&other_is_done));
}

static void go_on(void) {
    if (!atomic_load(&is_on)) return;
    ask(PARENT);
    CHECK(mid_guard_allowed(guard) == 1);
}

static void go_on_in_child(void) {
    if (!atomic_load(&is_on)) return;
    CHECK(mid_guard_allowed(guard) == 0);
    ask(CHILD);
}

static void *call_meanwhile(void *unused) {
    while (!atomic_load(&other_begins)) (void)sched_yield();
    ask(OTHER_THREAD);
    atomic_store(&other_is_done, 1);
    return unused;
}

static void fork_once(void) {
    pthread_t thread;
    pid_t child;
    atomic_store(&other_begins, 0);
    atomic_store(&other_is_done, 0);
    check_need(pthread_create(&thread, NULL, call_meanwhile, NULL) == 0, "pthread_create");
    child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) {
        ask(AFTER_IN_CHILD);
        child_done();
    }
    ask(AFTER_IN_PARENT);
    (void)child_await(child, "the child");
    CHECK(mid_guard_allowed(guard) == 1);
    check_need(pthread_join(thread, NULL) == 0, "pthread_join");
}

int main(void) {
    struct authority *authority = authority_start();
    size_t size = PLACES * sizeof *quickest_ms;
    quickest_ms = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check_need(quickest_ms != MAP_FAILED, "mmap");
    for (int place = 0; place < PLACES; place++) atomic_store(&quickest_ms[place], INT32_MAX);
    atomic_store(&authority->mood, JUDGES);
    check_need(pthread_atfork(prepare, go_on, go_on_in_child) == 0, "pthread_atfork");
    client = authority_client(authority, ",\"timeout_ms\":10000,\"max_retries\":0");
    check_need(mid_guard_start(client, "good", NULL, &guard, NULL) == MID_OK, "mid_guard_start");

    atomic_store(&is_on, 1);
    for (int n = 0; n < FORKS; n++) fork_once();
    atomic_store(&is_on, 0);
    for (int place = 0; place < PLACES; place++) {
        check_about = names[place];
        /* A handler does not wait for its own fork at all. Other calls wait for a fork once, not repeatedly. */
        CHECK(atomic_load(&quickest_ms[place]) < (place == PREPARE ? 1 : 3) * PATIENCE_MS);
    }
    check_about = "";
    mid_guard_stop(guard);
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
