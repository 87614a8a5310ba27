/*
 * fleet.c - what an operator does: manages an organisation's devices from the command line
 *
 *     cc -o fleet fleet.c $(pkg-config --cflags --libs machineid)
 *     MACHINEID_ORG_KEY=org_... ./fleet list
 *     MACHINEID_ORG_KEY=org_... ./fleet revoke worker:prod:queue-consumer:07
 *
 * Prints the authority's reply on standard output unchanged, for example for jq. Errors go to standard error.
 *
 * Environment
 *   MACHINEID_ORG_KEY    the organisation's key
 *   MACHINEID_BASE_URL   an authority other than the service, such as machineid-emulator
 *
 * Exit status
 *   0   done
 *   1   the authority refused: unknown key, unknown device, device_limit_reached, ...
 *   2   the command line or the environment cannot be used
 *   3   no answer from the authority, or its reply could not be written
 */
#include <machineid.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    mid_status (*one)(mid_client *client, const char *device_id, char **json);
    mid_status (*all)(mid_client *client, char **json);
    const char *purpose;
};

static const struct command commands[] = {
    {"list", NULL, mid_list_devices, "the devices, active and revoked"},
    {"usage", NULL, mid_usage, "the plan and how much of it is used"},
    {"register", mid_register, NULL, "add a device"},
    {"revoke", mid_revoke, NULL, "deny a device from now on"},
    {"unrevoke", mid_unrevoke, NULL, "take a revocation back"},
    {"remove", mid_remove, NULL, "delete a device for good"},
};
static const size_t command_count = sizeof commands / sizeof commands[0];

static int usage(FILE *output, int result) {
    size_t i;

    fputs("usage: fleet COMMAND [DEVICE_ID]\n", output);
    for (i = 0; i < command_count; i++)
        fprintf(output, "  %-8s %-9s  %s\n", commands[i].name, commands[i].one ? "DEVICE_ID" : "", commands[i].purpose);
    return result;
}

static const struct command *find(const char *name) {
    size_t i;

    for (i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int exit_status(mid_status status) {
    switch (status) {
    case MID_OK:
        return 0;
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

int main(int argc, char **argv) {
    const struct command *command = argc > 1 ? find(argv[1]) : NULL;
    mid_client *client = NULL;
    char *json = NULL;
    mid_status status;
    int result;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, 0);
    if (!command || argc != (command->one ? 3 : 2))
        return usage(stderr, 2);

    status = mid_client_from_env(NULL, &client, &json);
    if (status == MID_OK)
        status = command->one ? command->one(client, argv[2], &json) : command->all(client, &json);

    result = exit_status(status);
    if (status != MID_OK)
        fprintf(stderr, "fleet: %s: %s %s\n", command->name, mid_status_name(status), json);
    else if (puts(json) == EOF || fflush(stdout) == EOF) {
        perror("fleet: standard output");
        result = 3;
    }

    mid_free(json);
    mid_client_free(client);
    return result;
}
