/*
 * Deadline, cancel and free at every stage in which a call can be stuck: the name, the connection, the proxy, TLS, the
 * reply, a reply that does not end, the pause between attempts, the wait for a free connection.
 *
 *     stalls [STAGE]
 *
 * Needs names.so preloaded, or a nameserver that never answers.
 */
#include "server.h"
#include "waiting.h"

#include <dlfcn.h>
#include <fcntl.h>

enum { CALLERS = 4, PROMISED_MS = 250, TIMEOUT_MS = 300 };

enum end { DEADLINE, CANCEL, FREE, ENDS };
static const char *const end_names[] = {"deadline", "cancel", "free"};

/* A stage: how to start its authority, which options the client needs, and how to wait until the call is in that
 * stage. */
struct stage {
    const char *name;
    void (*begin)(struct stage *);
    void (*await)(struct stage *);
    void (*finish)(struct stage *);
    char options[256];
    struct server server;
    int listener;
    int fillers[16];
};

static int (*stalled_lookups)(void);

static void use_server(struct stage *stage, const char *scheme, const char *more) {
    server_start(&stage->server, NULL);
    (void)snprintf(stage->options, sizeof stage->options, "\"base_url\":\"%s://127.0.0.1:%d\"%s", scheme,
                   stage->server.port, more);
}

static void stop_server(struct stage *stage) { server_stop(&stage->server); }

static void await_connection(struct stage *stage) {
    for (int connections = 0; connections == 0; (void)sched_yield()) {
        check_need(pthread_mutex_lock(&stage->server.mutex) == 0, "pthread_mutex_lock");
        connections = stage->server.connections;
        check_need(pthread_mutex_unlock(&stage->server.mutex) == 0, "pthread_mutex_unlock");
    }
}

static void await_request(struct stage *stage) { server_await(&stage->server, 1); }

/* ---- The stages ---- */

static void begin_resolving(struct stage *stage) {
    (void)snprintf(stage->options, sizeof stage->options, "\"base_url\":\"https://stalled.example\"");
}
static void await_resolving(struct stage *stage) {
    (void)stage;
    while (stalled_lookups != NULL && stalled_lookups() == 0) (void)sched_yield();
}
static void finish_resolving(struct stage *stage) {
    (void)stage;
    while (stalled_lookups != NULL && stalled_lookups() != 0) (void)sched_yield();
}

/* A listener whose backlog is full: further attempts to connect get no reply. */
static void begin_connecting(struct stage *stage) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    stage->listener = socket(AF_INET, SOCK_STREAM, 0);
    check_need(stage->listener >= 0 && bind(stage->listener, (struct sockaddr *)&address, size) == 0, "bind");
    check_need(listen(stage->listener, 0) == 0, "listen");
    check_need(getsockname(stage->listener, (struct sockaddr *)&address, &size) == 0, "getsockname");
    for (int n = 0; n < 16; n++) {
        struct pollfd polled = {socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), POLLOUT, 0};
        check_need(polled.fd >= 0, "socket");
        stage->fillers[n] = polled.fd;
        (void)connect(polled.fd, (struct sockaddr *)&address, size);
    }
    (void)snprintf(stage->options, sizeof stage->options,
                   "\"base_url\":\"http://127.0.0.1:%d\",\"connect_timeout_ms\":60000", ntohs(address.sin_port));
}
static void finish_connecting(struct stage *stage) {
    for (int n = 0; n < 16; n++) check_need(close(stage->fillers[n]) == 0, "close");
    check_need(close(stage->listener) == 0, "close");
}

