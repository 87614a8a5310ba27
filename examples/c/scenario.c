/*
 * scenario.c - every operation of machineid.h, and the ways in which they fail
 *
 *     cc -pthread -o scenario scenario.c $(pkg-config --cflags --libs machineid jansson)
 *     MACHINEID_ORG_KEY=org_... ./scenario
 *
 * The replies are parsed with jansson, which the library needs too. The same scenario in other languages is in the
 * folders beside this one.
 */
#define _POSIX_C_SOURCE 200809L
#include <jansson.h>
#include <machineid.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char device[] = "worker:prod:queue-consumer:07";

/* Parses and frees a text from a `json` parameter. */
static json_t *parsed(char *json) {
    json_t *reply = json ? json_loads(json, 0, NULL) : NULL;

    mid_free(json);
    return reply;
}

/* A text in a reply; "" when there is none. */
static const char *text(const json_t *reply, const char *key) {
    const char *value = json_string_value(json_object_get(reply, key));

    return value ? value : "";
}

/* Runs one of the operations that have the same signature. Prints the status and, unless `key` is NULL, that text of
 * the reply. */
static void run(const char *step, mid_status (*operation)(mid_client *, const char *, char **), mid_client *client,
                const char *key) {
    char *json = NULL;
    mid_status status = operation(client, device, &json);
    json_t *reply = parsed(json);

    printf("%s: %s", step, mid_status_name(status));
    if (key)
        printf(" %s=%s", key, text(reply, key));
    putchar('\n');
    json_decref(reply);
}

/* Most programs need only this function: no JSON and no status, only whether the device may run. */
static int is_allowed(mid_client *client, const char *device_id) {
    int allowed = 0;

    mid_validate(client, device_id, &allowed, NULL);
    return allowed == 1;
}

/* Asks about a device that was never registered, in the condition that a programmer is likely to write first; it
 * must not work. The condition is not about the status, because a denial is MID_OK too. */
static void never_registered(mid_client *client) {
    static const char never[] = "never";
    char *json = NULL;
    int allowed = 1;
    mid_status status = mid_validate(client, never, &allowed, &json);
    json_t *reply = parsed(json);

    printf("never registered: %s\n", allowed || is_allowed(client, never) ? "work" : "nothing done");
    printf("never registered: %s %s request_id=%zu characters\n", mid_status_name(status), text(reply, "code"),
           strlen(text(reply, "request_id")));
    json_decref(reply);
}

/* Whether there are devices, and all of them may run now. */
static int all_allowed(mid_client *client, const char *const *ids, size_t count) {
    int allowed[4] = {0};
    size_t found = 0;

    if (count > sizeof allowed / sizeof *allowed) return 0;
    mid_validate_many(client, ids, count, allowed, NULL);
    while (found < count && allowed[found] == 1)
        found++;
    return count > 0 && found == count;
}

/* Asks about several devices in one call. One that cannot be asked about costs only that device its decision. */
static void many(mid_client *client) {
    static const char *const ids[] = {device, "never", "", device};
    int allowed[] = {1, 1, 1, 1};
    char *json = NULL;
    json_t *replies;

    mid_validate_many(client, ids, 4, allowed, &json);
    replies = parsed(json);
    printf("many: %d %d %d %d\nmany:", allowed[0], allowed[1], allowed[2], allowed[3]);
    for (size_t i = 0; i < 4; i++)
        printf(" %s", text(json_array_get(replies, i), "code"));
    putchar('\n');
    json_decref(replies);

    mid_validate_many(client, ids, 0, allowed, &json);
    replies = parsed(json);
    printf("many: %s, %zu decisions\n", all_allowed(client, ids, 0) ? "work" : "none asked", json_array_size(replies));
    json_decref(replies);
    printf("many, one never registered: %s\n", all_allowed(client, ids, 2) ? "work" : "nothing done");
}

/* Prints a guard that is off, with the decision that it goes by. */
static void off(const char *step, mid_guard *guard) {
    char *json = NULL;
    int allowed = 1;
    mid_status status = mid_guard_decision(guard, &allowed, &json);
    json_t *report = parsed(json), *decision = json_object_get(report, "decision");
    const char *state = allowed || mid_guard_allowed(guard) ? "on" : text(report, "state");

    printf("guard: %s %s, %s request_id=%zu characters\n", status == MID_OK ? state : mid_status_name(status), step,
           text(decision, "code"), strlen(text(decision, "request_id")));
    json_decref(report);
}

