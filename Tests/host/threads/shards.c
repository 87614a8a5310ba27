/*
 * Many threads, few connections: a client spreads them over shards. It never opens more connections, and leaves none
 * idle while a call waits. On a machine so busy that answers take half a second, second requests use additional
 * connections.
 */
#include "authority.h"
#include "sockets.h"

enum { MOST_THREADS = 64, CALLS = 30, DEVICES = 200 };

struct caller {
    pthread_t thread;
    mid_client *client;
    pthread_barrier_t *together;
    int calls;
};

/* The number of calls that took so long that they may have sent a second request. */
static atomic_int long_calls;

static void note_time(double from) {
    if (check_now_ms() - from >= 500) atomic_fetch_add(&long_calls, 1);
}

/* Whether a count equals the number of connections, apart from second requests. */
static int is_about(int count, int connections) {
    return count == connections || (count > connections && atomic_load(&long_calls) > 0);
}

static int is_at_most(int count, int connections) { return count <= connections || is_about(count, connections); }

static void validate(mid_client *client) {
    int allowed = 7;
    char *json = NULL;
    double from = check_now_ms();
    CHECK_STATUS(MID_OK, mid_validate(client, "shards", &allowed, &json));
    note_time(from);
    CHECK(allowed == 1);
    mid_free(json);
}

static void validate_many(mid_client *client) {
    const char *devices[DEVICES];
    int allowed[DEVICES];
    for (int n = 0; n < DEVICES; n++) devices[n] = "shards";
    memset(allowed, 0, sizeof allowed);
    double from = check_now_ms();
    CHECK_STATUS(MID_OK, mid_validate_many(client, devices, DEVICES, allowed, NULL));
    note_time(from);
    for (int n = 0; n < DEVICES; n++) CHECK(allowed[n] == 1);
}

static void *call(void *argument) {
    struct caller *caller = argument;
    (void)pthread_barrier_wait(caller->together);
    for (int n = 0; n < caller->calls; n++) validate(caller->client);
    return NULL;
}

static void call_from(mid_client *client, int threads, int calls) {
    struct caller callers[MOST_THREADS];
    pthread_barrier_t together;
    check_need(pthread_barrier_init(&together, NULL, (unsigned)threads) == 0, "pthread_barrier_init");
    for (int n = 0; n < threads; n++) {
        callers[n] = (struct caller){.client = client, .together = &together, .calls = calls};
        check_need(pthread_create(&callers[n].thread, NULL, call, &callers[n]) == 0, "pthread_create");
    }
    for (int n = 0; n < threads; n++) check_need(pthread_join(callers[n].thread, NULL) == 0, "pthread_join");
    check_need(pthread_barrier_destroy(&together) == 0, "pthread_barrier_destroy");
}

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
        call_from(client, 16, 3);
        mid_client_free(client);
        child_done();
    }
    call_from(client, 16, CALLS);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* Makes as many calls as connections at once, on a client that has none yet. The authority answers none before it has
 * them all. It is repeated because chance decides which call makes a shard, and which come in the meantime. */
static void first_calls(struct authority *authority, int connections, const char *option) {
    atomic_store(&authority->awaits, connections);
    for (int n = 0; n < 20; n++) {
        mid_client *client = authority_client(authority, option);
        atomic_store(&authority->most_busy, 0);
        call_from(client, connections, 1);
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
    call_from(client, MOST_THREADS, CALLS);
    atomic_store(&authority->most_busy, 0);
    call_from(client, connections, 1);
    CHECK(is_about(atomic_load(&authority->most_busy), connections));

    CHECK(is_at_most(atomic_load(&authority->most_connections), connections));

    /* Connections that the threads no longer use are free for others: many devices use all of them. */
    atomic_store(&authority->most_busy, 0);
    atomic_store(&authority->awaits, connections);
    validate_many(client);
    CHECK(is_about(atomic_load(&authority->most_busy), connections));
    atomic_store(&authority->awaits, 0);
    /* The authority may notice the end of one connection after the start of the next. */
    AWAIT(atomic_load(&authority->connections) <= connections);
    atomic_store(&authority->most_connections, 0);
    call_from(client, MOST_THREADS, CALLS);
    CHECK(is_at_most(atomic_load(&authority->most_connections), connections));

    forked(client);
    mid_client_free(client);
    CHECK(descriptors() == open);

    /* The connections of mid_validate_many() are closed before others are opened for shards. */
    AWAIT(atomic_load(&authority->connections) == 0);
    atomic_store(&authority->most_connections, 0);
    client = authority_client(authority, option);
    validate_many(client);
    call_from(client, MOST_THREADS, CALLS);
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
