// Threads, and the signals that end a program from outside, for the program machineid.
#pragma once
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

// Starts a thread. Returns its number; 0 when the system refuses it. A pthread_t is a number in glibc and a pointer in
// musl; here it is always a number, and never 0.
static inline uintptr_t tool_start_thread(void *_Nullable (*_Nonnull body)(void *_Nullable), void *_Nullable argument) {
    pthread_t thread;
    return pthread_create(&thread, NULL, body, argument) == 0 ? (uintptr_t)thread : 0;
}

static inline void tool_join_thread(uintptr_t thread) {
    pthread_join((pthread_t)thread, NULL);
}

// A mutex, and a condition by which one thread tells another that something under the mutex has changed.
struct tool_monitor {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

// Returns NULL when memory is refused.
static inline struct tool_monitor *_Nullable tool_make_monitor(void) {
    struct tool_monitor *monitor = malloc(sizeof *monitor);
    pthread_condattr_t attributes;
    if (monitor == NULL) return NULL;
    pthread_mutex_init(&monitor->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&monitor->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return monitor;
}

static inline void tool_free_monitor(struct tool_monitor *_Nonnull monitor) {
    pthread_cond_destroy(&monitor->changed);
    pthread_mutex_destroy(&monitor->mutex);
    free(monitor);
}

static inline void tool_lock(struct tool_monitor *_Nonnull monitor) {
    pthread_mutex_lock(&monitor->mutex);
}

static inline void tool_unlock(struct tool_monitor *_Nonnull monitor) {
    pthread_mutex_unlock(&monitor->mutex);
}

static inline void tool_say_changed(struct tool_monitor *_Nonnull monitor) {
    pthread_cond_signal(&monitor->changed);
}

// Waits for a change, with the mutex locked, but no longer than 50 ms.
static inline void tool_wait_for_change(struct tool_monitor *_Nonnull monitor) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 50000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&monitor->changed, &monitor->mutex, &until);
}

// The signals that end a program from outside, and SIGPIPE after them.
static const int tool_ends[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
enum { TOOL_ENDS_FROM_OUTSIDE = 3, TOOL_ENDS = 4 };

static inline void tool_end_by_signal(int number) {
    _exit(128 + number);
}

// The kernel drops each signal to the first process of a container for which there is no handler. Where this is one,
// gives it handlers for the signals that end a program from outside, unless they are ignored. Another program that this
// process runs does not have them.
static inline void tool_end_by_signals_as_first_process(void) {
    if (getpid() != 1) return;
    for (int n = 0; n < TOOL_ENDS_FROM_OUTSIDE; n++) {
        struct sigaction action;
        if (sigaction(tool_ends[n], NULL, &action) != 0 || action.sa_handler == SIG_IGN) continue;
        action.sa_handler = tool_end_by_signal;
        action.sa_flags = 0;
        sigaction(tool_ends[n], &action, NULL);
    }
}

// The signals that are held back, and the signal mask from before.
struct tool_held {
    sigset_t signals, before;
};

// Holds back the signals that end a program from outside, and SIGPIPE, in this thread and in those that it starts. A
// signal that was ignored or held back before is left as it was.
static inline void tool_hold_back(struct tool_held *_Nonnull held) {
    sigemptyset(&held->signals);
    pthread_sigmask(SIG_BLOCK, NULL, &held->before);
    for (int n = 0; n < TOOL_ENDS; n++) {
        struct sigaction action;
        if (sigaction(tool_ends[n], NULL, &action) != 0 || action.sa_handler == SIG_IGN) continue;
        if (sigismember(&held->before, tool_ends[n]) == 0) sigaddset(&held->signals, tool_ends[n]);
    }
    pthread_sigmask(SIG_BLOCK, &held->signals, NULL);
}

// Whether a signal that is held back has come. SIGPIPE does not count.
static inline int tool_has_come(const struct tool_held *_Nonnull held) {
    sigset_t pending;
    sigemptyset(&pending);
    if (sigpending(&pending) != 0) return 0;
    for (int n = 0; n < TOOL_ENDS_FROM_OUTSIDE; n++) {
        if (sigismember(&held->signals, tool_ends[n]) == 1 && sigismember(&pending, tool_ends[n]) == 1) return 1;
    }
    return 0;
}

// Lets the signals through. A signal that has come meanwhile takes effect now.
static inline void tool_let_through(const struct tool_held *_Nonnull held) {
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}
