/*
 * Sixteen threads use one client. Each owns a device, and half of the devices are revoked: an answer that went to the
 * wrong thread would be wrong. Other clients are made and freed in the meantime.
 *
 *     threads [ROUNDS]
 */
#include "check.h"

#include <pthread.h>

enum { THREADS = 16 };

struct owner {
    pthread_t thread;
    mid_client *client;
    int number;
    int rounds;
};

static void validate(mid_client *client, const char *device_id, int expected) {
    int allowed = !expected;
    char *json = NULL;
    json_t *reply;
    const char *id;
    CHECK_STATUS(MID_OK, mid_validate(client, device_id, &allowed, &json));
    CHECK(allowed == expected);
    reply = check_reply(json);
    id = json_string_value(json_object_get(reply, "deviceId"));
    CHECK(id != NULL && strcmp(id, device_id) == 0);
    CHECK(json_is_true(json_object_get(reply, "allowed")) == expected);
    json_decref(reply);
}

static void *own(void *argument) {
    const struct owner *owner = argument;
    int revoked = owner->number % 2;
    char device_id[32];
    (void)snprintf(device_id, sizeof device_id, "agent:%d", owner->number);
    CHECK_STATUS(MID_OK, mid_register(owner->client, device_id, NULL));
    if (revoked) CHECK_STATUS(MID_OK, mid_revoke(owner->client, device_id, NULL));
    for (int n = 0; n < owner->rounds; n++) {
        validate(owner->client, device_id, !revoked);
        if (n % 8 == 3) {
            CHECK_STATUS(MID_OK, (revoked ? mid_unrevoke : mid_revoke)(owner->client, device_id, NULL));
            revoked = !revoked;
        }
        if (n % 8 == 5) CHECK_STATUS(MID_OK, mid_usage(owner->client, NULL));
        if (n % 8 == 7) {
            mid_client *another = check_client(NULL);
            validate(another, device_id, !revoked);
            mid_client_free(another);
        }
    }
    CHECK_STATUS(MID_OK, mid_remove(owner->client, device_id, NULL));
    return NULL;
}

int main(int count, char **arguments) {
    struct owner owners[THREADS];
    mid_client *client = check_client("{\"max_connections\":4}");
    int rounds = count > 1 ? atoi(arguments[1]) : 200;
    for (int n = 0; n < THREADS; n++) {
        owners[n] = (struct owner){.client = client, .number = n, .rounds = rounds};
        check_need(pthread_create(&owners[n].thread, NULL, own, &owners[n]) == 0, "pthread_create");
    }
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(owners[n].thread, NULL) == 0, "pthread_join");
    mid_client_free(client);
    return check_done();
}
