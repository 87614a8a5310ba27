/*
 * Forks at every moment of a process's first calls, during which TLS creates its permanent state: a lock that a thread
 * holds at the fork stays held in the child, and the child must not need it.
 *
 *     cold MICROSECONDS    from the start of the calls to the first fork; the others follow a millisecond apart
 */
#include "children.h"
#include "decisions.h"

#include <pthread.h>

enum { THREADS = 8, FORKS = 16 };

static mid_client *client;
static atomic_int is_over;

static void *keep_calling(void *device_id) {
    do {
        decide(client, device_id, 0);
    } while (!atomic_load(&is_over) && atomic_load(&check_failed) == 0);
    return NULL;
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    pid_t children[FORKS];
    char device_ids[THREADS][16];
    double next;
    check_need(count == 2, "the time until the first fork");
    client = decisions_client();
    next = check_now_ms() + atoi(arguments[1]) / 1e3;
    for (int n = 0; n < THREADS; n++) {
        (void)snprintf(device_ids[n], sizeof device_ids[n], "cold:%d", n);
        check_need(pthread_create(&threads[n], NULL, keep_calling, device_ids[n]) == 0, "pthread_create");
    }
    for (int n = 0; n < FORKS; n++) {
        while (check_now_ms() < next) (void)sched_yield();
        next += 1;
        children[n] = fork();
        check_need(children[n] >= 0, "fork");
        if (children[n] == 0) {
            decide(client, "cold:child", 0);
            child_done();
        }
    }
    for (int n = 0; n < FORKS; n++) (void)child_await(children[n], "a child");
    atomic_store(&is_over, 1);
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    mid_client_free(client);
    if (atomic_load(&check_failed) == 0) printf("%d forks during the first calls of %d threads\n", FORKS, THREADS);
    return atomic_load(&check_failed) == 0 ? 0 : 1;
}
