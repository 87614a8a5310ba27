/*
 * lives.h - refuses memory to one call in the life of a client, and does so again and again. The client must work
 * afterwards, and no life may leak.
 */
#ifndef LIVES_H
#define LIVES_H

#include "refusing.h"

enum { MANY_LIVES = 40 };

/* Makes a call whose nth allocation is refused; returns 0 if it made fewer allocations. */
typedef int refused_call(mid_client *, int wants_json);

/*
 * OpenSSL remembers that the key of a certificate could not be read, even if only memory was lacking, and libcurl keeps
 * the certificates for later connections of the client. Then only a new client can connect.
 */
static inline int is_spoiled(mid_client *client) {
    mid_status status;
    if (strstr(getenv("CLIENT_OPTIONS"), "https:") == NULL) return 0;
    status = mid_usage(client, NULL);
    if (!CHECK(status == MID_OK || status == MID_TLS_FAILED))
        fprintf(stderr, "    mid_usage is %s\n", mid_status_name(status));
    return status == MID_TLS_FAILED;
}

/* Makes a client, refuses memory to one call, and checks that the client works afterwards. */
static inline int live(refused_call *call, int is_warm, int wants_json) {
    mid_client *client = decisions_client();
    int refused;
    if (is_warm) decide(client, "memory:yes", 1);
    refused = call(client, wants_json);
    say_where("the call after it");
    if (is_spoiled(client)) {
        atomic_fetch_add(&spoiled, 1);
        mid_client_free(client);
        client = decisions_client();
    }
    decide(client, "memory:yes", 1);
    decide(client, "memory:no", 0);
    mid_client_free(client);
    return refused;
}

/* Memory that is kept for good is allocated once; a leak repeats every time. OpenSSL keeps the texts of a thread's last
 * errors, whose number varies; then the blocks are counted over many lives. */
static inline int live_again(refused_call *call, const char *name, int is_warm) {
    long before = 0;
    int refused = 1, lives = 0;
    while (lives++ < 8 && refuse_live.function() != before) {
        before = refuse_live.function();
        refused = live(call, is_warm, nth % 3 != 0);
    }
    if (refuse_live.function() == before) return refused;
    before = refuse_live.function();
    for (lives = 0; lives < MANY_LIVES; lives++) refused = live(call, is_warm, nth % 3 != 0);
    say_where(name);
    if (!CHECK(refuse_live.function() - before < MANY_LIVES / 2))
        fprintf(stderr, "    %ld blocks leaked in %d lives\n", refuse_live.function() - before, MANY_LIVES);
    return refused;
}

static inline void calls_refused(refused_call *call, const char *name, int is_warm) {
    for (all = 0; all <= most_all; all++) {
        nth = 1;
        while (live_again(call, name, is_warm) && atomic_load(&check_failed) < 20) nth += step;
    }
}

#endif
