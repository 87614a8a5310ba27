/*
 * Many threads, few connections: a client spreads them over shards. It never opens more connections, and leaves none
 * idle while a call waits. On a machine so busy that answers take half a second, second requests use additional
 * connections.
 */
#include "authority.h"
#include "callers.h"
#include "sockets.h"

enum { CALLS = 30, DEVICES = 200 };

/* Whether a count equals the number of connections, apart from second requests. */
static int is_about(int count, int connections) {
    return count == connections || (count > connections && atomic_load(&callers_slow) > 0);
}

static int is_at_most(int count, int connections) { return count <= connections || is_about(count, connections); }

static int descriptors(void) {
    struct sockets found;
    sockets_look(&found);
    return found.descriptors;
}

static void forked(mid_client *client) {
    (void)fflush(NULL);
    pid_t child = fork();
    int status = 1;
    check_need(child >= 0, "fork");
    if (child == 0) {
        callers_call(client, "shards", 16, 3);
        mid_client_free(client);
        child_done();
    }
    callers_call(client, "shards", 16, CALLS);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* Makes as many calls as connections at once, on a client that has none yet. The authority answers none before it has
 * them all. It is repeated because chance decides which call makes a shard, and which come in the meantime. */
static void first_calls(struct authority *authority, int connections, const char *option) {
    atomic_store(&authority->awaits, connections);
    for (int n = 0; n < 20; n++) {
        mid_client *client = authority_client(authority, option);
        atomic_store(&authority->most_busy, 0);
        callers_call(client, "shards", connections, 1);
        CHECK(is_about(atomic_load(&authority->most_busy), connections));
        mid_client_free(client);
        AWAIT(atomic_load(&authority->connections) == 0);
    }
}

static void bounded(int connections) {
    struct authority *authority = authority_start();
    char option[64], name[24];
    int open = descriptors();
    (void)snprintf(name, sizeof name, "%d connections", connections);
    check_about = name;
    (void)snprintf(option, sizeof option, ",\"max_connections\":%d", connections);
    first_calls(authority, connections, option);

    mid_client *client = authority_client(authority, option);
    atomic_store(&authority->delay_ms, 1);
    callers_call(client, "shards", CALLERS_MOST_THREADS, CALLS);
    atomic_store(&authority->most_busy, 0);
    callers_call(client, "shards", connections, 1);
    CHECK(is_about(atomic_load(&authority->most_busy), connections));

    CHECK(is_at_most(atomic_load(&authority->most_connections), connections));

    /* Connections that the threads no longer use are free for others: many devices use all of them. */
    atomic_store(&authority->most_busy, 0);
    atomic_store(&authority->awaits, connections);
    callers_validate_many(client, "shards", DEVICES);
    CHECK(is_about(atomic_load(&authority->most_busy), connections));
    atomic_store(&authority->awaits, 0);
    /* The authority may notice the end of one connection after the start of the next. */
    AWAIT(atomic_load(&authority->connections) <= connections);
    atomic_store(&authority->most_connections, 0);
    callers_call(client, "shards", CALLERS_MOST_THREADS, CALLS);
    CHECK(is_at_most(atomic_load(&authority->most_connections), connections));

    forked(client);
    mid_client_free(client);
    CHECK(descriptors() == open);

    /* The connections of mid_validate_many() are closed before others are opened for shards. */
    AWAIT(atomic_load(&authority->connections) == 0);
    atomic_store(&authority->most_connections, 0);
    client = authority_client(authority, option);
    callers_validate_many(client, "shards", DEVICES);
    callers_call(client, "shards", CALLERS_MOST_THREADS, CALLS);
    CHECK(is_at_most(atomic_load(&authority->most_connections), connections));
    mid_client_free(client);
    authority_stop(authority);
    check_about = "";
}

int main(void) {
    static const int connections[] = {1, 2, 3, 8, 20};
    for (size_t n = 0; n < sizeof connections / sizeof *connections; n++) bounded(connections[n]);
    return check_done();
}
