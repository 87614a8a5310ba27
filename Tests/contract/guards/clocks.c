/*
 * The wall clock is stepped, the machine is suspended, clocks stand still or cannot be read: only CLOCK_BOOTTIME
 * counts. A step changes nothing, a suspension ages an allow, and an age that cannot be read ends it. Needs
 * clocks_preload.so preloaded, with CLOCKS_FILE.
 */
#include "authority.h"
#include "clocks.h"

#include <fcntl.h>

static struct moved *moved;
static struct authority *authority;
static mid_client *client;

static long long seconds(int count) { return count * 1000000000LL; }
static void sleeps(int count) { atomic_fetch_add(&moved->slept, seconds(count)); }
static void steps(int count) { atomic_fetch_add(&moved->stepped, seconds(count)); }

/* Starts a guard whose only allow is valid for two hours, so that it does not expire by itself during the test. */
static mid_guard *start(void) {
    atomic_store(&authority->mood, ALLOWS);
    mid_guard *guard = guard_start(client, "{\"interval_ms\":3600000,\"max_age_ms\":7200000}");
    atomic_store(&authority->mood, IS_SILENT);
    return guard;
}

static void stepped(void) {
    struct sampler sampler;
    mid_guard *guard = start();
    sampler_start(&sampler, authority, guard, 7200000);
    for (int n = 0; n < 50; n++) {
        steps(n % 2 == 0 ? 86400 * 365 : -86400 * 365 - n);
        pause_ms(2);
        CHECK(mid_guard_allowed(guard) == 1);
    }
    CHECK(atomic_load(&sampler.zeros) == 0);
    sampler_stop(&sampler, "stepped");
    mid_guard_stop(guard);
}

static void slept(void) {
    struct sampler sampler;
    mid_guard *guard = start();
    sampler_start(&sampler, authority, guard, 7200000);
    /* The machine is suspended for an hour and three quarters, a second at a time, and then for the rest. */
    for (int n = 0; n < 6300; n++) sleeps(1);
    CHECK(mid_guard_allowed(guard) == 1);
    sleeps(901);
    CHECK(mid_guard_allowed(guard) == 0);
    /* Setting the wall clock back by as much does not bring the allow back. */
    steps(-7201);
    CHECK(mid_guard_allowed(guard) == 0);
    CHECK_STATUS(MID_OK, mid_guard_wait(guard, -1));
    sampler_stop(&sampler, "slept");
    mid_guard_stop(guard);
}

/* A wall clock that is set back by the length of a suspension does not hide it, whether or not the guard was looked at
 * in between. */
static void hidden(void) {
    static const struct {
        int seconds, is_on;
    } naps[][2] = {{{7201, 0}, {1, 0}}, {{3600, 1}, {3601, 0}}, {{7199, 1}, {2, 0}}};
    for (int n = 0; n < 6; n++) {
        mid_guard *guard = start();
        for (int nap = 0; nap < 2; nap++) {
            sleeps(naps[n / 2][nap].seconds);
            if (n % 2 == 1) CHECK(mid_guard_allowed(guard) == naps[n / 2][nap].is_on);
            steps(-naps[n / 2][nap].seconds);
            CHECK(mid_guard_allowed(guard) == naps[n / 2][nap].is_on);
        }
        mid_guard_stop(guard);
    }
}

static void stop_clock(clockid_t clock) {
    struct timespec now;
    check_need(clock_gettime(clock, &now) == 0, "clock_gettime");
    atomic_store(&moved->stands_at[clock], now.tv_sec * 1000000000LL + now.tv_nsec);
}

/* The clocks that the kernel advances at its ticks stand still, as they do when the processor that handles the ticks
 * gets no time. */
static void still(void) {
    for (int max_age_ms = 100; max_age_ms <= 1600; max_age_ms *= 4) {
        struct sampler sampler;
        char options[64];
        (void)snprintf(options, sizeof options, "{\"interval_ms\":50,\"max_age_ms\":%d}", max_age_ms);
        atomic_store(&authority->mood, ALLOWS);
        mid_guard *guard = guard_start(client, options);
        sampler_start(&sampler, authority, guard, max_age_ms);
        int until = atomic_load(&authority->requests) + 2;
        AWAIT(atomic_load(&authority->requests) >= until);
        stop_clock(CLOCK_MONOTONIC_COARSE);
        stop_clock(CLOCK_REALTIME_COARSE);
        atomic_store(&authority->mood, IS_SILENT);
        AWAIT(now_ns() - atomic_load(&authority->last_allow) > max_age_ms * 1000000LL);
        CHECK(mid_guard_allowed(guard) == 0);
        atomic_store(&moved->stands_at[CLOCK_MONOTONIC_COARSE], 0);
        atomic_store(&moved->stands_at[CLOCK_REALTIME_COARSE], 0);
        sampler_stop(&sampler, "ticks stand still");
        mid_guard_stop(guard);
    }
}

