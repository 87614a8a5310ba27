/*
 * However many threads make the first clients of a process at the same time, its fork handlers are registered only
 * once: each registration would make a fork wait. The registration here is slow, or refuses, or is interrupted by a
 * fork.
 */
#include "children.h"

#include <dlfcn.h>
#include <pthread.h>

enum { THREADS = 16, ROUNDS = 10 };

typedef void handler(void);
typedef int registration(handler *prepare, handler *parent, handler *child, void *library);
registration __register_atfork;

static atomic_int registered, is_refused, is_held, is_waiting;
static pthread_barrier_t barrier;

static int really_register(handler *prepare, handler *parent, handler *child, void *library) {
    registration *real;
    int (*of_musl)(handler *, handler *, handler *);
    *(void **)&real = dlsym(RTLD_NEXT, "__register_atfork");
    if (real != NULL) return real(prepare, parent, child, library);
    *(void **)&of_musl = dlsym(RTLD_NEXT, "pthread_atfork");
    check_need(of_musl != NULL, "pthread_atfork");
    return of_musl(prepare, parent, child);
}

/* With glibc's own pthread_atfork(), which is part of each library that uses it, the library calls this. */
int __register_atfork(handler *prepare, handler *parent, handler *child, void *library) {
    struct timespec rest = {0, 5000000};
    Dl_info info;
    void *address;
    *(handler **)&address = prepare;
    if (prepare == NULL || dladdr(address, &info) == 0 || strstr(info.dli_fname, "libmachineid") == NULL)
        return really_register(prepare, parent, child, library);
    if (atomic_exchange(&is_refused, 0)) return ENOMEM;
    atomic_fetch_add(&registered, 1);
    (void)nanosleep(&rest, NULL);
    atomic_store(&is_waiting, 1);
    while (atomic_load(&is_held)) (void)nanosleep(&rest, NULL);
    return really_register(prepare, parent, child, library);
}

/* With musl, and where the portable build is for a glibc that had it in a shared library, the library calls this. */
int pthread_atfork(handler *prepare, handler *parent, handler *child) {
    return __register_atfork(prepare, parent, child, NULL);
}

static void *make_client(void *unused) {
    (void)pthread_barrier_wait(&barrier);
    mid_client_free(check_client(NULL));
    return unused;
}

static void start(pthread_t *threads, int count) {
    check_need(pthread_barrier_init(&barrier, NULL, (unsigned)count) == 0, "pthread_barrier_init");
    for (int n = 0; n < count; n++)
        check_need(pthread_create(&threads[n], NULL, make_client, NULL) == 0, "pthread_create");
}

static void join(pthread_t *threads, int count) {
    for (int n = 0; n < count; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
}

static void check_many(void) {
    pthread_t threads[THREADS];
    start(threads, THREADS);
    join(threads, THREADS);
    CHECK(atomic_load(&registered) == 1);
    mid_client_free(check_client(NULL));
    CHECK(atomic_load(&registered) == 1);
}

static void check_refusal(void) {
    mid_client *client = NULL;
    atomic_store(&is_refused, 1);
    CHECK_STATUS(MID_OUT_OF_MEMORY, mid_client_from_env(NULL, &client, NULL));
    CHECK(client == NULL);
    mid_client_free(check_client(NULL));
    CHECK(atomic_load(&registered) == 1);
}

/* The child does not wait for the registering thread, which it does not have. */
static void check_fork(void) {
    pthread_t thread;
    pid_t child;
    atomic_store(&is_held, 1);
    start(&thread, 1);
    while (!atomic_load(&is_waiting)) (void)sched_yield();
    child = fork();
    check_need(child >= 0, "fork");
    atomic_store(&is_held, 0);
    if (child == 0) {
        mid_client_free(check_client(NULL));
        CHECK(atomic_load(&registered) == 2);
        child_done();
    }
    (void)child_await(child, "a child forked at that time");
    join(&thread, 1);
    CHECK(atomic_load(&registered) == 1);
}

/* Runs the check in a process that has not used the library yet. */
static void in_a_process(void (*check)(void)) {
    pid_t child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) {
        atomic_store(&check_failed, 0);
        check();
        child_done();
    }
    (void)child_await(child, "a process");
}

int main(void) {
    for (int n = 0; n < ROUNDS; n++) in_a_process(check_many);
    in_a_process(check_refusal);
    in_a_process(check_fork);
    return check_done();
}
