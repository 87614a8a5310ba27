/*
 * Authorities that answer half of the time: with 429 and Retry-After to every second request, with one of two addresses
 * reachable half of the time, or with a single address reachable half of the time. Calls end as machineid.h says,
 * within their time, and the client keeps working.
 *
 * Needs resolver.so preloaded, a TLS authority in MACHINEID_BASE_URL, and the addresses of with_addresses.
 */
#include "authority.h"
#include "names_file.h"
#include "parts.h"
#include "relay.h"
#include "scripted.h"

/* ---- 429 ---- */

static const struct act put_off = {
    .status = "429 Too Many Requests\r\nRetry-After: 1", .body = "{\"error\":\"rate_limited\"}"};
static const struct act put_off_for_long = {
    .status = "429 Too Many Requests\r\nRetry-After: 60", .body = "{\"error\":\"rate_limited\"}"};
static const struct act allow = {.status = "200 OK", .body = ALLOWS_IT};

/* The pause that the authority asks for fits into the timeout: the call waits for it and is allowed. */
static void pause_fits(void) {
    struct scripted *scripted = scripted_start();
    const struct act acts[] = {allow, put_off, allow, put_off, allow, put_off, allow};
    mid_client *client = scripted_client(scripted, "");
    scripted_set(scripted, acts, 7, put_off);
    for (int n = 0; n < 4; n++) {
        int allowed = 0;
        double from = check_now_ms(), took;
        CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
        took = check_now_ms() - from;
        CHECK(allowed == 1);
        if (n > 0) CHECK(took >= 1000 && took <= 1100 + check_slack_ms());
    }
    CHECK(scripted_requests(scripted) == 7);
    mid_client_free(client);
    scripted_stop(scripted);
}

/* The pause does not fit into the timeout: the call ends at once with that answer, and the next one works as usual. */
static void pause_does_not_fit(void) {
    struct scripted *scripted = scripted_start();
    const struct act acts[] = {put_off_for_long, allow, put_off_for_long, allow, put_off_for_long, allow};
    mid_client *client = scripted_client(scripted, "");
    scripted_set(scripted, acts, 6, allow);
    for (int n = 0; n < 6; n++) {
        int allowed = 0;
        double from = check_now_ms();
        mid_status status = mid_validate(client, "agent", &allowed, NULL);
        CHECK((status == MID_OK) == (n % 2 == 1));
        CHECK(allowed == n % 2);
        CHECK(check_now_ms() - from <= check_slack_ms());
    }
    CHECK(scripted_requests(scripted) == 6);
    mid_client_free(client);
    scripted_stop(scripted);
}

/* ---- Addresses ---- */

struct tally {
    int allows, failures;
    double longest;
};

static mid_client *client_at(const char *more, int port) {
    char options[512];
    (void)snprintf(options, sizeof options, "{\"base_url\":\"https://authority.example:%d\",\"ca_file\":\"%s\"%s}",
                   port, check_environment("CA_FILE"), more);
    return check_client(options);
}

/* Makes calls for 4 s while `relay` is unreachable and reachable in turns of a third of a second, beginning with
 * unreachable. */
static struct tally ask_during_outages(mid_client *client, const struct relay *relay, mid_status failure) {
    struct tally tally = {0};
    double from = check_now_ms();
    int turn = 0;
    while (check_now_ms() - from < 4000) {
        int now = (int)((check_now_ms() - from) / 333) + 1, allowed = 7;
        double began = check_now_ms(), took;
        mid_status status;
        if (now != turn) {
            (void)relay_tell(relay, now % 2 == 1 ? SWALLOW : ANSWER);
            (void)relay_tell(relay, FORGET);
        }
        turn = now;
        began = check_now_ms();
        status = mid_validate(client, "busy", &allowed, NULL);
        took = check_now_ms() - began;
        CHECK(status == MID_OK || status == failure || status == MID_TIMEOUT);
        CHECK(allowed == (status == MID_OK));
        tally.allows += status == MID_OK;
        tally.failures += status != MID_OK;
        if (took > tally.longest) tally.longest = took;
    }
    (void)relay_tell(relay, ANSWER);
    printf("%s: %d allows, %d failures, %.0f ms at most\n", check_about, tally.allows, tally.failures, tally.longest);
    return tally;
}

static void keeps_working(mid_client *client) {
    for (int n = 0; n < 5; n++) {
        int allowed = 0;
        CHECK_STATUS(MID_OK, mid_validate(client, "busy", &allowed, NULL));
        CHECK(allowed == 1);
    }
    mid_client_free(client);
}

/* Of two addresses, the second is always reachable: no call fails. */
static void one_of_two(void) {
    int target = relay_port_of(check_environment("MACHINEID_BASE_URL"));
    struct relay first = relay_start("127.0.0.2", 0, target, 1);
    struct relay second = relay_start("127.0.0.3", first.port, target, 1);
    mid_client *client = client_at(",\"connect_timeout_ms\":1500", first.port);
    struct tally tally;
    names_set("authority.example", "127.0.0.2 127.0.0.3");
    CHECK_STATUS(MID_OK, mid_register(client, "busy", NULL));
    tally = ask_during_outages(client, &first, MID_OK);
    CHECK(tally.failures == 0);
    CHECK(tally.longest <= 500 + 1500 + check_slack_ms());
    keeps_working(client);
    relay_stop(&first);
    relay_stop(&second);
}

/* With a single address, calls fail in time while it is unreachable, and are allowed as soon as it is back. */
static void only_one(void) {
    int target = relay_port_of(check_environment("MACHINEID_BASE_URL"));
    struct relay relay = relay_start("127.0.0.4", 0, target, 1);
    mid_client *client = client_at(",\"timeout_ms\":900,\"connect_timeout_ms\":100,\"max_retries\":0", relay.port);
    struct tally tally;
    names_set("authority.example", "127.0.0.4");
    (void)mid_register(client, "busy", NULL);
    tally = ask_during_outages(client, &relay, MID_CONNECT_FAILED);
    CHECK(tally.failures > 0 && tally.allows > 0);
    CHECK(tally.longest <= 900 + check_slack_ms());
    keeps_working(client);
    relay_stop(&relay);
}

int main(void) {
    static const struct part parts[] = {{"429 with a pause that fits", pause_fits},
                                        {"429 with a pause that does not fit", pause_does_not_fit}};
    PARTS_PLAY(parts);
    check_about = "one of two addresses is reachable half of the time";
    one_of_two();
    check_about = "the only address is reachable half of the time";
    only_one();
    check_about = "";
    return check_done();
}
