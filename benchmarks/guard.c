/*
 * guard.c - nanoseconds of one look: an atomic load, the same and a coarse clock, mid_guard_allowed.
 */
#include "bare.h"

#include <stdatomic.h>

enum { LOOKS = 3000000 };
static atomic_int flag = 1;

static double load_only(mid_guard *guard) {
    double from = seconds_now();
    long sum = 0;
    (void)guard;
    for (int n = 0; n < LOOKS; n++) sum += atomic_load(&flag);
    need(sum == LOOKS, "sum");
    return seconds_now() - from;
}

static double load_and_clock(mid_guard *guard) {
    double from = seconds_now();
    long sum = 0;
    (void)guard;
    for (int n = 0; n < LOOKS; n++) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
        sum += atomic_load(&flag) + (now.tv_nsec < 0);
    }
    need(sum == LOOKS, "sum");
    return seconds_now() - from;
}

static double guard_look(mid_guard *guard) {
    double from = seconds_now();
    long sum = 0;
    for (int n = 0; n < LOOKS; n++) sum += mid_guard_allowed(guard);
    need(sum == LOOKS, "sum");
    return seconds_now() - from;
}

int main(void) {
    mid_client *client = client_open(8);
    mid_guard *guard = NULL;
    need(mid_guard_start(client, "agent-01", NULL, &guard, NULL) == MID_OK, "mid_guard_start");
    double load = load_only(guard), clock = load_and_clock(guard), look = guard_look(guard);
    printf("%.2f %.2f %.2f\n", load / LOOKS * 1e9, clock / LOOKS * 1e9, look / LOOKS * 1e9);
    mid_guard_stop(guard);
    mid_client_free(client);
    return 0;
}
