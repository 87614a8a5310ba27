/* reason.c - takes the code, the request id and the message out of what the library hands out. */
#include "reason.h"

#include "json.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

/* Reads a member that is to be shown. An authority or a proxy may have put the key into it. Returns 0 if the member is
 * no string. */
static int read_shown(const char *object, const char *name, char *room, size_t size) {
    int is_string = json_string(json_member(object, name), room, size);
    hide_keys(room);
    return is_string;
}

/* Reads a reply, or the object of a failure. The service's API errors have their code in "error". */
static void read_object(struct reason *reason, const char *object) {
    if (!read_shown(object, "code", reason->code, sizeof reason->code))
        (void)read_shown(object, "error", reason->code, sizeof reason->code);
    (void)read_shown(object, "request_id", reason->request_id, sizeof reason->request_id);
    (void)read_shown(object, "message", reason->message, sizeof reason->message);
}

struct reason reason_of_call(mid_status status, const char *json) {
    struct reason reason = {0};
    reason.status = mid_status_name(status);
    read_object(&reason, json);
    return reason;
}

/* The status of a failure that the library made: its code has CLIENT_ in place of MID_. */
static const char *status_of(const char *code) {
    static const mid_status all[] = {MID_INVALID_ARGUMENT, MID_RESOLVE_FAILED,  MID_CONNECT_FAILED, MID_TLS_FAILED,
                                     MID_TRANSFER_FAILED,  MID_TIMEOUT,         MID_UNAVAILABLE,    MID_BAD_REPLY,
                                     MID_CANCELLED,        MID_OUT_OF_MEMORY,   MID_INTERNAL};
    for (size_t n = 0; n < sizeof all / sizeof *all && strncmp(code, "CLIENT_", 7) == 0; n++)
        if (strcmp(mid_status_name(all[n]) + 4, code + 7) == 0) return mid_status_name(all[n]);
    return mid_status_name(MID_REFUSED);
}

struct reason reason_of_guard(const char *json) {
    struct reason reason = {0};
    char state[16];
    const char *failure = json_member(json, "failure");
    (void)json_string(json_member(json, "state"), state, sizeof state);
    reason.status = mid_status_name(MID_OK);
    reason.is_denial = strcmp(state, "denied") == 0;
    if (!reason.is_denial && failure != NULL && *failure == '{') {
        read_object(&reason, failure);
        reason.status = status_of(reason.code);
    } else {
        read_object(&reason, json_member(json, "decision"));
    }
    return reason;
}

const char *reason_text(const struct reason *reason, char *room, unsigned long size) {
    const char *id = reason->request_id;
    char request[sizeof reason->request_id + 16] = "";
    if (*id != '\0') (void)snprintf(request, sizeof request, " (request %s)", id);
    if (reason->is_denial) {
        (void)snprintf(room, size, "denied: %s%s", *reason->code != '\0' ? reason->code : "no code", request);
    } else if (reason->status == mid_status_name(MID_OK)) {
        (void)snprintf(room, size, "no decision: the last allow is too old%s", request);
    } else if (reason->status == mid_status_name(MID_REFUSED)) {
        (void)snprintf(room, size, "no decision: the authority refuses to answer: %s%s%s%s",
                       *reason->code != '\0' ? reason->code : "no code", *reason->message != '\0' ? ": " : "",
                       reason->message, request);
    } else {
        (void)snprintf(room, size, "no decision: %s: %s", reason->status, reason->message);
    }
    return room;
}
