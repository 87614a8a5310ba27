/*
 * callers.h - threads that use one client at the same moment, all for one registered device. Every call must be
 * allowed, and how long calls took is noted.
 */
#ifndef CALLERS_H
#define CALLERS_H

#include <pthread.h>

#include "check.h"

enum { CALLERS_MOST_THREADS = 64, CALLERS_MOST_DEVICES = 500 };

struct caller {
    pthread_t thread;
    mid_client *client;
    const char *device_id;
    pthread_barrier_t *together;
    int calls;
};

/* The longest time that a call took, in microseconds. */
static atomic_int callers_longest;
/* How many calls took so long that they may have sent a second request. */
static atomic_int callers_slow;

static inline void callers_note_time(double from) {
    int took = (int)((check_now_ms() - from) * 1000), known = atomic_load(&callers_longest);
    if (took >= 450000) atomic_fetch_add(&callers_slow, 1);
    while (took > known && !atomic_compare_exchange_weak(&callers_longest, &known, took)) continue;
}

static inline void callers_validate(mid_client *client, const char *device_id) {
    char *json = NULL;
    int allowed = 7;
    double from = check_now_ms();
    mid_status status = mid_validate(client, device_id, &allowed, &json);
    callers_note_time(from);
    if (!CHECK_STATUS(MID_OK, status) || !CHECK(allowed == 1)) fprintf(stderr, "    %s\n", json != NULL ? json : "");
    mid_free(json);
}

/* Asks about the device count times in one mid_validate_many(). */
static inline void callers_validate_many(mid_client *client, const char *device_id, int count) {
    const char *devices[CALLERS_MOST_DEVICES];
    int allowed[CALLERS_MOST_DEVICES];
    char *json = NULL;
    double from = check_now_ms();
    check_need(count <= CALLERS_MOST_DEVICES, "fewer devices");
    for (int n = 0; n < count; n++) devices[n] = device_id;
    memset(allowed, 0, sizeof allowed);
    if (!CHECK_STATUS(MID_OK, mid_validate_many(client, devices, (size_t)count, allowed, &json)))
        fprintf(stderr, "    %s\n", json != NULL ? json : "");
    mid_free(json);
    callers_note_time(from);
    for (int n = 0; n < count; n++) CHECK(allowed[n] == 1);
}

static inline void *callers_run(void *argument) {
    struct caller *caller = argument;
    (void)pthread_barrier_wait(caller->together);
    for (int n = 0; n < caller->calls; n++) callers_validate(caller->client, caller->device_id);
    return NULL;
}

/* Makes calls from as many threads, which begin together, and returns when all have ended. */
static inline void callers_call(mid_client *client, const char *device_id, int threads, int calls) {
    struct caller callers[CALLERS_MOST_THREADS];
    pthread_barrier_t together;
    check_need(threads <= CALLERS_MOST_THREADS, "fewer threads");
    check_need(pthread_barrier_init(&together, NULL, (unsigned)threads) == 0, "pthread_barrier_init");
    for (int n = 0; n < threads; n++) {
        callers[n] = (struct caller){.client = client, .device_id = device_id, .together = &together, .calls = calls};
        check_need(pthread_create(&callers[n].thread, NULL, callers_run, &callers[n]) == 0, "pthread_create");
    }
    for (int n = 0; n < threads; n++) check_need(pthread_join(callers[n].thread, NULL) == 0, "pthread_join");
    check_need(pthread_barrier_destroy(&together) == 0, "pthread_barrier_destroy");
}

/* Checks that no call took longer than this since callers_longest was last 0, and prints how long the longest took. */
static inline void callers_took_at_most(int ms, const char *what) {
    int longest = atomic_load(&callers_longest);
    CHECK(longest <= (ms + check_slack_ms()) * 1000);
    printf("%s, %s: %.0f ms at most\n", check_about, what, longest / 1e3);
}

#endif