static void begin_tunnelling(struct stage *stage) {
    char more[96];
    use_server(stage, "http", "");
    (void)snprintf(more, sizeof more, "\"base_url\":\"https://authority.example\",\"proxy\":\"http://127.0.0.1:%d\"",
                   stage->server.port);
    (void)strcpy(stage->options, more);
}
static void begin_handshaking(struct stage *stage) { use_server(stage, "https", ""); }
static void begin_waiting(struct stage *stage) { use_server(stage, "http", ""); }
static void begin_queueing(struct stage *stage) { use_server(stage, "http", ",\"max_connections\":1"); }
static void begin_reading(struct stage *stage) {
    use_server(stage, "http", "");
    stage->server.reply = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"allowed\":true";
    stage->server.closes = 0;
}
static void begin_pausing(struct stage *stage) {
    use_server(stage, "http", ",\"max_retries\":10");
    server_answer(&stage->server, "503 Busy\r\nRetry-After: 30", "application/json", "{\"error\":\"busy\"}");
}

static struct stage stages[] = {
    {.name = "resolving", .begin = begin_resolving, .await = await_resolving, .finish = finish_resolving},
    {.name = "connecting", .begin = begin_connecting, .finish = finish_connecting},
    {.name = "tunnelling", .begin = begin_tunnelling, .await = await_request, .finish = stop_server},
    {.name = "handshaking", .begin = begin_handshaking, .await = await_connection, .finish = stop_server},
    {.name = "waiting", .begin = begin_waiting, .await = await_request, .finish = stop_server},
    {.name = "queueing", .begin = begin_queueing, .await = await_request, .finish = stop_server},
    {.name = "reading", .begin = begin_reading, .await = await_request, .finish = stop_server},
    {.name = "pausing", .begin = begin_pausing, .await = await_request, .finish = stop_server},
};

static void try(struct stage *stage, enum end end, int count) {
    struct timespec connecting = {0, 300000000};
    struct caller callers[CALLERS];
    char options[512];
    mid_client *client;
    double from = 0;
    stage->begin(stage);
    (void)snprintf(options, sizeof options, "{%s,\"timeout_ms\":%d}", stage->options,
                   end == DEADLINE ? TIMEOUT_MS : 60000);
    client = check_client(options);
    for (int n = 0; n < count; n++) caller_start(&callers[n], client);

    if (end == DEADLINE) {
        for (int n = 0; n < count; n++)
            caller_expect(&callers[n], MID_TIMEOUT, callers[n].began, TIMEOUT_MS + 50);
        from = check_now_ms();
        mid_client_free(client);
        CHECK(check_now_ms() - from <= PROMISED_MS + check_slack_ms());
    } else {
        if (stage->await != NULL) stage->await(stage);
        /* While libcurl's timers for connecting run, it wakes up by itself, which would hide whether it was woken. */
        if (count > 1) check_need(nanosleep(&connecting, NULL) == 0, "nanosleep");
        for (int n = 0; n < count; n++) caller_await_blocked(&callers[n]);
        from = check_now_ms();
        (end == CANCEL ? mid_client_cancel : mid_client_free)(client);
        CHECK(check_now_ms() - from <= (end == CANCEL ? 0 : PROMISED_MS) + check_slack_ms());
        for (int n = 0; n < count; n++) caller_expect(&callers[n], MID_CANCELLED, from, PROMISED_MS);
        if (end == CANCEL) mid_client_free(client);
    }
    stage->finish(stage);
}

int main(int arguments_count, char **arguments) {
    union {
        void *data;
        int (*function)(void);
    } found = {dlsym(RTLD_DEFAULT, "resolver_stalled")};
    if (found.data != NULL) stalled_lookups = found.function;
    for (size_t n = 0; n < sizeof stages / sizeof *stages; n++) {
        if (arguments_count > 1 && strcmp(arguments[1], stages[n].name) != 0) continue;
        for (int end = DEADLINE; end < ENDS; end++) {
            /* The pause that Retry-After asks for does not fit before the deadline, so the 503 ends the call. */
            if (stages[n].begin == begin_pausing && end == DEADLINE) continue;
            for (int count = 1; count <= CALLERS; count += CALLERS - 1) {
                char about[64];
                (void)snprintf(about, sizeof about, "%s, %s, %d callers", stages[n].name, end_names[end], count);
                check_about = about;
                try(&stages[n], (enum end)end, count);
            }
        }
    }
    check_about = "";
    return check_done();
}
