/*
 * Refuses memory to each operation. See refusing.h.
 *
 *     operations warm [STEP]      on an established connection
 *     operations cold [STEP]      on a client's first connection
 */
#include "lives.h"
#include "operations.h"

/* The operation that call_refused() calls. */
static const struct operation *operation;

/* "memory:yes" is allowed and "memory:no" is not. Operations that change a device use another one, because the
 * authority may handle a request after its caller has given up, and after later requests. */
static int call_refused(mid_client *client, int wants_json) {
    int expected = nth % 2 == 0;
    const char *device_id = !operation_decides(operation) ? "memory:other" : expected ? "memory:yes" : "memory:no";
    char *json = (char *)(void *)&about;
    int allowed = 1;
    long asked;
    mid_status status;
    say_where(operation->name);
    refuse_begin.function(nth, all);
    status = operation_call(operation, client, device_id, &allowed, wants_json ? &json : NULL);
    asked = refuse_end.function();
    if (asked >= nth) count(status);
    if (status == MID_OK || status == MID_REFUSED) {
        /* The call managed without that allocation, or repeated what failed on a kept connection: then the answer is
         * complete and correct. */
        if (operation_decides(operation)) CHECK(status == MID_OK && allowed == expected);
        if (wants_json) json_decref(check_reply(json));
    } else {
        expect_blameless(status);
        if (operation_decides(operation)) CHECK(allowed == 0);
        if (wants_json) expect_failure(status, json);
    }
    return asked >= nth;
}

static void operations_refused(int is_warm) {
    for (int n = 0; n < OPERATIONS; n++) {
        operation = &operations[n];
        calls_refused(call_refused, operation->name, is_warm);
    }
}

int main(int argument_count, char **arguments) {
    const char *what = argument_count > 1 ? arguments[1] : "";
    refusing_begin(argument_count > 2 ? arguments[2] : NULL);
    register_device();
    if (strcmp(what, "warm") == 0) operations_refused(1);
    if (strcmp(what, "cold") == 0) operations_refused(0);
    return refusing_end();
}
