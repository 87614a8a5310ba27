/*
 * One thread forks repeatedly while the others are in calls. Every process and thread has devices of its own, and every
 * reply names its device, so that a reply to another thread or process is noticed.
 *
 *     storm FORKS [--threads N] [--clone] [--churning]
 *
 * --clone forks by the bare system call, which skips everything that the C library does around a fork; it allows no
 * other threads. --churning: the authority ends connections by itself, so the parent may have other connections at the
 * end.
 */
#include "children.h"
#include "decisions.h"
#include "sockets.h"

#include <pthread.h>

enum { MAXIMUM_THREADS = 16, SECOND_REQUESTS = 8 /* at once */, FIRST_CALL_MS = 1000 };

static int clones;
static int churns;
static mid_client *client;
static atomic_int is_over;

struct caller {
    pthread_t thread;
    char device_id[32];
    int is_allowed;
    atomic_int calls;
};

static pid_t fork_somehow(void) {
    pid_t child = clones ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
    check_need(child >= 0, "fork");
    return child;
}

/* A thread of the parent that is nearly always in a call. */
static void *keep_calling(void *argument) {
    struct caller *caller = argument;
    while (!atomic_load(&is_over)) {
        decide(client, caller->device_id, caller->is_allowed);
        atomic_fetch_add(&caller->calls, 1);
        if (atomic_load(&check_failed) > 100) break;
    }
    return NULL;
}

static void start(struct caller *callers, int count) {
    for (int n = 0; n < count; n++) {
        struct caller *caller = &callers[n];
        (void)snprintf(caller->device_id, sizeof caller->device_id, "parent:%d", n);
        caller->is_allowed = n % 2 == 0;
        ask_about(mid_register, client, caller->device_id);
        if (!caller->is_allowed) ask_about(mid_revoke, client, caller->device_id);
        check_need(pthread_create(&caller->thread, NULL, keep_calling, caller) == 0, "pthread_create");
    }
    /* Once each thread has made some calls, all connections are established. */
    for (int n = 0; n < count; n++) {
        while (atomic_load(&callers[n].calls) < 20 && atomic_load(&check_failed) == 0) (void)sched_yield();
    }
}

/* Everything that can happen to a device, with each answer known in advance. */
static void live(const char *device_id) {
    decide(client, device_id, 0);
    ask_about(mid_register, client, device_id);
    decide(client, device_id, 1);
    ask_about(mid_revoke, client, device_id);
    decide(client, device_id, 0);
    ask_about(mid_restore, client, device_id);
    decide(client, device_id, 1);
    ask_about(mid_remove, client, device_id);
}

static void *live_in_a_thread(void *argument) {
    live(argument);
    return NULL;
}

static void expect_cancelled(const char *device_id) {
    int allowed = 1;
    char *json = NULL;
    mid_client_cancel(client);
    CHECK_STATUS(MID_CANCELLED, mid_validate(client, device_id, &allowed, &json));
    CHECK(allowed == 0);
    check_failure(MID_CANCELLED, json, NULL);
}

/* At most one inherited socket may remain: one that was being opened or closed at the moment of the fork. */
static void expect_dropped(const struct sockets *inherited, struct sockets *mine) {
    sockets_look(mine);
    CHECK(sockets_shared(inherited, mine) <= 1);
}

/* Whatever the parent's threads were doing, the child's first call has nothing to wait for. */
static void decide_at_once(const char *device_id) {
    double began = check_now_ms();
    double took;
    decide(client, device_id, 0);
    took = check_now_ms() - began;
    if (!CHECK(took < FIRST_CALL_MS + check_slack_ms())) fprintf(stderr, "    it took %.0f ms\n", took);
}

static void be_a_child(int n, int generation, const struct sockets *inherited) {
    struct sockets mine;
    char device_id[64];
    (void)snprintf(device_id, sizeof device_id, "child:%d:%d", n, generation);
    atomic_store(&check_failed, 0);

    switch (n % 7) {
    case 0: expect_cancelled(device_id); break; /* before its first call */
    case 1: break; /* frees the client at once, or leaves it alone */
    default: decide_at_once(device_id); live(device_id);
    }
    if (n % 7 == 2) expect_cancelled(device_id);
    if (n % 7 == 3 && !clones) {
        char other[72];
        pthread_t thread;
        (void)snprintf(other, sizeof other, "%s:thread", device_id);
        check_need(pthread_create(&thread, NULL, live_in_a_thread, other) == 0, "pthread_create");
        decide(client, device_id, 0);
        check_need(pthread_join(thread, NULL) == 0, "pthread_join");
    }
    if (n % 7 > 1) {
        expect_dropped(inherited, &mine);
        CHECK(mine.count <= 3);
    }
    if (n % 7 == 4 && generation < 3) {
        struct sockets own = mine;
        pid_t child = fork_somehow();
        if (child == 0) {
            be_a_child(n, generation + 1, &own);
            child_done();
        }
        decide(client, device_id, 0);
        (void)child_await(child, "a grandchild");
        decide(client, device_id, 0);
    }
    if (n % 2 == 1) {
        mid_client_free(client);
        expect_dropped(inherited, &mine);
    }
}

int main(int count, char **arguments) {
    static struct caller callers[MAXIMUM_THREADS];
    static struct sockets before, after;
    int forks = count > 1 ? atoi(arguments[1]) : 100;
    int threads = 0;
    int calls = 0;
    double began = check_now_ms();
    for (int n = 2; n < count; n++) {
        if (strcmp(arguments[n], "--clone") == 0) clones = 1;
        if (strcmp(arguments[n], "--churning") == 0) churns = 1;
        if (strcmp(arguments[n], "--threads") == 0 && n + 1 < count) threads = atoi(arguments[n + 1]);
    }
    check_need(forks > 0 && threads <= MAXIMUM_THREADS && !(clones && threads > 0), "other arguments");

    client = decisions_client();
    start(callers, threads);
    ask_about(mid_register, client, "parent");
    decide(client, "parent", 1);
    sockets_look(&before);
    CHECK(churns || before.count > 0);

    for (int n = 0; n < forks && atomic_load(&check_failed) < 20; n++) {
        struct sockets inherited;
        pid_t child;
        sockets_look(&inherited);
        child = fork_somehow();
        if (child == 0) {
            be_a_child(n, 0, &inherited);
            child_done();
        }
        decide(client, "parent", 1);
        (void)child_await(child, "a child");
        decide(client, "parent", 1);
    }
    atomic_store(&is_over, 1);
    for (int n = 0; n < threads; n++) {
        check_need(pthread_join(callers[n].thread, NULL) == 0, "pthread_join");
        calls += atomic_load(&callers[n].calls);
    }
    /* The children's actions have cost the parent no connection. */
    sockets_look(&after);
    CHECK(after.count <= threads + 1 + SECOND_REQUESTS);
    if (!churns && !atomic_load(&decide_was_slow)) CHECK(sockets_shared(&before, &after) == before.count);
    CHECK(after.descriptors - after.count <= before.descriptors - before.count + 4);

    mid_client_free(client);
    if (atomic_load(&check_failed) == 0)
        printf("%d forks during %d calls of %d other threads, %.1f s\n", forks, calls, threads,
               (check_now_ms() - began) / 1e3);
    else
        (void)check_done();
    return atomic_load(&check_failed) == 0 ? 0 : 1;
}
