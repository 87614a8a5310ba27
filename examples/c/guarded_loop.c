/*
 * guarded_loop.c - a hot loop that an operator can stop from outside
 *
 *     cc -o guarded_loop guarded_loop.c $(pkg-config --cflags --libs machineid)
 *     MACHINEID_ORG_KEY=org_... ./guarded_loop
 *
 * Asks the guard before each step, which takes nanoseconds. After the device is revoked, it stops within the interval,
 * a tenth of it and one round trip; when the authority cannot be reached, it stops within max_age_ms.
 *
 * Environment
 *   MACHINEID_ORG_KEY     the organisation's key
 *   MACHINEID_DEVICE_ID   what this process runs as; agent-01
 *   MACHINEID_BASE_URL    an authority other than the service, such as machineid-emulator
 *
 * Exit status
 *   1   the authority said no
 *   3   there was no answer from the authority, at the start or for too long
 *   2   anything else
 */
#include <machineid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char options[] = "{\"interval_ms\":1000,\"max_age_ms\":5000}";

/* Put your hot loop here. */
static unsigned long work(mid_guard *guard) {
    unsigned long steps = 0;
    while (mid_guard_allowed(guard)) {
        steps++; /* Do one step of your work. */
    }
    return steps;
}

int main(void) {
    const char *device = getenv("MACHINEID_DEVICE_ID");
    mid_client *client = NULL;
    mid_guard *guard = NULL;
    char *json = NULL;
    int allowed = 0;
    int result = 2;
    mid_status status = mid_client_from_env(NULL, &client, &json);

    if (!device)
        device = "agent-01";
    if (status == MID_OK)
        status = mid_guard_start(client, device, options, &guard, &json);
    if (status == MID_OK) {
        mid_free(json);
        json = NULL;
        if (mid_guard_allowed(guard)) { /* It may have been denied from the start. */
            printf("working\n");
            fflush(stdout);
            printf("stopped after %lu steps\n", work(guard));
        }
        status = mid_guard_decision(guard, &allowed, &json); /* Why it stopped. */
    }

    fprintf(stderr, "%s %s\n", mid_status_name(status), json ? json : "");
    if (status == MID_OK && json)
        result = strstr(json, "\"state\":\"denied\"") ? 1 : 3;
    else if (status >= MID_RESOLVE_FAILED && status <= MID_BAD_REPLY)
        result = 3;
    mid_free(json);
    mid_guard_stop(guard);
    mid_client_free(client);
    return result;
}
