/*
 * A request on a kept connection needs no look-up of a name, however it ends: later requests must not wait as if the
 * resolver were slow. libcurl 8 records no look-up time for such a request, as if the look-up were still running.
 */
#include "authority.h"

enum { AT_ONCE = 12, ROUNDS = 10, MOST_MS = 3000 };

int main(void) {
    const char *devices[AT_ONCE];
    int allowed[AT_ONCE];
    double began;
    struct authority *authority = authority_start();
    mid_client *client = authority_client(authority, ",\"timeout_ms\":1500,\"max_retries\":0,\"max_connections\":12");
    for (int n = 0; n < AT_ONCE; n++) devices[n] = "w:1";

    check_about = "all connections are made";
    atomic_store(&authority->mood, ALLOWS);
    atomic_store(&authority->awaits, AT_ONCE);
    CHECK_STATUS(MID_OK, mid_validate_many(client, devices, AT_ONCE, allowed, NULL));
    CHECK(atomic_load(&authority->most_connections) == AT_ONCE);
    atomic_store(&authority->awaits, 0);

    check_about = "requests time out on all of them";
    atomic_store(&authority->mood, IS_SILENT);
    CHECK_STATUS(MID_TIMEOUT, mid_validate_many(client, devices, AT_ONCE, allowed, NULL));

    /* After an invalid reply no further request uses that connection, although libcurl has chosen it. */
    check_about = "invalid replies";
    began = check_now_ms();
    for (int round = 0; round < ROUNDS; round++) {
        atomic_store(&authority->mood, TELLS_NONSENSE);
        CHECK_STATUS(MID_BAD_REPLY, mid_validate(client, "w:1", allowed, NULL));
        atomic_store(&authority->mood, ALLOWS);
        CHECK_STATUS(MID_OK, mid_validate(client, "w:1", allowed, NULL));
        CHECK(allowed[0] == 1);
    }
    if (!CHECK(check_now_ms() - began < MOST_MS + check_slack_ms()))
        fprintf(stderr, "    %d rounds took %.0f ms\n", ROUNDS, check_now_ms() - began);
    check_about = "";
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
