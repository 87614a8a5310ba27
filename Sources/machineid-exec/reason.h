/* reason.h - why the device may not run, in short. */
#ifndef REASON_H
#define REASON_H

#include <machineid.h>

/* A text that is not known is empty. */
struct reason {
    int is_denial;
    const char *status; /* the name of a mid_status; NULL before the first */
    char code[80], request_id[80], message[240];
};

/* Takes the reason from the result of a call: its status, and the text that came with it. */
struct reason reason_of_call(mid_status status, const char *json);

/* Takes the reason from the text of mid_guard_decision(), or NULL. */
struct reason reason_of_guard(const char *json);

/* Writes "denied: DEVICE_REVOKED (request ...)" or "no decision: MID_TIMEOUT: ..." into `room`, and returns it. */
const char *reason_text(const struct reason *reason, char *room, unsigned long size);

#endif
