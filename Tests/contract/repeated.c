/*
 * A server, or something in front of it, that repeats its last reply when the next request is on its way. HTTP/1.1 does
 * not number replies, so the repeated reply is in the place of the next one; only the device that it names tells them
 * apart. A permission for one device must never be taken for the other's.
 */
#include "server.h"

static const char allows_first[] = "{\"allowed\":true,\"code\":\"ALLOW\",\"deviceId\":\"first\"}";
static const char denies_second[] = "{\"allowed\":false,\"code\":\"DEVICE_REVOKED\",\"deviceId\":\"second\"}";

static struct {
    int listener, port;
    atomic_int connections, repeats; /* how many replies are still to be repeated */
    atomic_int delays;               /* how many right answers are still to be held until the next request */
} front;

/* Sends the reply about the first device or about the second, or both in one piece. */
static void send_replies(int connection, int is_about_first, int is_about_second) {
    char first[256], second[256], replies[512];
    static const char format[] = "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s";
    (void)snprintf(first, sizeof first, format, strlen(allows_first), allows_first);
    (void)snprintf(second, sizeof second, format, strlen(denies_second), denies_second);
    (void)snprintf(replies, sizeof replies, "%s%s", is_about_first ? first : "", is_about_second ? second : "");
    server_send(connection, replies);
}

static void serve(int connection) {
    char request[SERVER_REQUEST_BYTES] = "";
    size_t have = 0;
    ssize_t count;
    int is_owed = 0;
    while ((count = recv(connection, request + have, sizeof request - 1 - have, 0)) > 0) {
        have += (size_t)count;
        request[have] = '\0';
        if (!server_is_whole(request)) continue;
        have = 0;
        int is_about_first = strstr(request, "\"first\"") != NULL;
        int repeats = !is_about_first && atomic_load(&front.repeats) > 0;
        if (repeats) atomic_fetch_sub(&front.repeats, 1);
        int delays = repeats && atomic_load(&front.delays) > 0;
        if (delays) atomic_fetch_sub(&front.delays, 1);
        if (is_owed) send_replies(connection, 0, 1);
        is_owed = delays;
        send_replies(connection, is_about_first || repeats, !is_about_first && !delays);
    }
}

static void *front_run(void *unused) {
    int connection;
    while ((connection = accept(front.listener, NULL, NULL)) >= 0) {
        atomic_fetch_add(&front.connections, 1);
        serve(connection);
        check_need(close(connection) == 0, "close");
    }
    return unused;
}

static mid_client *new_client(void) {
    char options[256];
    (void)snprintf(options, sizeof options, "{\"base_url\":\"http://127.0.0.1:%d\",\"max_connections\":1}", front.port);
    return check_client(options);
}

static void expect(mid_client *client, const char *device_id, int is_allowed) {
    int allowed = !is_allowed;
    CHECK_STATUS(MID_OK, mid_validate(client, device_id, &allowed, NULL));
    CHECK(allowed == is_allowed);
}

/* The right answer has not yet arrived when the next call looks for unrequested bytes, but is on its way there. */
static void late_answers(void) {
    mid_client *client = new_client();
    int before = atomic_load(&front.connections), allowed = 1;
    expect(client, "first", 1);
    atomic_store(&front.repeats, 1);
    atomic_store(&front.delays, 1);
    CHECK_STATUS(MID_BAD_REPLY, mid_validate(client, "second", &allowed, NULL));
    CHECK(allowed == 0);
    expect(client, "first", 1);
    expect(client, "second", 0);
    CHECK(atomic_load(&front.connections) == before + 2 && atomic_load(&front.delays) == 0);
    mid_client_free(client);
}

static void single_calls(void) {
    mid_client *client = new_client();
    int before = atomic_load(&front.connections), allowed = 1;
    char *json = NULL;
    mid_status status;
    expect(client, "first", 1);
    atomic_store(&front.repeats, 1);
    status = mid_validate(client, "second", &allowed, &json);
    CHECK_STATUS(MID_BAD_REPLY, status);
    CHECK(allowed == 0);
    check_failure(status, json, "another device");
    /* The call used the first connection, which is not used again, because the right answer is still on it. */
    CHECK(atomic_load(&front.connections) == before + 1 && atomic_load(&front.repeats) == 0);
    expect(client, "second", 0);
    expect(client, "first", 1);
    CHECK(atomic_load(&front.connections) == before + 2);
    mid_client_free(client);
}

static void many_devices(void) {
    static const char *const devices[] = {"first", "second", "first", "second"};
    mid_client *client = new_client();
    int allowed[] = {1, 1, 1, 1};
    mid_status status;
    atomic_store(&front.repeats, 1);
    status = mid_validate_many(client, devices, 4, allowed, NULL);
    CHECK_STATUS(MID_BAD_REPLY, status);
    CHECK(allowed[1] == 0 && allowed[3] == 0);
    CHECK(atomic_load(&front.repeats) == 0);
    mid_client_free(client);
}

static void guards(void) {
    mid_client *client = new_client();
    mid_guard *guard = NULL;
    expect(client, "first", 1);
    atomic_store(&front.repeats, 1);
    CHECK_STATUS(MID_BAD_REPLY, mid_guard_start(client, "second", NULL, &guard, NULL));
    CHECK(guard == NULL && mid_guard_allowed(guard) == 0);
    CHECK(atomic_load(&front.repeats) == 0);
    mid_client_free(client);
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    pthread_t thread;
    front.listener = socket(AF_INET, SOCK_STREAM, 0);
    check_need(front.listener >= 0 && bind(front.listener, (struct sockaddr *)&address, size) == 0, "bind");
    check_need(listen(front.listener, 64) == 0, "listen");
    check_need(getsockname(front.listener, (struct sockaddr *)&address, &size) == 0, "getsockname");
    front.port = ntohs(address.sin_port);
    check_need(pthread_create(&thread, NULL, front_run, NULL) == 0, "pthread_create");
    single_calls();
    late_answers();
    many_devices();
    guards();
    check_need(shutdown(front.listener, SHUT_RDWR) == 0 && pthread_join(thread, NULL) == 0, "pthread_join");
    check_need(close(front.listener) == 0, "close");
    return check_done();
}
