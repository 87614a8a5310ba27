/*
 * One thread for the whole process sleeps until one of the guards has ended. It starts with the first guard and stays.
 */
#include "native.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct watched {
    struct watched *next;
    uint64_t number;
    int descriptor;
    struct job *job; /* made beforehand, so that the word does not need memory */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct watched *all;
static int descriptors = -1;

/* Takes a guard out, under the mutex. */
static struct watched *take(uint64_t number) {
    for (struct watched **place = &all; *place; place = &(*place)->next) {
        struct watched *found = *place;
        if (found->number != number) continue;
        *place = found->next;
        epoll_ctl(descriptors, EPOLL_CTL_DEL, found->descriptor, NULL);
        return found;
    }
    return NULL;
}

static void *sleep_and_tell(void *unused) {
    (void)unused;
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(descriptors, &event, 1, -1) != 1) continue;
        pthread_mutex_lock(&mutex);
        struct watched *found = take(event.data.u64);
        pthread_mutex_unlock(&mutex);
        if (!found) continue;
        post(found->job);
        free(found);
    }
    return NULL;
}

/* Starts the thread, once, under the mutex. */
static bool start(void) {
    pthread_t thread;
    sigset_t signals, before;
    if (descriptors >= 0) return true;
    descriptors = epoll_create1(EPOLL_CLOEXEC);
    if (descriptors < 0) return false;
    sigfillset(&signals);
    pthread_sigmask(SIG_SETMASK, &signals, &before);
    int failure = pthread_create(&thread, NULL, sleep_and_tell, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure) {
        close(descriptors);
        descriptors = -1;
        return false;
    }
    pthread_detach(thread);
    return true;
}

bool watch(uint64_t number, int descriptor, struct environment *environment) {
    struct watched *watched = calloc(1, sizeof *watched);
    struct job *job = calloc(1, sizeof *job);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = number};
    if (!watched || !job || descriptor < 0) {
        free(watched);
        free(job);
        return false;
    }
    atomic_fetch_add(&environment->references, 1);
    job->environment = environment;
    job->ended = number;
    watched->number = number;
    watched->descriptor = descriptor;
    watched->job = job;
    pthread_mutex_lock(&mutex);
    bool is_watched = start() && epoll_ctl(descriptors, EPOLL_CTL_ADD, descriptor, &event) == 0;
    if (is_watched) {
        watched->next = all;
        all = watched;
    }
    pthread_mutex_unlock(&mutex);
    if (!is_watched) {
        free_job(job);
        free(watched);
    }
    return is_watched;
}

void unwatch(uint64_t number) {
    pthread_mutex_lock(&mutex);
    struct watched *found = take(number);
    pthread_mutex_unlock(&mutex);
    if (!found) return;
    free_job(found->job);
    free(found);
}
