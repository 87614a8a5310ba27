/*
 * A client and a guard with an emulator whose scenario delays, hangs and resets; and with two more scenarios, an outage
 * and a revocation, which this program begins itself.
 */
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sends a scenario to the emulator. */
static void begin(const char *scenario) {
    char request[1024];
    char reply[64] = "";
    unsigned port = 0;
    struct sockaddr_in address = {.sin_family = AF_INET};
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    check_need(connection >= 0, "socket");
    const char *url = check_environment("MACHINEID_BASE_URL");
    check_need(sscanf(url, "http://127.0.0.1:%u", &port) == 1, "the emulator's URL");
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check_need(connect(connection, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    int size = snprintf(request, sizeof request,
                        "POST /emulator/scenario HTTP/1.1\r\nHost: e\r\nx-org-key: %s\r\nConnection: close\r\n"
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        check_environment("MACHINEID_ORG_KEY"), strlen(scenario), scenario);
    check_need(write(connection, request, (size_t)size) == size, "write");
    check_need(read(connection, reply, sizeof reply - 1) > 12, "read");
    CHECK(strncmp(reply, "HTTP/1.1 200", 12) == 0);
    close(connection);
}

/* Whether the guard is in this state; and it allows then, and only then, when the state is "on". */
static int is_in(mid_guard *guard, const char *expected) {
    int allowed = 0;
    char *json = NULL;
    CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, &json));
    json_t *reply = check_reply(json);
    const char *state = json_string_value(json_object_get(reply, "state"));
    int is_expected = state != NULL && strcmp(state, expected) == 0;
    CHECK(state != NULL && allowed == (strcmp(state, "on") == 0));
    json_decref(reply);
    return is_expected;
}

static void await_state(mid_guard *guard, const char *expected) {
    double until = check_now_ms() + 30000;
    const struct timespec moment = {0, 5000000};
    int is_reached;
    while (!(is_reached = is_in(guard, expected)) && check_now_ms() < until) nanosleep(&moment, NULL);
    check_about = expected;
    CHECK(is_reached);
    check_about = "";
}

static void validate(mid_client *client, const char *device, mid_status expected) {
    int allowed = 1;
    char *json = NULL;
    check_about = device;
    CHECK_STATUS(expected, mid_validate(client, device, &allowed, &json));
    CHECK(allowed == 0);
    check_about = "";
    mid_free(json);
}

int main(void) {
    mid_client *client = check_client("{\"timeout_ms\":20000}");
    mid_client *quick = check_client("{\"timeout_ms\":1000,\"max_retries\":0}");
    char *json = NULL;
    mid_guard *guard = NULL;
    int allowed = 0;

    /* The first request gets 503, and the library's own second attempt the answer. */
    CHECK_STATUS(MID_OK, mid_validate(client, "worker", &allowed, &json));
    CHECK(allowed == 1);
    mid_free(json);

    double began = check_now_ms();
    validate(client, "slowish", MID_OK);
    CHECK(check_now_ms() - began >= 290);
    validate(quick, "slow", MID_TIMEOUT);
    validate(quick, "hung", MID_TIMEOUT);
    validate(client, "reset", MID_TRANSFER_FAILED);

    CHECK_STATUS(MID_OK, mid_guard_start(client, "worker", "{\"interval_ms\":50,\"max_age_ms\":400}", &guard, NULL));
    await_state(guard, "on");
    begin("{\"steps\":[{\"for_ms\":2500,\"http_status\":503}]}");
    await_state(guard, "lapsed");
    await_state(guard, "on");
    begin("{\"steps\":[{\"device\":\"worker\",\"revoke\":true}]}");
    await_state(guard, "denied");

    mid_guard_stop(guard);
    mid_client_free(client);
    mid_client_free(quick);
    return check_done();
}