/* A guard asks in the background, and mid_guard_allowed() looks at what it knows. */
static void guards(mid_client *client) {
    mid_client *cancelled = NULL;
    mid_guard *guard = NULL;
    mid_status status = mid_guard_start(client, device, "{\"interval_ms\":50}", &guard, NULL);

    printf("guard: %s\n", mid_guard_allowed(guard) ? "on" : mid_status_name(status));
    mid_revoke(client, device, NULL);
    if (mid_guard_wait(guard, 30000) != MID_OK) puts("guard: on 30 s after a revoke");
    off("after a revoke", guard);
    mid_unrevoke(client, device, NULL);
    printf("guard: %s after an unrevoke\n", mid_guard_allowed(guard) ? "on" : "still denied");
    mid_guard_stop(guard);
    guard = NULL; /* It must not be used any more. */
    printf("guard, stopped: %s\n", mid_guard_allowed(guard) ? "on" : "off");

    status = mid_guard_start(client, "never", NULL, &guard, NULL);
    printf("guard, never registered: %s\n", status != MID_OK || mid_guard_allowed(guard) ? "work" : "nothing done");
    mid_guard_stop(guard);
    guard = NULL;

    status = mid_client_from_env(NULL, &cancelled, NULL);
    if (status == MID_OK) status = mid_guard_start(cancelled, device, NULL, &guard, NULL);
    if (!mid_guard_allowed(guard)) printf("guard, cancelled: off before that, %s\n", mid_status_name(status));
    mid_client_cancel(cancelled);
    printf("guard, cancelled: %s\n", mid_guard_allowed(guard) ? "on" : "off");
    mid_client_free(cancelled);
    mid_guard_stop(guard);
}

/* Gives an argument that cannot be sent; the message must name it. */
static void refused(const char *step, mid_client *client, const char *device_id) {
    char *json = NULL;
    int allowed = 1;
    mid_status status = mid_validate(client, device_id, &allowed, &json);
    json_t *reply = parsed(json);
    const char *message = text(reply, "message");
    int is_it = status == MID_INVALID_ARGUMENT && !allowed && strstr(message, "device_id");

    printf("%s: %s\n", step, is_it ? "an argument error that names it" : message);
    json_decref(reply);
}

/* Gives an org key that cannot be sent; the message must not show it. */
static void secret(void) {
    mid_client *client = NULL;
    char *json = NULL;
    mid_status status = mid_client_new("org_marker marker", NULL, &client, &json);
    int is_shown = status != MID_INVALID_ARGUMENT || !json || strstr(json, "marker");

    printf("secret: %s\n", is_shown ? json : "refused, and not shown");
    mid_free(json);
    mid_client_free(client);
}

static int validate(mid_client *client) {
    char *json = NULL;
    int allowed = 0;
    mid_status status = mid_validate(client, device, &allowed, &json);
    json_t *reply = parsed(json);

    printf("validate: %s allowed=%d code=%s", mid_status_name(status), allowed, text(reply, "code"));
    if (!allowed)
        printf(" request_id=%zu characters", strlen(text(reply, "request_id")));
    putchar('\n');
    json_decref(reply);
    return allowed;
}

static void *four_times(void *client) {
    intptr_t allowed = 0;

    for (int i = 0; i < 4; i++)
        allowed += is_allowed(client, device);
    return (void *)allowed;
}

static void threads(mid_client *client) {
    pthread_t started[8];
    int count = 0;
    intptr_t sum = 0;

    while (count < 8 && pthread_create(&started[count], NULL, four_times, client) == 0)
        count++;
    for (int i = 0; i < count; i++) {
        void *allowed = NULL;
        if (pthread_join(started[i], &allowed) == 0)
            sum += (intptr_t)allowed;
    }
    printf("threads: %d of %d allowed\n", (int)sum, 8 * 4);
}

/* The parent and the child validate at the same time, on the same client. The child reports its result through its
 * exit status. */
static void forked(mid_client *client) {
    int parent, ended = -1;
    pid_t child;

    child = fork();
    if (child == 0)
        _exit(is_allowed(client, device) ? 0 : 1);
    parent = is_allowed(client, device);
    if (child == -1 || waitpid(child, &ended, 0) == -1)
        perror("scenario: fork");
    printf("fork: parent %s, child %s\n", parent ? "allowed" : "denied", ended == 0 ? "allowed" : "denied");
}

static void list(mid_client *client) {
    char *json = NULL;
    mid_status status = mid_list_devices(client, &json);
    json_t *reply = parsed(json);

    printf("list: %s %zu device\n", mid_status_name(status), json_array_size(json_object_get(reply, "devices")));
    json_decref(reply);
}

static void usage(mid_client *client) {
    char *json = NULL;
    mid_status status = mid_usage(client, &json);
    json_t *reply = parsed(json);

    printf("usage: %s planTier=%s\n", mid_status_name(status), text(reply, "planTier"));
    json_decref(reply);
}

static void umlaut(mid_client *client) {
    int allowed = 1;
    mid_status status = mid_validate(client, "w\xC3\xB6rker:prod:07", &allowed, NULL);

    printf("umlaut device: %s allowed=%d\n", mid_status_name(status), allowed);
}

