/*
 * The first calls of a process, all at once, on a shared client and on private clients. Every answer is right, also in
 * a child that is forked at that moment. A first call can be cancelled at any moment, even by a cancel that finds
 * nothing to cancel yet. With other_curl.so preloaded, it also tests that only one thread at a time initialises
 * libcurl.
 *
 *     first TIMES      each time in a new process
 */
#include "children.h"
#include "decisions.h"
#include "server.h"
#include "waiting.h"

enum { THREADS = 16, PROMISED_MS = 250 };

static pthread_barrier_t ready;
static mid_client *shared;

static void *call_shared(void *unused) {
    (void)unused;
    (void)pthread_barrier_wait(&ready);
    decide(shared, "first:no", 0);
    return NULL;
}

static void *call_own(void *unused) {
    mid_client *client = decisions_client();
    (void)unused;
    (void)pthread_barrier_wait(&ready);
    decide(client, "first:yes", 1);
    mid_client_free(client);
    return NULL;
}

static void fork_during_calls(void) {
    pid_t child;
    (void)pthread_barrier_wait(&ready);
    child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) {
        decide(shared, "first:yes", 1);
        mid_client_free(shared);
        child_done();
    }
    (void)child_await(child, "the child forked during first calls");
}

static void register_device(void) {
    mid_client *client = decisions_client();
    ask_about(mid_register, client, "first:yes");
    mid_client_free(client);
}

static void call_first(void) {
    pthread_t threads[THREADS];
    check_need(pthread_barrier_init(&ready, NULL, THREADS + 1) == 0, "pthread_barrier_init");
    shared = decisions_client();
    for (int n = 0; n < THREADS; n++)
        check_need(pthread_create(&threads[n], NULL, n % 2 == 0 ? call_shared : call_own, NULL) == 0, "pthread_create");
    fork_during_calls();
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    mid_client_free(shared);
}

/* The authority never answers: a call that misses the cancel would last until its timeout. */
static void cancel_first(int microseconds) {
    struct timespec pause = {0, microseconds * 1000L};
    struct caller caller;
    struct server silent;
    double from;
    server_start(&silent, NULL);
    shared = server_client(&silent, ",\"timeout_ms\":10000");
    caller_start(&caller, shared);
    check_need(nanosleep(&pause, NULL) == 0, "nanosleep");
    from = check_now_ms();
    mid_client_cancel(shared);
    caller_expect(&caller, MID_CANCELLED, from, PROMISED_MS);
    CHECK_STATUS(MID_CANCELLED, mid_usage(shared, NULL));
    mid_client_free(shared);
    server_stop(&silent);
}

int main(int count, char **arguments) {
    int times = count > 1 ? atoi(arguments[1]) : 0;
    check_need(times > 0, "how often");
    for (int n = 0; n <= times; n++) {
        pid_t child = fork();
        check_need(child >= 0, "fork");
        if (child == 0) {
            if (n == 0) {
                register_device();
            } else if (n % 2 == 0) {
                cancel_first(n % 40 * 400); /* initialising libcurl takes 10 ms */
            } else {
                call_first();
            }
            child_done();
        }
        if (!child_await(child, "a process")) break;
    }
    return check_done();
}