/* A suspension while a request is open: the answer is too old when it comes. */
static void asked(void) {
    struct sampler sampler;
    atomic_store(&authority->mood, ALLOWS);
    mid_guard *guard = guard_start(client, "{\"interval_ms\":20,\"max_age_ms\":1000}");
    atomic_store(&authority->delay_ms, 100);
    sampler_start(&sampler, authority, guard, 1000);
    for (int n = 0; n < 10; n++) {
        int before = atomic_load(&authority->requests);
        AWAIT(atomic_load(&authority->requests) > before);
        sleeps(2);
        int allowed = mid_guard_allowed(guard);
        CHECK(allowed == 0 || atomic_load(&authority->requests) > before + 1);
        AWAIT(mid_guard_allowed(guard) == 1);
    }
    sampler_stop(&sampler, "slept while asking");
    mid_guard_stop(guard);
    atomic_store(&authority->delay_ms, 0);
}

struct waiter {
    mid_guard *guard;
    double until;
};

static void *wait_for_lapse(void *argument) {
    struct waiter *waiter = argument;
    CHECK_STATUS(MID_OK, mid_guard_wait(waiter->guard, 10000));
    waiter->until = check_now_ms();
    return NULL;
}

/* A waiting thread notices the lapse within a second, although the clock that it waits by stood still. */
static void heard(void) {
    struct waiter waiter = {start(), 0};
    pthread_t thread;
    check_need(pthread_create(&thread, NULL, wait_for_lapse, &waiter) == 0, "pthread_create");
    pause_ms(50);
    double from = check_now_ms();
    sleeps(7201);
    check_need(pthread_join(thread, NULL) == 0, "pthread_join");
    CHECK(waiter.until - from <= 1000 + check_slack_ms());
    mid_guard_stop(waiter.guard);
}

/* A request that is sent while the age cannot be read, and answered when it can be read again, brings no allow. */
static void unreadable_while_asked(void) {
    atomic_store(&authority->mood, ALLOWS);
    mid_guard *guard = guard_start(client, "{\"interval_ms\":20,\"max_age_ms\":1000}");
    for (int n = 0; n < 5; n++) {
        atomic_store(&authority->delay_ms, 50);
        int until = atomic_load(&authority->requests) + 2;
        AWAIT(atomic_load(&authority->requests) >= until);
        atomic_store(&moved->refused, 1UL << CLOCK_BOOTTIME);
        AWAIT(atomic_load(&authority->requests) >= until + 2);
        atomic_store(&moved->refused, 0);
        /* Only that request is answered. */
        pause_ms(60);
        atomic_store(&authority->mood, IS_SILENT);
        AWAIT(mid_guard_allowed(guard) == 0);
        atomic_store(&authority->mood, ALLOWS);
        atomic_store(&authority->delay_ms, 0);
        AWAIT(mid_guard_allowed(guard) == 1);
    }
    mid_guard_stop(guard);
}

/* An allow whose age cannot be read does not count. */
static void unreadable(void) {
    const unsigned long ages = 1UL << CLOCK_BOOTTIME;
    const unsigned long others =
        1UL << CLOCK_MONOTONIC_COARSE | 1UL << CLOCK_REALTIME_COARSE
        | 1UL << CLOCK_REALTIME | 1UL << CLOCK_MONOTONIC_RAW;
    mid_guard *guard = start();
    char *json = NULL;
    /* No other clock counts. */
    atomic_store(&moved->refused, others);
    CHECK(mid_guard_allowed(guard) == 1);
    atomic_store(&moved->refused, ages);
    CHECK(mid_guard_allowed(guard) == 0);
    atomic_store(&moved->refused, 0);
    CHECK(mid_guard_allowed(guard) == 1);
    mid_guard_stop(guard);

    /* The age cannot be read from the start. */
    atomic_store(&authority->mood, ALLOWS);
    atomic_store(&moved->refused, ages);
    CHECK_STATUS(MID_INTERNAL, mid_guard_start(client, "guarded", NULL, &guard, &json));
    CHECK(guard == NULL);
    check_failure(MID_INTERNAL, json, "CLOCK_BOOTTIME");
    atomic_store(&moved->refused, others);
    guard = guard_start(client, "{\"interval_ms\":20,\"max_age_ms\":300}");
    AWAIT(mid_guard_allowed(guard) == 1);
    /* The age cannot be read later: the checks continue, and bring no allow. */
    atomic_store(&moved->refused, others | ages);
    int until = atomic_load(&authority->requests) + 3;
    AWAIT(atomic_load(&authority->requests) >= until);
    CHECK(mid_guard_allowed(guard) == 0);
    atomic_store(&moved->refused, others);
    AWAIT(mid_guard_allowed(guard) == 1);
    atomic_store(&authority->mood, IS_SILENT);
    AWAIT(mid_guard_allowed(guard) == 0);
    atomic_store(&moved->refused, 0);
    mid_guard_stop(guard);
    unreadable_while_asked();
}

int main(void) {
    int file = open(check_environment("CLOCKS_FILE"), O_RDWR | O_CLOEXEC);
    moved = mmap(NULL, sizeof *moved, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    check_need(file >= 0 && moved != MAP_FAILED, "CLOCKS_FILE");
    atomic_store(&moved->refused_to, getpid());
    authority = authority_start();
    client = authority_client(authority, "");
    stepped();
    slept();
    hidden();
    still();
    asked();
    heard();
    unreadable();
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
