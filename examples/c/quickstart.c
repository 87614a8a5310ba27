/*
 * quickstart.c - Register. Validate. Work.
 *
 *     cc -o quickstart quickstart.c $(pkg-config --cflags --libs machineid)
 *     MACHINEID_ORG_KEY=org_... ./quickstart
 *
 * Environment
 *   MACHINEID_ORG_KEY     the organisation's key
 *   MACHINEID_DEVICE_ID   what this program runs as; agent-01
 *   MACHINEID_BASE_URL    an authority other than the service, such as machineid-emulator
 *
 * Exit status
 *   0   allowed, and the work is done
 *   1   the authority said no: a denial, or an API error such as device_limit_reached
 *   2   the environment cannot be used: no org key, or a key or device id that cannot be sent
 *   3   no answer, so no permission: the authority is unreachable, in an outage, too slow, or sent no valid reply
 */
#include <machineid.h>
#include <stdio.h>
#include <stdlib.h>

/* Prints how a step went. The authority's reply has the fields "code" and "request_id", for your log and for
 * support; an error of the library has them too. A program that acts on the code reads it with the JSON library that
 * it already uses. */
static void report(const char *step, mid_status status, const char *json) {
    fprintf(stderr, "%s: %s %s\n", step, mid_status_name(status), json ? json : "");
}

static int exit_status(mid_status status, int allowed) {
    switch (status) {
    case MID_OK:
        return allowed ? 0 : 1;
    case MID_REFUSED:
        return 1;
    case MID_INVALID_ARGUMENT:
    case MID_INVALID_OPTIONS:
    case MID_NO_ORG_KEY:
        return 2;
    default:
        return 3;
    }
}

static void work(void) {
    puts("working");
}

int main(void) {
    const char *device = getenv("MACHINEID_DEVICE_ID");
    mid_client *client = NULL;
    mid_status status;
    char *json = NULL;
    int allowed = 0;

    if (!device)
        device = "agent-01";

    /* Make one client for the whole program: it keeps its connection to the authority. */
    status = mid_client_from_env(NULL, &client, &json);
    if (status != MID_OK)
        report("client", status, json);
    mid_free(json);

    /* Register once, at start. A device that is already registered stays as it is. */
    if (status == MID_OK) {
        status = mid_register(client, device, &json);
        report("register", status, json);
        mid_free(json);
    }

    /* Validate at every boundary: here, before each unit of work, before each side effect. */
    if (status == MID_OK) {
        status = mid_validate(client, device, &allowed, &json);
        report("validate", status, json);
        mid_free(json);
    }

    /* Gate on `allowed` and nothing else: if anything above went wrong, it is 0. */
    if (allowed)
        work();

    mid_client_free(client);
    return exit_status(status, allowed);
}
