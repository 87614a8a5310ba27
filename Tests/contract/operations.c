/* Every operation with the authority: allowed, denied and refused. The emulator has the free plan, with three
 * devices. */
#include "check.h"
#include "operations.h"

static const char *const worker = "worker:prod:queue-consumer:07";

static void expect_decision(mid_client *client, const char *device_id, int expected, const char *code) {
    int allowed = !expected;
    char *json = NULL;
    json_t *reply;
    const char *found;
    check_about = code;
    CHECK_STATUS(MID_OK, mid_validate(client, device_id, &allowed, &json));
    CHECK(allowed == expected);
    reply = check_reply(json);
    CHECK(json_is_boolean(json_object_get(reply, "allowed")));
    CHECK(json_is_true(json_object_get(reply, "allowed")) == expected);
    found = json_string_value(json_object_get(reply, "code"));
    CHECK(found != NULL && strcmp(found, code) == 0);
    found = json_string_value(json_object_get(reply, "request_id"));
    CHECK(found != NULL && strlen(found) == 36);
    json_decref(reply);

    allowed = !expected;
    CHECK_STATUS(MID_OK, mid_validate(client, device_id, &allowed, NULL));
    CHECK(allowed == expected);
    check_about = "";
}

typedef mid_status device_operation(mid_client *, const char *, char **);

static void expect(device_operation *operation, mid_client *client, const char *device_id, mid_status status,
                   const char *key, const char *value) {
    char *json = NULL;
    check_about = value;
    CHECK_STATUS(status, operation(client, device_id, &json));
    check_reply_text(json, key, value);
    CHECK_STATUS(status, operation(client, device_id, NULL));
    check_about = "";
}

static void expect_usage(mid_client *client, int devices) {
    char *json = NULL;
    json_t *reply;
    CHECK_STATUS(MID_OK, mid_usage(client, &json));
    reply = check_reply(json);
    CHECK(json_integer_value(json_object_get(reply, "devicesUsed")) == devices);
    CHECK(json_integer_value(json_object_get(reply, "limit")) == 3);
    json_decref(reply);
    CHECK_STATUS(MID_OK, mid_usage(client, NULL));
}

static void expect_devices(mid_client *client, const char *const *ids, const int *revoked, size_t count) {
    char *json = NULL;
    json_t *reply;
    json_t *devices;
    CHECK_STATUS(MID_OK, mid_list_devices(client, &json));
    reply = check_reply(json);
    devices = json_object_get(reply, "devices");
    CHECK(json_array_size(devices) == count);
    for (size_t n = 0; n < count; n++) {
        json_t *device = json_array_get(devices, n);
        const char *id = json_string_value(json_object_get(device, "deviceId"));
        check_about = ids[n];
        CHECK(id != NULL && strcmp(id, ids[n]) == 0);
        CHECK(json_is_true(json_object_get(device, "revoked")) == revoked[n]);
        check_about = "";
    }
    json_decref(reply);
    CHECK_STATUS(MID_OK, mid_list_devices(client, NULL));
}

/* A device is registered, works, is revoked, works again, and is removed. */
static void life_of_a_device(mid_client *client) {
    char *json = NULL;
    expect_usage(client, 0);
    expect_devices(client, NULL, NULL, 0);
    expect_decision(client, worker, 0, "DEVICE_NOT_REGISTERED");

    CHECK_STATUS(MID_OK, mid_register(client, worker, &json));
    check_reply_text(json, "status", "ok");
    expect(mid_register, client, worker, MID_OK, "status", "exists");
    expect_usage(client, 1);
    expect_decision(client, worker, 1, "ALLOW");

    expect(mid_revoke, client, worker, MID_OK, "deviceId", worker);
    expect_decision(client, worker, 0, "DEVICE_REVOKED");
    expect(mid_register, client, worker, MID_OK, "status", "exists");
    expect_decision(client, worker, 0, "DEVICE_REVOKED");
    expect_devices(client, &worker, (const int[]){1}, 1);

    expect(mid_unrevoke, client, worker, MID_OK, "deviceId", worker);
    expect_decision(client, worker, 1, "ALLOW");
    CHECK_STATUS(MID_OK, mid_revoke(client, worker, NULL));
    expect_decision(client, worker, 0, "DEVICE_REVOKED");
    expect(mid_restore, client, worker, MID_OK, "deviceId", worker);
    expect_decision(client, worker, 1, "ALLOW");

    CHECK_STATUS(MID_OK, mid_remove(client, worker, &json));
    check_reply_text(json, "deviceId", worker);
    expect_decision(client, worker, 0, "DEVICE_NOT_REGISTERED");
}

