/*
 * guard.c - measures nanoseconds per look: an atomic load, clock_gettime(CLOCK_BOOTTIME), mid_guard_allowed().
 *
 * A look is one read of that clock and little else. The speed of the machine varies over seconds, so the three take
 * turns of a few milliseconds, and the shortest turn of each counts: nothing can make a turn too short.
 */
#include "bare.h"

#include <stdatomic.h>

enum { TURNS = 200, LOOKS = 20000 };
static atomic_int flag = 1;

static double load_only(mid_guard *guard) {
    double from = seconds_now();
    long sum = 0;
    (void)guard;
    for (int n = 0; n < LOOKS; n++) sum += atomic_load(&flag);
    need(sum == LOOKS, "sum");
    return seconds_now() - from;
}

static double read_clock(mid_guard *guard) {
    double from = seconds_now();
    long sum = 0;
    (void)guard;
    for (int n = 0; n < LOOKS; n++) {
        struct timespec now;
        sum += clock_gettime(CLOCK_BOOTTIME, &now) == 0;
    }
    need(sum == LOOKS, "sum");
    return seconds_now() - from;
}

static double look_at_guard(mid_guard *guard) {
    double from = seconds_now();
    long sum = 0;
    for (int n = 0; n < LOOKS; n++) sum += mid_guard_allowed(guard);
    need(sum == LOOKS, "sum");
    return seconds_now() - from;
}

int main(void) {
    static double (*const contenders[])(mid_guard *) = {load_only, read_clock, look_at_guard};
    double shortest[3] = {1e9, 1e9, 1e9};
    mid_client *client = client_open(8);
    mid_guard *guard = NULL;
    need(mid_guard_start(client, "agent-01", NULL, &guard, NULL) == MID_OK, "mid_guard_start");
    for (int turn = 0; turn < TURNS; turn++) {
        for (int n = 0; n < 3; n++) {
            double took = contenders[n](guard);
            if (took < shortest[n]) shortest[n] = took;
        }
    }
    for (int n = 0; n < 3; n++) printf("%.2f ", shortest[n] / LOOKS * 1e9);
    printf("\n");
    mid_guard_stop(guard);
    mid_client_free(client);
    return 0;
}
