/*
 * A libcurl, imitated by other_curl.so, that lacks something the library needs. It sends no request: every call reports
 * what is missing, nothing is allowed, and clients can be made and freed.
 *
 *     unfit PART      a part of the expected message
 */
#include "check.h"
#include "operations.h"

static void expect_no_decision(mid_client *client, const char *part) {
    static const char *const device_ids[] = {"unfit", "unfit"};
    mid_guard *guard = (mid_guard *)(void *)&device_ids;
    int allowed[] = {1, 1};
    char *json = NULL;
    mid_status status;
    for (int n = 0; n < OPERATIONS; n++) {
        status = operation_call(&operations[n], client, "unfit", allowed, &json);
        CHECK_STATUS(MID_INTERNAL, status);
        if (operation_decides(&operations[n])) CHECK(allowed[0] == 0);
        check_failure(status, json, part);
    }
    allowed[0] = 1;
    status = mid_validate_many(client, device_ids, 2, allowed, &json);
    CHECK_STATUS(MID_INTERNAL, status);
    CHECK(allowed[0] == 0 && allowed[1] == 0);
    check_failure(status, json, part);
    status = mid_guard_start(client, "unfit", NULL, &guard, &json);
    CHECK_STATUS(MID_INTERNAL, status);
    CHECK(guard == NULL);
    check_failure(status, json, part);
}

int main(int count, char **arguments) {
    check_need(count == 2, "a part of the message");
    for (int again = 0; again < 2; again++) {
        mid_client *client = check_client(getenv("CLIENT_OPTIONS"));
        expect_no_decision(client, arguments[1]);
        expect_no_decision(client, arguments[1]);
        mid_client_free(client);
    }
    return check_done();
}
