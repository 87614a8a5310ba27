/*
 * Threads for the calls. libuv's pool has four, which file operations and name look-ups need, so that four slow calls
 * would hold up the whole program. These start as they are needed, at most 64 in a process, and end after ten idle
 * seconds. Further calls wait for one.
 */
#include "native.h"

#include <signal.h>
#include <time.h>

enum { MOST_THREADS = 64, IDLE_SECONDS = 10, STACK_BYTES = 512 * 1024 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct job *first, *last;
static int queued, idle, threads;

static void *work(void *unused) {
    (void)unused;
    pthread_mutex_lock(&mutex);
    for (;;) {
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += IDLE_SECONDS;
        int waited = 0;
        idle++;
        while (!first && waited == 0) waited = pthread_cond_timedwait(&more, &mutex, &end);
        idle--;
        struct job *job = first;
        if (!job) break;
        first = job->next;
        queued--;
        pthread_mutex_unlock(&mutex);
        run(job);
        pthread_mutex_lock(&mutex);
    }
    threads--;
    pthread_mutex_unlock(&mutex);
    return NULL;
}

/* Starts a thread that takes no signals: those are the program's. */
static bool start_thread(void) {
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0) return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, &attributes, work, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

bool submit(struct job *job) {
    pthread_mutex_lock(&mutex);
    if (queued >= idle && threads < MOST_THREADS && start_thread()) threads++;
    bool runs = threads > 0;
    if (runs) {
        job->next = NULL;
        if (first)
            last->next = job;
        else
            first = job;
        last = job;
        queued++;
        pthread_cond_signal(&more);
    }
    pthread_mutex_unlock(&mutex);
    return runs;
}
