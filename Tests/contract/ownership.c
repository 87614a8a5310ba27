/*
 * What the caller gives and what it is given: strings are copied before a function returns, *json is set whatever it
 * held and outlives client and guard, and a client that is made opens nothing.
 */
#include "decisions.h"
#include "operations.h"

#include <dirent.h>
#include <unistd.h>

static char *const garbage = (char *)1; /* whoever reads or frees it crashes */

static int entries(const char *folder) {
    DIR *stream = opendir(folder);
    int count = 0;
    check_need(stream != NULL, folder);
    while (readdir(stream) != NULL) count++;
    check_need(closedir(stream) == 0, folder);
    return count;
}

/* A text of the caller's own, to be spoiled. */
static char *copy_of(const char *text) {
    char *copy = strdup(text);
    check_need(copy != NULL, "strdup");
    return copy;
}

static void spoil(char *text) {
    memset(text, '#', strlen(text));
    free(text);
}

static void strings_are_copied(void) {
    char *org_key = copy_of(check_environment("MACHINEID_ORG_KEY"));
    char options_text[256];
    char *options, *device_id, *guard_options;
    mid_client *client = NULL;
    mid_guard *guard = NULL;
    int allowed = 0;
    (void)snprintf(options_text, sizeof options_text, "{\"base_url\":\"%s\"}", check_environment("MACHINEID_BASE_URL"));
    options = copy_of(options_text);
    CHECK_STATUS(MID_OK, mid_client_new(org_key, options, &client, NULL));
    spoil(org_key);
    spoil(options);
    ask_about(mid_register, client, "ownership");
    decide(client, "ownership", 1);

    device_id = copy_of("ownership");
    guard_options = copy_of("{\"interval_ms\":20,\"max_age_ms\":2000}");
    CHECK_STATUS(MID_OK, mid_guard_start(client, device_id, guard_options, &guard, NULL));
    spoil(device_id);
    spoil(guard_options);
    CHECK_STATUS(MID_TIMEOUT, mid_guard_wait(guard, 300)); /* a dozen checks, about the right device */
    CHECK(mid_guard_allowed(guard) == 1);
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, NULL));
    mid_guard_stop(guard);
    mid_client_free(client);
}

static void json_is_set(void) {
    static const char *const device_ids[] = {"ownership"};
    mid_client *client = (mid_client *)garbage;
    mid_guard *guard = (mid_guard *)garbage;
    char *json = garbage;
    int allowed = 1;
    CHECK_STATUS(MID_INVALID_OPTIONS, mid_client_from_env("{", &client, &json));
    CHECK(client == NULL);
    check_failure(MID_INVALID_OPTIONS, json, NULL);
    json = garbage;
    CHECK_STATUS(MID_OK, mid_client_from_env(NULL, &client, &json));
    CHECK(json == NULL);
    for (int n = 0; n < OPERATIONS; n++) {
        check_about = operations[n].name;
        json = garbage;
        CHECK_STATUS(MID_INVALID_ARGUMENT, operation_call(&operations[n], NULL, "ownership", &allowed, &json));
        check_failure(MID_INVALID_ARGUMENT, json, NULL);
        json = garbage;
        (void)operation_call(&operations[n], client, "ownership", &allowed, &json);
        json_decref(check_reply(json));
    }
    check_about = "mid_validate_many";
    json = garbage;
    CHECK_STATUS(MID_OK, mid_validate_many(client, device_ids, 1, &allowed, &json));
    CHECK(json != NULL && json != garbage);
    mid_free(json);
    check_about = "guards";
    json = garbage;
    CHECK_STATUS(MID_INVALID_OPTIONS, mid_guard_start(client, "ownership", "{", &guard, &json));
    CHECK(guard == NULL);
    check_failure(MID_INVALID_OPTIONS, json, NULL);
    json = garbage;
    CHECK_STATUS(MID_OK, mid_guard_start(client, "ownership", NULL, &guard, &json));
    json_decref(check_reply(json));
    json = garbage;
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, &json));
    json_decref(check_reply(json));
    mid_guard_stop(guard);
    mid_client_free(client);
    check_about = "";
}

static void texts_outlive_their_handles(void) {
    mid_client *client = check_client(NULL);
    mid_guard *guard = NULL;
    char *started = NULL, *decided = NULL, *known = NULL;
    int allowed = 0;
    CHECK_STATUS(MID_OK, mid_validate(client, "ownership", &allowed, &decided));
    CHECK_STATUS(MID_OK, mid_guard_start(client, "ownership", NULL, &guard, &started));
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, &known));
    mid_guard_stop(guard);
    mid_client_free(client);
    json_decref(check_reply(decided));
    json_decref(check_reply(started));
    json_decref(check_reply(known));
}

static void nothing_is_opened(void) {
    int descriptors = entries("/proc/self/fd"), threads = entries("/proc/self/task");
    mid_client *client = check_client(NULL);
    CHECK(entries("/proc/self/fd") == descriptors);
    CHECK(entries("/proc/self/task") == threads);
    mid_client_free(client);
    CHECK(entries("/proc/self/fd") == descriptors);
}

int main(void) {
    nothing_is_opened(); /* before any call of this process */
    strings_are_copied();
    json_is_set();
    texts_outlive_their_handles();
    return check_done();
}
