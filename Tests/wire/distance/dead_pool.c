/*
 * The network silently forgets all connections of a client, while new ones work: no call fails because of it, and none
 * takes more than half of timeout_ms. The authorities are those of the URLs, behind a relay, and are tested in
 * parallel.
 *
 *     dead_pool URL...
 */
#include "authority.h"
#include "callers.h"
#include "parts.h"
#include "relay.h"

/* The numbers of connections, and of threads too; 0 is the default of max_connections. */
static const int pools[] = {1, 8, 32, 0};

enum { POOLS = sizeof pools / sizeof *pools, MOST_URLS = 4 };
/* timeout_ms is 10,000 by default. */
enum { DELAY_MS = 10, DEVICES = 30, HALF_OF_TIMEOUT_MS = 5000 };

static struct relay relay;
/* Makes calls until there are as many connections as threads, and then silences them all. */
static void forget_all(mid_client *client, int connections) {
    for (int n = 0; n < 20 && relay_tell(&relay, OPEN) < connections; n++) callers_call(client, "pool", connections, 3);
    CHECK(relay_tell(&relay, FORGET) == connections);
    atomic_store(&callers_longest, 0);
}

static int checks_of(mid_guard *guard) {
    char *json = NULL;
    int allowed = 0, checks;
    json_t *report;
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, &json));
    report = check_reply(json);
    checks = (int)json_integer_value(json_object_get(report, "checks"));
    json_decref(report);
    return checks;
}

/* The guard would lapse if one of its checks hung, or if two did in succession. */
static void guarded(mid_client *client, int connections) {
    mid_guard *guard = NULL;
    int checks;
    CHECK_STATUS(MID_OK, mid_guard_start(client, "pool", "{\"interval_ms\":200,\"max_age_ms\":2500}", &guard, NULL));
    forget_all(client, connections);
    checks = checks_of(guard);
    for (double until = check_now_ms() + 20000; checks_of(guard) < checks + 4 && check_now_ms() < until;)
        CHECK_STATUS(MID_TIMEOUT, mid_guard_wait(guard, 100));
    CHECK(checks_of(guard) >= checks + 4);
    mid_guard_stop(guard);
}

static void forget_at(const char *url, int given) {
    int connections = given > 0 ? given : CALLERS_MOST_THREADS;
    char options[512], most[64] = "";
    mid_client *client;
    check_need(connections <= CALLERS_MOST_THREADS, "fewer connections");
    relay = relay_start("127.0.0.1", 0, relay_port_of(url), DELAY_MS);
    if (given > 0) (void)snprintf(most, sizeof most, ",\"max_connections\":%d", given);
    (void)snprintf(options, sizeof options, "{\"base_url\":\"%.*s://127.0.0.1:%d\",\"ca_file\":\"%s\"%s}",
                   (int)strcspn(url, ":"), url, relay.port, check_environment("CA_FILE"), most);
    client = check_client(options);
    CHECK_STATUS(MID_OK, mid_register(client, "pool", NULL));

    forget_all(client, connections);
    atomic_store(&callers_slow, 0);
    callers_call(client, "pool", 1, 12);
    /* The other idle connections are not tried one after the other. On a busy machine a few more calls may take
     * long. */
    CHECK(atomic_load(&callers_slow) >= 1 && atomic_load(&callers_slow) <= 4);
    callers_took_at_most(HALF_OF_TIMEOUT_MS, "call after call");
    forget_all(client, connections);
    callers_call(client, "pool", connections, 3);
    callers_took_at_most(HALF_OF_TIMEOUT_MS, "all at once");
    forget_all(client, connections);
    callers_validate_many(client, "pool", DEVICES);
    callers_took_at_most(HALF_OF_TIMEOUT_MS, "many devices");
    guarded(client, connections);
    /* The pool regains its full size. */
    forget_all(client, connections);
    callers_call(client, "pool", connections, 3);
    callers_took_at_most(HALF_OF_TIMEOUT_MS, "all at once again");
    for (int n = 0; n < 20 && relay_tell(&relay, OPEN) < connections; n++) callers_call(client, "pool", connections, 3);
    CHECK(relay_tell(&relay, OPEN) == connections);

    mid_client_free(client);
    relay_stop(&relay);
}

static pid_t begin(const char *url, int given) {
    char about[128];
    pid_t child = part_fork();
    if (child > 0) return child;
    (void)snprintf(about, sizeof about, "%.*s, a pool of %d", (int)strcspn(url, ":"), url, given);
    check_about = about;
    forget_at(url, given);
    (void)fflush(stdout);
    child_done();
}

int main(int count, char **arguments) {
    pid_t children[MOST_URLS * POOLS];
    check_need(count > 1 && count - 1 <= MOST_URLS, "dead_pool URL...");
    for (int n = 0; n < (count - 1) * POOLS; n++) children[n] = begin(arguments[1 + n / POOLS], pools[n % POOLS]);
    for (int n = 0; n < (count - 1) * POOLS; n++) child_await(children[n], arguments[1 + n / POOLS]);
    return check_done();
}
