/*
 * A process with a guard forks: in the child the guard is off and its descriptor readable at once, in the parent
 * nothing changes, and the child starts a guard of its own. Some of the processes end while guards are checking.
 *
 *     guards COUNT
 */
#include "authority.h"

#include <fcntl.h>
#include <sys/resource.h>

enum { GUARDS = 64 };

static const char quick[] = "{\"interval_ms\":20,\"max_age_ms\":20000}";

static void *ask_for_descriptor(void *guard) { return (void *)(intptr_t)mid_guard_fd(guard); }

/* An inherited guard whose descriptor was not asked for before the fork. In the child several threads ask for it at
 * once. */
static void check_unasked(mid_guard *guard, int how) {
    pthread_t threads[4];
    void *found;
    for (int n = 0; n < 4; n++)
        check_need(pthread_create(&threads[n], NULL, ask_for_descriptor, guard) == 0, "pthread_create");
    int descriptor = mid_guard_fd(guard);
    CHECK(descriptor >= 0 && is_readable(descriptor));
    for (int n = 0; n < 4; n++) {
        check_need(pthread_join(threads[n], &found) == 0, "pthread_join");
        CHECK((int)(intptr_t)found == descriptor);
    }
    if (how % 5 == 0) {
        (void)fflush(NULL);
        pid_t child = fork();
        check_need(child >= 0, "fork");
        if (child == 0) {
            CHECK(mid_guard_fd(guard) == descriptor && is_readable(descriptor));
            child_done();
        }
        child_await(child, "the child's child");
    }
    mid_guard_stop(guard);
    CHECK(fcntl(descriptor, F_GETFD) == -1);
}

static _Noreturn void be_a_child(mid_client *client, mid_guard *guard, int descriptor, int how) {
    int allowed = 7;
    char *json = NULL;
    CHECK(mid_guard_allowed(guard) == 0);
    CHECK(is_readable(descriptor));
    CHECK(mid_guard_fd(guard) == descriptor);
    CHECK_STATUS(MID_OK, mid_guard_wait(guard, -1));
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, &json));
    check_reply_text(json, "state", "ended");
    CHECK(allowed == 0);
    if (how % 3 == 0) mid_guard_stop(guard);
    mid_guard *own = guard_start(client, quick);
    CHECK(mid_guard_allowed(own) == 1);
    CHECK(how % 3 == 0 || mid_guard_allowed(guard) == 0);
    if (how % 3 == 1) mid_guard_stop(guard);
    if (how % 4 == 0) mid_client_free(client);
    if (how % 4 == 1) mid_guard_stop(own);
    (void)fflush(stderr);
    /* Some children end with exit(), and some with _exit(). */
    if (how % 2 == 0) exit(atomic_load(&check_failed) == 0 ? 0 : 1);
    child_done();
}

/* No descriptor is free when the process forks: the guard's descriptors are nevertheless readable in the child. */
static void fork_without_descriptors(int descriptor) {
    enum { MOST = 256 };
    struct rlimit before, few;
    int taken[MOST], count = 0;
    check_need(getrlimit(RLIMIT_NOFILE, &before) == 0, "getrlimit");
    few = before;
    few.rlim_cur = MOST;
    check_need(setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit");
    while (count < MOST && (taken[count] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) >= 0) count++;
    CHECK(count > 0 && count < MOST);
    (void)fflush(NULL);
    pid_t child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) {
        CHECK(is_readable(descriptor));
        child_done();
    }
    while (count > 0) check_need(close(taken[--count]) == 0, "close");
    child_await(child, "the child without descriptors");
    CHECK(!is_readable(descriptor));
    check_need(setrlimit(RLIMIT_NOFILE, &before) == 0, "setrlimit");
}

int main(int count, char **arguments) {
    int forks = count > 1 ? atoi(arguments[1]) : 100;
    struct authority *authority = authority_start();
    mid_client *client = authority_client(authority, "");
    mid_guard *guards[GUARDS];
    int descriptors[GUARDS];
    for (int n = 0; n < GUARDS; n++) guards[n] = guard_start(client, quick);
    /* Asks for all descriptors but the second, which is asked for in the child. */
    for (int n = 0; n < GUARDS; n++) descriptors[n] = n == 1 ? -1 : mid_guard_fd(guards[n]);
    int descriptor = descriptors[0];

    for (int n = 0; n < forks && atomic_load(&check_failed) < 10; n++) {
        (void)fflush(NULL);
        pid_t child = fork();
        check_need(child >= 0, "fork");
        if (child == 0) {
            atomic_store(&check_failed, 0);
            for (int other = 2; other < GUARDS; other++) CHECK(is_readable(descriptors[other]));
            check_unasked(guards[1], n);
            be_a_child(client, guards[0], descriptor, n);
        }
        child_await(child, "the child");
        for (int other = 0; other < GUARDS; other++) CHECK(mid_guard_allowed(guards[other]) == 1);
        for (int other = 2; other < GUARDS; other++) CHECK(!is_readable(descriptors[other]));
        CHECK(!is_readable(descriptor));
    }
    fork_without_descriptors(descriptor);
    int until = atomic_load(&authority->requests) + 100;
    AWAIT(atomic_load(&authority->requests) >= until);
    CHECK(!is_readable(mid_guard_fd(guards[1])));
    for (int n = 0; n < GUARDS; n++) {
        CHECK(mid_guard_allowed(guards[n]) == 1);
        mid_guard_stop(guards[n]);
    }
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
