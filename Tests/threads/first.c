/*
 * The first calls of a process, all at once: of one client, and of clients of the threads' own. Every answer is right, also
 * in a child that is forked meanwhile. With other_curl.so preloaded: libcurl is made ready by one at a time.
 *
 *     first TIMES      each in a process of its own
 */
#include "children.h"
#include "decisions.h"

#include <pthread.h>

enum { THREADS = 16 };

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

static void fork_amid(void) {
    pid_t child;
    (void)pthread_barrier_wait(&ready);
    child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) {
        decide(shared, "first:yes", 1);
        mid_client_free(shared);
        child_done();
    }
    (void)child_await(child, "the child forked amid first calls");
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
    fork_amid();
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    mid_client_free(shared);
}

int main(int count, char **arguments) {
    int times = count > 1 ? atoi(arguments[1]) : 0;
    check_need(times > 0, "how often");
    for (int n = 0; n <= times; n++) {
        pid_t child = fork();
        check_need(child >= 0, "fork");
        if (child == 0) {
            n == 0 ? register_device() : call_first();
            child_done();
        }
        if (!child_await(child, "a process")) break;
    }
    return check_done();
}
