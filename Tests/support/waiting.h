/* waiting.h - callers on threads of their own, and the system call that each waits in, so that tests act at the right
 * moment. */
#ifndef WAITING_H
#define WAITING_H

#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

struct caller {
    pthread_t thread;
    mid_client *client;
    atomic_int task; /* 0 until the thread runs */
    double began;
    double ended;
    mid_status status;
    int allowed;
    char *json;
    atomic_int is_done;
};

static inline void *caller_run(void *argument) {
    struct caller *caller = argument;
    caller->allowed = 1;
    caller->json = NULL;
    caller->began = check_now_ms();
    atomic_store(&caller->task, (int)syscall(SYS_gettid));
    caller->status = mid_validate(caller->client, "agent", &caller->allowed, &caller->json);
    caller->ended = check_now_ms();
    atomic_store(&caller->is_done, 1);
    return NULL;
}

static inline void caller_start(struct caller *caller, mid_client *client) {
    memset(caller, 0, sizeof *caller);
    caller->client = client;
    check_need(pthread_create(&caller->thread, NULL, caller_run, caller) == 0, "pthread_create");
    while (atomic_load(&caller->task) == 0) (void)sched_yield();
}

/* The system call that the caller's thread is blocked in; -1 while it runs. */
static inline long caller_system_call(const struct caller *caller) {
    char path[64], text[32] = "";
    char *end;
    long number;
    FILE *file;
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/syscall", atomic_load(&caller->task));
    file = fopen(path, "r");
    if (file == NULL) return -1;
    if (fgets(text, sizeof text, file) == NULL) *text = '\0';
    (void)fclose(file);
    number = strtol(text, &end, 10);
    return end == text ? -1 : number;
}

/* The numbers are the kernel's. Under an emulator that is another processor's than the program's. */
#if defined EMULATED_ON_AMD64
enum { NUMBER_POLL = 7, NUMBER_PPOLL = 271, NUMBER_FUTEX = 202 };
#elif defined SYS_poll
enum { NUMBER_POLL = SYS_poll, NUMBER_PPOLL = SYS_ppoll, NUMBER_FUTEX = SYS_futex };
#else
enum { NUMBER_POLL = SYS_ppoll, NUMBER_PPOLL = SYS_ppoll, NUMBER_FUTEX = SYS_futex };
#endif

static inline int caller_is_polling(const struct caller *caller) {
    long number = caller_system_call(caller);
    return number == NUMBER_POLL || number == NUMBER_PPOLL;
}

static inline int caller_is_sleeping(const struct caller *caller) { return caller_system_call(caller) == NUMBER_FUTEX; }

static inline void caller_await_polling(const struct caller *caller) {
    while (!atomic_load(&caller->is_done) && !caller_is_polling(caller)) (void)sched_yield();
}

static inline void caller_await_sleeping(const struct caller *caller) {
    while (!atomic_load(&caller->is_done) && !caller_is_sleeping(caller)) (void)sched_yield();
}

/* Waits until the caller is blocked: in poll() it drives the transfers and waits for the network; in futex() it waits
 * for a driver, or for its next attempt. */
static inline void caller_await_blocked(const struct caller *caller) {
    while (!atomic_load(&caller->is_done) && !caller_is_polling(caller) && !caller_is_sleeping(caller))
        (void)sched_yield();
}

/* Waits for a call to end, and checks that it failed with this status, at most within_ms after `from`. within_ms
 * includes 50 ms of slack. */
static inline void caller_expect(struct caller *caller, mid_status expected, double from, double within_ms) {
    check_need(pthread_join(caller->thread, NULL) == 0, "pthread_join");
    CHECK_STATUS(expected, caller->status);
    CHECK(caller->allowed == 0);
    if (!CHECK(caller->ended - from <= within_ms - 50 + check_slack_ms()))
        fprintf(stderr, "    it returned after %.0f ms; %.0f ms are promised\n", caller->ended - from, within_ms);
    if (caller->status == MID_OK || caller->status == MID_REFUSED)
        mid_free(caller->json);
    else
        check_failure(caller->status, caller->json, NULL);
}

#endif
