/*
 * Each child forks the next. The descriptors that one generation leaves to the next are bounded, so that a process can
 * continue through its children for ever, as a daemon that renews itself does.
 *
 *     generations [COUNT]
 */
#include "children.h"
#include "decisions.h"
#include "sockets.h"

/* libcurl's pair of descriptors with which one thread wakes another that waits. The library leaves it alone, as it does
 * everything of libcurl's. */
enum { LEFT_BY_A_GENERATION = 2 };

static void live(mid_client *client, int generation, int last) {
    struct sockets before, after;
    char device_id[32];
    pid_t child;
    (void)snprintf(device_id, sizeof device_id, "generation:%d", generation);
    sockets_look(&before);
    decide(client, device_id, 0);
    decide(client, device_id, 0);
    sockets_look(&after);
    CHECK(after.count == 1);
    if (generation > 0) {
        CHECK(sockets_shared(&before, &after) == 0);
        CHECK(after.descriptors - before.descriptors <= LEFT_BY_A_GENERATION);
    }
    if (generation == last) return;
    child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) {
        live(client, generation + 1, last);
        mid_client_free(client);
        child_done();
    }
    (void)child_await(child, device_id);
    decide(client, device_id, 0);
}

int main(int count, char **arguments) {
    int last = count > 1 ? atoi(arguments[1]) : 20;
    mid_client *client = decisions_client();
    live(client, 0, last);
    mid_client_free(client);
    if (atomic_load(&check_failed) == 0) printf("%d generations, each with one connection of its own\n", last);
    return atomic_load(&check_failed) == 0 ? 0 : 1;
}
