/* gate.c - works only when allowed. Exit status: 0 it worked, 1 it did not. */
#include <machineid.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    const char *name = getenv("MACHINEID_DEVICE_ID");
    const char *device = name ? name : "agent-01";
    mid_client *client = NULL;
    char *json = NULL;
    int allowed = 0;

    /* The org key is in MACHINEID_ORG_KEY. */
    mid_status status = mid_client_from_env(NULL, &client, &json);
    if (status == MID_OK) status = mid_register(client, device, &json);
    if (status == MID_OK) {
        mid_free(json);
        status = mid_validate(client, device, &allowed, &json);
    }

    if (allowed) puts("working");
    else fprintf(stderr, "not allowed: %s %s\n", mid_status_name(status), json);

    mid_free(json);
    mid_client_free(client);
    return allowed ? 0 : 1;
}