/* An API error is an answer: its text is returned, and the status is not MID_OK. */
static void refusals(mid_client *client) {
    static const char *const ids[] = {"one", "two", "three"};
    expect(mid_revoke, client, "nobody", MID_REFUSED, "error", "device_not_found");
    expect(mid_unrevoke, client, "nobody", MID_REFUSED, "error", "device_not_found");
    expect(mid_restore, client, "nobody", MID_REFUSED, "error", "device_not_found");
    expect(mid_remove, client, "nobody", MID_REFUSED, "error", "device_not_found");

    for (int n = 0; n < 3; n++) CHECK_STATUS(MID_OK, mid_register(client, ids[n], NULL));
    expect(mid_register, client, "four", MID_REFUSED, "error", "device_limit_reached");
    expect_decision(client, "four", 0, "DEVICE_NOT_REGISTERED");
    expect_devices(client, ids, (const int[]){0, 0, 0}, 3);
    for (int n = 0; n < 3; n++) CHECK_STATUS(MID_OK, mid_remove(client, ids[n], NULL));
    expect_usage(client, 0);
}

static void unknown_key(void) {
    mid_client *client = NULL;
    char options[256];
    (void)snprintf(options, sizeof options, "{\"base_url\":\"%s\"}", check_environment("MACHINEID_BASE_URL"));
    CHECK_STATUS(MID_OK, mid_client_new("org_somebody_else", options, &client, NULL));
    for (int n = 0; n < OPERATIONS; n++) {
        int allowed = 1;
        char *json = NULL;
        check_about = operations[n].name;
        CHECK_STATUS(MID_REFUSED, operation_call(&operations[n], client, worker, &allowed, &json));
        CHECK(allowed == (operation_decides(&operations[n]) ? 0 : 1));
        check_reply_text(json, "error", "invalid_org_key");
    }
    check_about = "";
    mid_client_free(client);
}

/* The forms of a device id: trimmed as by the vendor's SDK, any UTF-8, up to 512 bytes. */
static void device_ids(mid_client *client) {
    static const char *const same[] = {"agent", " agent", "agent\t\r\n", "\xC2\xA0" "agent\xE2\x80\x83"};
    char longest[513];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';

    CHECK_STATUS(MID_OK, mid_register(client, "agent", NULL));
    for (size_t n = 0; n < sizeof same / sizeof *same; n++) expect_decision(client, same[n], 1, "ALLOW");
    expect_decision(client, "agent x", 0, "DEVICE_NOT_REGISTERED");
    CHECK_STATUS(MID_OK, mid_remove(client, "agent", NULL));

    expect(mid_register, client, longest, MID_OK, "deviceId", longest);
    expect_decision(client, longest, 1, "ALLOW");
    CHECK_STATUS(MID_OK, mid_remove(client, longest, NULL));

    expect(mid_register, client, "\"w\\rker\"\x01:\xC3\xBC:\xF0\x9F\xA4\x96", MID_OK, "deviceId",
           "\"w\\rker\"\x01:\xC3\xBC:\xF0\x9F\xA4\x96");
    CHECK_STATUS(MID_OK, mid_remove(client, "\"w\\rker\"\x01:\xC3\xBC:\xF0\x9F\xA4\x96", NULL));
}

int main(void) {
    mid_client *client = check_client(NULL);
    life_of_a_device(client);
    refusals(client);
    unknown_key();
    device_ids(client);
    mid_client_free(client);
    return check_done();
}
