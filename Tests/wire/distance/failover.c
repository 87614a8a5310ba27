/*
 * One of an authority's two addresses dies with all its connections, as when a node fails: no packet is answered there
 * any more. What 64 threads ask at that moment, and a batch, is answered at the other address: no call fails, and none
 * takes more than half of timeout_ms.
 *
 * Needs resolver.so preloaded, a TLS authority in MACHINEID_BASE_URL, and the addresses of with_addresses.
 */
#include "callers.h"
#include "names_file.h"
#include "parts.h"
#include "relay.h"

/* timeout_ms is 10,000 by default. */
enum { DELAY_MS = 10, HALF_OF_TIMEOUT_MS = 5000 };

/* What is asked when the node has died. */
static void all_at_once(mid_client *client) { callers_call(client, "pool", CALLERS_MOST_THREADS, 3); }
static void a_batch(mid_client *client) { callers_validate_many(client, "pool", CALLERS_MOST_DEVICES); }

static void fail_over(const char *what, void (*ask)(mid_client *)) {
    int target = relay_port_of(check_environment("MACHINEID_BASE_URL"));
    struct relay first = relay_start("127.0.0.2", 0, target, DELAY_MS);
    struct relay second = relay_start("127.0.0.3", first.port, target, DELAY_MS);
    char options[256];
    mid_client *client;
    int accepted;
    names_set("authority.example", "127.0.0.2 127.0.0.3");
    (void)snprintf(options, sizeof options, "{\"base_url\":\"https://authority.example:%d\",\"ca_file\":\"%s\"}",
                   first.port, check_environment("CA_FILE"));
    client = check_client(options);
    CHECK_STATUS(MID_OK, mid_register(client, "pool", NULL));
    for (int n = 0; n < 20 && relay_tell(&first, OPEN) < CALLERS_MOST_THREADS; n++)
        callers_call(client, "pool", CALLERS_MOST_THREADS, 3);
    accepted = relay_tell(&second, ACCEPTED);
    (void)relay_tell(&first, SWALLOW);
    CHECK(relay_tell(&first, FORGET) > CALLERS_MOST_THREADS / 2);
    atomic_store(&callers_longest, 0);
    ask(client);
    callers_took_at_most(HALF_OF_TIMEOUT_MS, what);
    CHECK(relay_tell(&second, ACCEPTED) > accepted);
    mid_client_free(client);
    relay_stop(&first);
    relay_stop(&second);
}

static void threads(void) { fail_over("64 threads", all_at_once); }
static void batch(void) { fail_over("500 devices", a_batch); }

int main(void) {
    static const struct part parts[] = {{"a node dies, 64 threads", threads}, {"a node dies, a batch", batch}};
    PARTS_PLAY(parts);
    return check_done();
}