static void remove_again(mid_client *client) {
    char *json = NULL;
    mid_status status = mid_remove(client, device, &json);
    json_t *reply = parsed(json);

    /* An API error from the authority has "error" where a decision has "code". */
    printf("remove again: %s %s request_id=%zu characters\n", mid_status_name(status), text(reply, "error"),
           strlen(text(reply, "request_id")));
    json_decref(reply);
}

static void wrong_option(void) {
    mid_client *client = NULL;
    char *json = NULL;
    mid_status status = mid_client_from_env("{\"timeout\":1}", &client, &json);
    json_t *reply = parsed(json);

    printf("wrong option: %s %s%s\n", mid_status_name(status), text(reply, "code"),
           strstr(text(reply, "message"), "timeout") ? " timeout" : "");
    json_decref(reply);
    mid_client_free(client);
}

static void no_device(mid_client *client) {
    char *json = NULL;
    int allowed = 1;
    mid_status status = mid_validate(client, "", &allowed, &json);
    json_t *reply = parsed(json);

    printf("no device: %s %s\n", mid_status_name(status), text(reply, "code"));
    json_decref(reply);
}

/* The reply holds unusual numbers. Its answer counts all the same. */
static void odd_numbers(void) {
    mid_client *client = NULL;
    int allowed = 0;
    char options[128];
    const char *url = getenv("MACHINEID_ODD_URL");
    mid_status status;

    snprintf(options, sizeof options, "{\"base_url\":\"%s\"}", url ? url : "");
    status = mid_client_new("org_runtimes", options, &client, NULL);
    if (status == MID_OK)
        status = mid_validate(client, device, &allowed, NULL);
    printf("odd numbers: %s allowed=%d\n", mid_status_name(status), allowed);
    mid_client_free(client);
}

/* An outage is neither an answer nor a refusal: the next call may bring an answer. */
static void outage(void) {
    mid_client *client = NULL;
    char *json = NULL;
    int allowed = 1;
    char options[128];
    const char *url = getenv("MACHINEID_OUTAGE_URL");
    json_t *reply;
    mid_status status;

    snprintf(options, sizeof options, "{\"base_url\":\"%s\",\"max_retries\":0}", url ? url : "");
    status = mid_client_new("org_outage", options, &client, NULL);
    if (status == MID_OK)
        status = mid_validate(client, device, &allowed, &json);
    reply = parsed(json);
    printf("outage: %s allowed=%d %s\n", mid_status_name(status), allowed, text(reply, "code"));
    json_decref(reply);

    status = mid_validate(client, device, &allowed, NULL);
    printf("outlived: %s allowed=%d\n", mid_status_name(status), allowed);
    mid_client_free(client);
}

static void unreachable(void) {
    mid_client *client = NULL;
    char *json = NULL;
    int allowed = 1;
    json_t *reply;
    mid_status status =
        mid_client_new("org_runtimes", "{\"base_url\":\"http://127.0.0.1:1\",\"max_retries\":0}", &client, NULL);

    if (status == MID_OK)
        status = mid_validate(client, device, &allowed, &json);
    reply = parsed(json);
    printf("unreachable: %s allowed=%d %s\n", mid_status_name(status), allowed, text(reply, "code"));
    json_decref(reply);

    mid_client_cancel(client);
    status = mid_validate(client, device, &allowed, NULL);
    printf("cancelled: %s allowed=%d\n", mid_status_name(status), allowed);
    mid_client_free(client);
}

int main(void) {
    mid_client *client = NULL;
    char *json = NULL;
    mid_status status;

    setvbuf(stdout, NULL, _IOLBF, 0); /* Each line is written at once, so fork() copies none. */
    status = mid_client_from_env(NULL, &client, &json);
    if (status != MID_OK) {
        fprintf(stderr, "scenario: %s %s\n", mid_status_name(status), json);
        mid_free(json);
        return 1;
    }
    printf("version %s\n", mid_version());

    run("register", mid_register, client, "status");
    run("register again", mid_register, client, "status");
    if (validate(client))
        puts("work: one unit done");
    threads(client);
    forked(client);

    run("revoke", mid_revoke, client, NULL);
    validate(client);
    run("register revoked", mid_register, client, "status");
    run("unrevoke", mid_unrevoke, client, NULL);
    validate(client);
    run("restore", mid_restore, client, NULL);

    list(client);
    usage(client);
    umlaut(client);
    never_registered(client);
    many(client);
    guards(client);
    run("remove", mid_remove, client, NULL);
    remove_again(client);

    wrong_option();
    no_device(client);
    refused("surrogate", client, "w\xED\xA0\x80");
    refused("null", client, NULL);
    secret();
    odd_numbers();
    outage();
    unreachable();

    mid_client_free(client);
    return fflush(stdout) == 0 ? 0 : 1;
}
