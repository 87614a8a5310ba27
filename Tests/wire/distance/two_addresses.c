/*
 * Names with two addresses, the first of which never answers connection attempts: the second is reached within one
 * connect_timeout_ms, whatever their families, and also through a proxy with such a name. If neither answers, the call
 * ends in its time.
 *
 * Needs resolver.so preloaded, a TLS authority in MACHINEID_BASE_URL, and the network of with_addresses.
 */
#include "names_file.h"
#include "relay.h"

enum { CONNECT_TIMEOUT_MS = 3000 };

static const struct {
    const char *name, *first, *second;
} pairs[] = {
    {"IPv4 and IPv4", "127.0.0.2", "127.0.0.3"},
    {"IPv6 and IPv4", "fd00::1", "127.0.0.3"},
    {"IPv4 and IPv6", "127.0.0.2", "fd00::2"},
    {"IPv6 and IPv6", "fd00::1", "fd00::2"},
};

/* Returns how many milliseconds the call took. */
static double validate(mid_client *client, double within_ms) {
    char *json = NULL;
    int allowed = 0;
    double from = check_now_ms(), took;
    mid_status status = mid_validate(client, "two", &allowed, &json);
    took = check_now_ms() - from;
    if (!CHECK_STATUS(MID_OK, status) || !CHECK(allowed == 1)) fprintf(stderr, "    %s\n", json != NULL ? json : "");
    mid_free(json);
    if (!CHECK(took <= within_ms + check_slack_ms())) fprintf(stderr, "    it took %.0f ms\n", took);
    return took;
}

static mid_client *client_of(const char *host, int port, const char *more) {
    char options[1024];
    (void)snprintf(options, sizeof options,
                   "{\"base_url\":\"https://%s:%d\",\"ca_file\":\"%s\",\"max_retries\":0%s}", host, port,
                   check_environment("CA_FILE"), more);
    return check_client(options);
}

/* Makes the first address a hole, at the port of the second. */
static int begin_hole(const char *address, int port, struct hole *hole) {
    int listener = endpoint_listen(address, port);
    *hole = hole_make(listener);
    return listener;
}

static void end_hole(int listener, const struct hole *hole) {
    hole_open(hole, listener);
    check_need(close(listener) == 0, "close");
}

static void reach(size_t n, int through_proxy) {
    int target = relay_port_of(check_environment("MACHINEID_BASE_URL"));
    const char *name = through_proxy ? "proxy.example" : "authority.example";
    struct relay relay =
        through_proxy ? relay_start_proxy(pairs[n].second, 0, target) : relay_start(pairs[n].second, 0, target, 0);
    struct hole hole;
    int listener = begin_hole(pairs[n].first, relay.port, &hole);
    char addresses[128], more[128] = "";
    mid_client *client;
    (void)snprintf(addresses, sizeof addresses, "%s %s", pairs[n].first, pairs[n].second);
    names_set(name, addresses);
    if (through_proxy) (void)snprintf(more, sizeof more, ",\"proxy\":\"http://%s:%d\"", name, relay.port);
    client = client_of("authority.example", relay.port, more);
    printf("%s: reached after %.0f ms\n", check_about, validate(client, CONNECT_TIMEOUT_MS));
    /* The second call uses the connection of the first. */
    (void)validate(client, 0);
    CHECK(relay_tell(&relay, ACCEPTED) == 1);
    mid_client_free(client);
    end_hole(listener, &hole);
    relay_stop(&relay);
}

/* Neither address answers: the call ends when the time to connect is over, and no sooner than both were tried. */
static void reach_neither(void) {
    struct hole holes[2];
    int listeners[2], allowed = 1;
    char *json = NULL;
    mid_client *client;
    double from;
    listeners[0] = begin_hole("127.0.0.2", 0, &holes[0]);
    listeners[1] = begin_hole("127.0.0.3", endpoint_port(listeners[0]), &holes[1]);
    names_set("authority.example", "127.0.0.2 127.0.0.3");
    client = client_of("authority.example", endpoint_port(listeners[0]), ",\"connect_timeout_ms\":600");
    from = check_now_ms();
    CHECK_STATUS(MID_CONNECT_FAILED, mid_validate(client, "two", &allowed, &json));
    CHECK(allowed == 0);
    CHECK(check_now_ms() - from >= 590 && check_now_ms() - from <= 600 + check_slack_ms());
    check_failure(MID_CONNECT_FAILED, json, "authority.example");
    mid_client_free(client);
    for (int n = 0; n < 2; n++) end_hole(listeners[n], &holes[n]);
}

int main(void) {
    mid_client *client = client_of("localhost", relay_port_of(check_environment("MACHINEID_BASE_URL")), "");
    CHECK_STATUS(MID_OK, mid_register(client, "two", NULL));
    mid_client_free(client);
    for (int through_proxy = 0; through_proxy < 2; through_proxy++) {
        for (size_t n = 0; n < sizeof pairs / sizeof *pairs; n++) {
            char about[64];
            (void)snprintf(about, sizeof about, "%s%s", pairs[n].name, through_proxy ? ", of a proxy" : "");
            check_about = about;
            reach(n, through_proxy);
        }
    }
    check_about = "neither address answers";
    reach_neither();
    check_about = "";
    return check_done();
}
