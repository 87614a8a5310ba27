/*
 * Refuses memory to mid_validate_many(), on an established connection. See refusing.h.
 *
 *     many [STEP]
 */
#include "lives.h"

/* Checks one element of the JSON of mid_validate_many(): a decision about this device, or the reason why there is
 * none. */
static void expect_verdict(json_t *verdict, const char *device_id, int allowed) {
    const char *id = json_string_value(json_object_get(verdict, "deviceId"));
    const char *code = json_string_value(json_object_get(verdict, "code"));
    CHECK(id != NULL ? strcmp(id, device_id) == 0 : code != NULL && strncmp(code, "CLIENT_", 7) == 0);
    CHECK(json_is_true(json_object_get(verdict, "allowed")) == allowed);
}

/* The status must be that of the first device without a decision, as its JSON gives it. */
static void expect_status_of_first(json_t *verdicts, mid_status status) {
    const char *code = NULL;
    char expected[64];
    for (size_t n = 0; code == NULL && n < json_array_size(verdicts); n++) {
        json_t *verdict = json_array_get(verdicts, n);
        if (json_object_get(verdict, "deviceId") == NULL) code = json_string_value(json_object_get(verdict, "code"));
    }
    (void)snprintf(expected, sizeof expected, "CLIENT_%s", mid_status_name(status) + strlen("MID_"));
    if (!CHECK(status == MID_OK ? code == NULL : code != NULL && strcmp(code, expected) == 0))
        fprintf(stderr, "    %s with %s\n", mid_status_name(status), code != NULL ? code : "no code");
}

static int many_refused(mid_client *client, int wants_json) {
    static const char *const device_ids[] = {"memory:yes", "memory:no", "memory:yes"};
    int allowed[] = {1, 1, 1};
    char *json = NULL;
    json_t *verdicts = NULL;
    long asked;
    mid_status status;
    say_where("mid_validate_many");
    refuse_begin.function(nth, all);
    status = mid_validate_many(client, device_ids, 3, allowed, wants_json ? &json : NULL);
    asked = refuse_end.function();
    if (asked >= nth) count(status);
    if (status != MID_OK) expect_blameless(status);
    for (int n = 0; n < 3; n++) {
        int expected = n != 1;
        /* A device that lacked memory is not allowed, and leaves the others alone. */
        CHECK(allowed[n] == expected || (allowed[n] == 0 && status != MID_OK));
    }
    if (wants_json && CHECK(json != NULL)) {
        if (*json == '[') {
            verdicts = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
            if (CHECK(json_array_size(verdicts) == 3)) {
                for (size_t n = 0; n < 3; n++) expect_verdict(json_array_get(verdicts, n), device_ids[n], allowed[n]);
                expect_status_of_first(verdicts, status);
            }
            json_decref(verdicts);
            mid_free(json);
        } else {
            CHECK(status == MID_OUT_OF_MEMORY);
            expect_failure(status, json);
        }
    }
    return asked >= nth;
}

/* These devices cannot be asked about, so only their messages are made. */
static int unasked_refused(mid_client *client, int wants_json) {
    static const char *const device_ids[] = {NULL, ""};
    int allowed[] = {1, 1};
    char *json = NULL;
    json_t *verdicts;
    long asked;
    mid_status status;
    (void)wants_json;
    say_where("mid_validate_many of no device");
    refuse_begin.function(nth, all);
    status = mid_validate_many(client, device_ids, 2, allowed, &json);
    asked = refuse_end.function();
    if (asked >= nth) count(status);
    CHECK(status == MID_OUT_OF_MEMORY || status == MID_INVALID_ARGUMENT);
    CHECK(allowed[0] == 0 && allowed[1] == 0);
    if (!CHECK(json != NULL)) return asked >= nth;
    if (*json != '[') {
        expect_failure(status, json);
        return asked >= nth;
    }
    verdicts = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    CHECK(json_array_size(verdicts) == 2);
    for (size_t n = 0; n < json_array_size(verdicts); n++) {
        const char *message = json_string_value(json_object_get(json_array_get(verdicts, n), "message"));
        CHECK(message != NULL && *message != '\0');
    }
    expect_status_of_first(verdicts, status);
    json_decref(verdicts);
    mid_free(json);
    return asked >= nth;
}

int main(int argument_count, char **arguments) {
    refusing_begin(argument_count > 1 ? arguments[1] : NULL);
    register_device();
    calls_refused(many_refused, "mid_validate_many", 1);
    calls_refused(unasked_refused, "mid_validate_many of no device", 1);
    return refusing_end();
}
