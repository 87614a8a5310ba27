/*
 * Programs are started (posix_spawn, vfork, fork, system) while threads are in calls: no connection is disturbed, and a
 * started program inherits none of them.
 *
 *     spawning ROUNDS
 *     spawning --list      the started program: fails if it has inherited a TCP socket
 */
#include "children.h"
#include "decisions.h"
#include "sockets.h"

#include <pthread.h>
#include <spawn.h>

enum { THREADS = 4, SECOND_REQUESTS = 8 /* at once */ };

extern char **environ;
static mid_client *client;
static atomic_int is_over;
static atomic_int calls;

static void *keep_calling(void *device_id) {
    while (!atomic_load(&is_over) && atomic_load(&check_failed) < 20) {
        decide(client, device_id, 0);
        atomic_fetch_add(&calls, 1);
    }
    return NULL;
}

static pid_t start_program(int how, char *path) {
    char *const arguments[] = {path, "--list", NULL};
    pid_t child = -1;
    switch (how) {
    case 0: check_need(posix_spawn(&child, path, NULL, NULL, arguments, environ) == 0, "posix_spawn"); break;
    case 1:
        child = vfork();
        if (child == 0) {
            execv(path, arguments);
            _exit(127);
        }
        break;
    default:
        child = fork();
        if (child == 0) {
            execv(path, arguments);
            _exit(127);
        }
    }
    check_need(child > 0, "a process");
    return child;
}

int main(int count, char **arguments) {
    static struct sockets before, after;
    pthread_t threads[THREADS];
    char device_ids[THREADS][16];
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    int rounds = count > 1 ? atoi(arguments[1]) : 0;
    if (count > 1 && strcmp(arguments[1], "--list") == 0) {
        sockets_look(&after);
        return after.count == 0 ? 0 : 1;
    }
    check_need(length > 0 && rounds > 0, "other arguments");
    self[length] = '\0';

    client = decisions_client();
    for (int n = 0; n < THREADS; n++) {
        (void)snprintf(device_ids[n], sizeof device_ids[n], "thread:%d", n);
        check_need(pthread_create(&threads[n], NULL, keep_calling, device_ids[n]) == 0, "pthread_create");
    }
    while (atomic_load(&calls) < 100 && atomic_load(&check_failed) == 0) (void)sched_yield();
    sockets_look(&before);
    CHECK(before.count > 0);
    for (int n = 0; n < rounds; n++) {
        (void)child_await(start_program(n % 3, self), "a program");
        CHECK(system("exit 7") == 7 << 8);
    }
    atomic_store(&is_over, 1);
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    sockets_look(&after);
    if (!atomic_load(&decide_was_slow))
        CHECK(sockets_shared(&before, &after) == before.count && after.count <= THREADS);
    else printf("connections are not compared, since a decision took half a second\n");
    CHECK(after.count <= THREADS + SECOND_REQUESTS);
    CHECK(after.descriptors - after.count <= before.descriptors - before.count);
    mid_client_free(client);
    return check_done();
}
