/*
 * max_connection_age_ms: a client that is never idle moves to the new address of its authority's name, and a request in
 * progress is not cut off by it.
 *
 * Needs resolver.so preloaded, a TLS authority in MACHINEID_BASE_URL, and the addresses of with_addresses.
 */
#include "authority.h"
#include "names_file.h"
#include "relay.h"

#include <pthread.h>

enum { MOST_THREADS = 8, AGE_MS = 1000, WITHIN_MS = 10000 };

static mid_client *client;
static atomic_int is_over;

static void validate(void) {
    char *json = NULL;
    int allowed = 0;
    if (!CHECK_STATUS(MID_OK, mid_validate(client, "aged", &allowed, &json)) || !CHECK(allowed == 1))
        fprintf(stderr, "    %s\n", json != NULL ? json : "");
    mid_free(json);
}

static void *call(void *unused) {
    (void)unused;
    while (!atomic_load(&is_over)) validate();
    return NULL;
}

static void move(int count) {
    int target = relay_port_of(check_environment("MACHINEID_BASE_URL")), carried;
    struct relay before = relay_start("127.0.0.2", 0, target, 1);
    struct relay after = relay_start("127.0.0.3", before.port, target, 1);
    pthread_t threads[MOST_THREADS];
    char options[512];
    double from;
    names_set("authority.example", "127.0.0.2");
    (void)snprintf(options, sizeof options,
                   "{\"base_url\":\"https://authority.example:%d\",\"ca_file\":\"%s\",\"max_connection_age_ms\":%d}",
                   before.port, check_environment("CA_FILE"), AGE_MS);
    client = check_client(options);
    CHECK_STATUS(MID_OK, mid_register(client, "aged", NULL));
    atomic_store(&is_over, 0);
    for (int n = 0; n < count; n++) check_need(pthread_create(&threads[n], NULL, call, NULL) == 0, "pthread_create");
    AWAIT(relay_tell(&before, CARRIED) >= 10 * count);
    CHECK(relay_tell(&after, ACCEPTED) == 0);

    names_set("authority.example", "127.0.0.3");
    from = check_now_ms();
    /* Waits until all threads have moved and the old address receives no more requests. */
    do {
        carried = relay_tell(&before, CARRIED);
        int others = relay_tell(&after, CARRIED);
        while (relay_tell(&after, CARRIED) < others + 20 * count && check_now_ms() - from < WITHIN_MS) pause_ms(1);
    } while (relay_tell(&before, CARRIED) != carried && check_now_ms() - from < WITHIN_MS);
    printf("%d threads: moved after %.0f ms\n", count, check_now_ms() - from);
    /* Ages are rounded up to whole seconds, and the address of a name is remembered for as long. */
    CHECK(check_now_ms() - from <= 2 * (AGE_MS + 1000) + check_slack_ms());
    CHECK(relay_tell(&after, ACCEPTED) >= 1);

    atomic_store(&is_over, 1);
    for (int n = 0; n < count; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    mid_client_free(client);
    relay_stop(&before);
    relay_stop(&after);
}

/* The answer takes longer than the maximum age of its connection. */
static void under_way(void) {
    struct authority *authority = authority_start();
    char options[128];
    (void)snprintf(options, sizeof options, ",\"max_retries\":0,\"timeout_ms\":30000,\"max_connection_age_ms\":%d",
                   AGE_MS);
    client = authority_client(authority, options);
    atomic_store(&authority->delay_ms, AGE_MS + 2000);
    validate();
    CHECK(atomic_load(&authority->requests) == 1);
    /* Afterwards the connection is too old for another request. */
    atomic_store(&authority->delay_ms, 0);
    validate();
    CHECK(atomic_load(&authority->requests) == 2);
    AWAIT(atomic_load(&authority->connections) == 1);
    mid_client_free(client);
    authority_stop(authority);
}

/* A younger connection is kept. */
static void kept(void) {
    struct authority *authority = authority_start();
    client = authority_client(authority, "");
    for (int n = 0; n < 100; n++) validate();
    CHECK(atomic_load(&authority->most_connections) == 1);
    mid_client_free(client);
    authority_stop(authority);
}

int main(void) {
    check_about = "1 thread";
    move(1);
    check_about = "8 threads";
    move(MOST_THREADS);
    check_about = "a request in progress";
    under_way();
    check_about = "a young connection";
    kept();
    check_about = "";
    return check_done();
}
