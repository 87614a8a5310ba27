/*
 * Several threads start and stop guards of one client, so few at a time that the thread which checks them starts and
 * ends with them. Starts and stops therefore meet that thread at every moment of its life.
 *
 *     guards SECONDS
 */
#include "decisions.h"
#include "detached.h"

#include <pthread.h>

enum { THREADS = 8 };

static mid_client *client;
static double end;
static atomic_long started;

static void *start_and_stop(void *unused) {
    (void)unused;
    while (check_now_ms() < end && atomic_load(&check_failed) == 0) {
        mid_guard *guard = NULL;
        if (!CHECK_STATUS(MID_OK, mid_guard_start(client, "guards", NULL, &guard, NULL))) break;
        CHECK(mid_guard_allowed(guard) == 1);
        mid_guard_stop(guard);
        atomic_fetch_add(&started, 1);
    }
    return NULL;
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    double seconds = count > 1 ? atof(arguments[1]) : 3;
    client = decisions_client();
    ask_about(mid_register, client, "guards");
    end = check_now_ms() + seconds * 1e3;
    for (int n = 0; n < THREADS; n++)
        check_need(pthread_create(&threads[n], NULL, start_and_stop, NULL) == 0, "pthread_create");
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    mid_client_free(client);
    CHECK(atomic_load(&detached) == 0);
    if (atomic_load(&check_failed) > 0) return (void)check_done(), 1;
    printf("%ld guards of %d threads\n", atomic_load(&started), THREADS);
    return 0;
}
