/*
 * kill_switch.c - a worker that an operator can stop from outside
 *
 *     cc -o kill_switch kill_switch.c $(pkg-config --cflags --libs machineid)
 *     MACHINEID_ORG_KEY=org_... ./kill_switch < jobs
 *
 * Reads jobs from standard input, one per line, and asks the authority before each. When the device is revoked, in the
 * dashboard or with fleet.c, the worker stops before its next job; it also stops when the authority does not answer. A
 * short outage is waited out within the call. After a longer one a supervisor may start the worker again, because no
 * person decided to stop it.
 *
 * Environment
 *   MACHINEID_ORG_KEY     the organisation's key
 *   MACHINEID_DEVICE_ID   what this worker runs as; agent-01
 *   MACHINEID_BASE_URL    an authority other than the service, such as machineid-emulator
 *
 * Exit status
 *   0   every job is done
 *   1   the authority said no. A supervisor should not start the worker again, because a person decided
 *   2   the environment or the input cannot be used
 *   3   no answer from the authority, as in an outage. A supervisor may start the worker again later
 */
#define _POSIX_C_SOURCE 200809L
#include <machineid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The service's guides recommend short time-outs, because the worker does nothing while it waits. */
static const char options[] = "{\"timeout_ms\":5000}";

static int exit_status(mid_status status) {
    switch (status) {
    case MID_OK:
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

/* Prints why the worker stops, with the code and the request id in the JSON, and returns its exit status. */
static int stopped(const char *before, mid_status status, const char *json) {
    fprintf(stderr, "stopped before %s: %s %s\n", before, status == MID_OK ? "denied" : mid_status_name(status), json);
    return exit_status(status);
}

/* The boundary before each job. Returns 0 to go on, and otherwise the exit status to stop with. */
static int boundary(mid_client *client, const char *device, const char *before) {
    char *json = NULL;
    int allowed = 0;
    int result = 0;
    mid_status status = mid_validate(client, device, &allowed, &json);

    if (!allowed)
        result = stopped(before, status, json);
    mid_free(json);
    return result;
}

/* Put your work here. If it takes long or changes something outside, let it ask again before each such step. */
static void do_job(const char *job) {
    printf("done %s\n", job);
}

static int do_jobs(mid_client *client, const char *device) {
    char *job = NULL;
    size_t size = 0;
    int result = boundary(client, device, "the first job");

    /* The device is validated after the wait for a job and not before it: an old permission does not count. */
    while (result == 0 && getline(&job, &size, stdin) != -1) {
        job[strcspn(job, "\n")] = '\0';
        result = boundary(client, device, job);
        if (result == 0)
            do_job(job);
    }
    if (result == 0 && ferror(stdin)) {
        perror("kill_switch: standard input");
        result = 2;
    }
    free(job);
    return result;
}

int main(void) {
    const char *device = getenv("MACHINEID_DEVICE_ID");
    mid_client *client = NULL;
    char *json = NULL;
    mid_status status;
    int result;

    if (!device)
        device = "agent-01";
    setvbuf(stdout, NULL, _IOLBF, 0); /* A reader at the other end of a pipe sees each job when it is done. */

    status = mid_client_from_env(options, &client, &json);
    if (status == MID_OK)
        status = mid_register(client, device, &json);
    if (status == MID_OK) {
        printf("registered %s\n", device);
        result = do_jobs(client, device);
    } else {
        result = stopped("it began", status, json);
    }

    mid_free(json);
    mid_client_free(client);
    return result;
}
