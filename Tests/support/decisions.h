/* decisions.h - a client of the authority under test, and decisions that name the device they are about. */
#ifndef DECISIONS_H
#define DECISIONS_H

#include "check.h"

/* Options come from the runner, such as {"ca_file":"..."}; the authority's URL is in MACHINEID_BASE_URL. */
static inline mid_client *decisions_client(void) { return check_client(getenv("CLIENT_OPTIONS")); }

/*
 * Whether a decision took about half a second, as on a busy machine. The library may then have asked a second time, and given
 * up the idle connections that are older than the silent one.
 */
static atomic_int decide_was_slow;

/* Asks for a decision about this device, and checks that the reply names it: a reply to another request would name
 * another device. */
static inline int decide(mid_client *client, const char *device_id, int expected) {
    int allowed = !expected;
    char *json = NULL;
    const char *id;
    json_t *reply;
    int holds;
    double began = check_now_ms();
    mid_status status = mid_validate(client, device_id, &allowed, &json);
    if (check_now_ms() - began >= 450) atomic_store(&decide_was_slow, 1);
    if (!CHECK_STATUS(MID_OK, status)) {
        fprintf(stderr, "    %s: %s\n", device_id, json != NULL ? json : "");
        mid_free(json);
        return 0;
    }
    holds = CHECK(allowed == expected);
    if (!holds) fprintf(stderr, "    %s: %s\n", device_id, json);
    reply = check_reply(json);
    id = json_string_value(json_object_get(reply, "deviceId"));
    if (!CHECK(id != NULL && strcmp(id, device_id) == 0)) {
        fprintf(stderr, "    asked about %s, answered about %s\n", device_id, id != NULL ? id : "nothing");
        holds = 0;
    }
    json_decref(reply);
    return holds;
}

/* Makes a call other than validate whose reply also names the device. */
static inline void ask_about(mid_status (*call)(mid_client *, const char *, char **), mid_client *client,
                             const char *device_id) {
    char *json = NULL;
    mid_status status = call(client, device_id, &json);
    if (!CHECK_STATUS(MID_OK, status)) {
        fprintf(stderr, "    %s: %s\n", device_id, json != NULL ? json : "");
        mid_free(json);
        return;
    }
    check_reply_text(json, "deviceId", device_id);
}

#endif
