/*
 * mid_client_stats() over http and https: one thread uses one connection again and again. IS_SECURE
 * says whether it takes a TLS handshake.
 */
#include "decisions.h"
#include "stats.h"

enum { CALLS = 50 };

int main(void) {
    int is_secure = atoi(check_environment("IS_SECURE"));
    mid_client *client = decisions_client();
    int allowed;
    for (int n = 0; n < CALLS; n++) CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
    /* A slow machine may have hedged a request. */
    long long made = stats_number(client, "connections/made"), hedges = stats_number(client, "hedges");
    CHECK(made >= 1 && made <= 1 + hedges);
    CHECK(stats_number(client, "connections/reused") + made >= CALLS);
    CHECK(stats_number(client, "connections/reused") + made <= CALLS + hedges);
    CHECK_NUMBER(is_secure ? made : 0, client, "tls_handshakes");
    mid_client_free(client);
    return check_done();
}
