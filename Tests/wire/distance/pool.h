/*
 * pool.h - many threads on one client, of which no call may fail or take more than half of timeout_ms. Needs a
 * registered device, "pool".
 */
#ifndef POOL_H
#define POOL_H

#include "authority.h"

enum { MOST_THREADS = 64, MOST_DEVICES = 500, TIMEOUT_MS = 10000 };

struct caller {
    pthread_t thread;
    mid_client *client;
    pthread_barrier_t *together;
    int calls;
};

/* The longest time that a call took, in microseconds, and how many calls waited for an answer that did not come. */
static atomic_int longest, waited;

static inline void note_time(double from) {
    int took = (int)((check_now_ms() - from) * 1000), known = atomic_load(&longest);
    if (took >= 450000) atomic_fetch_add(&waited, 1);
    while (took > known && !atomic_compare_exchange_weak(&longest, &known, took)) continue;
    CHECK(took <= (TIMEOUT_MS / 2 + check_slack_ms()) * 1000);
}

static inline void validate(mid_client *client) {
    char *json = NULL;
    int allowed = 0;
    double from = check_now_ms();
    mid_status status = mid_validate(client, "pool", &allowed, &json);
    note_time(from);
    if (!CHECK_STATUS(MID_OK, status) || !CHECK(allowed == 1)) fprintf(stderr, "    %s\n", json != NULL ? json : "");
    mid_free(json);
}

static inline void validate_many(mid_client *client, int count) {
    const char *devices[MOST_DEVICES];
    int allowed[MOST_DEVICES];
    double from = check_now_ms();
    for (int n = 0; n < count; n++) devices[n] = "pool";
    CHECK_STATUS(MID_OK, mid_validate_many(client, devices, (size_t)count, allowed, NULL));
    note_time(from);
    for (int n = 0; n < count; n++) CHECK(allowed[n] == 1);
}

static inline void *call(void *argument) {
    struct caller *caller = argument;
    (void)pthread_barrier_wait(caller->together);
    for (int n = 0; n < caller->calls; n++) validate(caller->client);
    return NULL;
}

static inline void call_from(mid_client *client, int threads, int calls) {
    struct caller callers[MOST_THREADS];
    pthread_barrier_t together;
    check_need(pthread_barrier_init(&together, NULL, (unsigned)threads) == 0, "pthread_barrier_init");
    for (int n = 0; n < threads; n++) {
        callers[n] = (struct caller){.client = client, .together = &together, .calls = calls};
        check_need(pthread_create(&callers[n].thread, NULL, call, &callers[n]) == 0, "pthread_create");
    }
    for (int n = 0; n < threads; n++) check_need(pthread_join(callers[n].thread, NULL) == 0, "pthread_join");
    check_need(pthread_barrier_destroy(&together) == 0, "pthread_barrier_destroy");
}

static inline void report(const char *what) {
    printf("%s, %s: %.0f ms at most\n", check_about, what, atomic_load(&longest) / 1e3);
}

#endif
