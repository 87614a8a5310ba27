/* mid_client_stats(): how many guards are in which state, and how their checks end. */
#include "authority.h"
#include "stats.h"

static void expect_guards(mid_client *client, int on, int lapsed, int denied, int ended) {
    CHECK_NUMBER(on, client, "guards/on");
    CHECK_NUMBER(lapsed, client, "guards/lapsed");
    CHECK_NUMBER(denied, client, "guards/denied");
    CHECK_NUMBER(ended, client, "guards/ended");
}

int main(void) {
    struct authority *authority = authority_start();
    mid_client *client = authority_client(authority, ",\"max_retries\":0,\"timeout_ms\":60000");
    mid_guard *guards[4], *none = NULL;
    expect_guards(client, 0, 0, 0, 0);

    /* Never checked within this test. */
    for (int n = 0; n < 2; n++) guards[n] = guard_start(client, "{\"interval_ms\":3600000}");
    /* Checked all the time. */
    guards[2] = guard_start(client, "{\"interval_ms\":50,\"max_age_ms\":50000}");
    expect_guards(client, 3, 0, 0, 0);
    CHECK_CALLS(3, client, "guard_start", MID_OK);
    CHECK_STATUS(MID_INVALID_OPTIONS, mid_guard_start(client, "guarded", "{\"x\":1}", &none, NULL));
    CHECK_CALLS(1, client, "guard_start", MID_INVALID_OPTIONS);
    AWAIT(stats_calls(client, "guard_check", MID_OK) >= 3);
    CHECK(stats_number(client, "decisions/allowed/ALLOW") >= 6);

    atomic_store(&authority->mood, IS_BUSY);
    AWAIT(stats_calls(client, "guard_check", MID_UNAVAILABLE) >= 2);
    expect_guards(client, 3, 0, 0, 0);
    atomic_store(&authority->mood, REFUSES);
    AWAIT(stats_calls(client, "guard_check", MID_REFUSED) >= 1);
    atomic_store(&authority->mood, DENIES);
    AWAIT(stats_number(client, "guards/denied") == 1);
    expect_guards(client, 2, 0, 1, 0);
    CHECK(stats_number(client, "decisions/denied/DEVICE_REVOKED") >= 1);

    /* Denied from the start. */
    guards[3] = guard_start(client, NULL);
    expect_guards(client, 2, 0, 2, 0);
    mid_guard_stop(guards[2]);
    expect_guards(client, 2, 0, 1, 0);

    atomic_store(&authority->mood, ALLOWS);
    guards[2] = guard_start(client, "{\"interval_ms\":20,\"max_age_ms\":40}");
    atomic_store(&authority->mood, IS_BUSY);
    AWAIT(stats_number(client, "guards/lapsed") == 1);
    expect_guards(client, 2, 1, 1, 0);
    mid_guard_stop(guards[0]);
    expect_guards(client, 1, 1, 1, 0);

    mid_client_cancel(client);
    expect_guards(client, 0, 0, 1, 2);
    for (int n = 1; n < 4; n++) mid_guard_stop(guards[n]);
    expect_guards(client, 0, 0, 0, 0);
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
