/*
 * A host that leaves SIGPIPE at its default, so that it would end the process, and authorities that close connections
 * while the client writes to them.
 *
 *     sigpipe TIMES
 *
 * The authority of MACHINEID_BASE_URL closes each connection after a few requests.
 */
#include "decisions.h"
#include "server.h"
#include "waiting.h"

#include <signal.h>

enum { THREADS = 4 };

/* How the authority treats a connection. */
enum manner { RESETS, CLOSES, RESETS_AFTER_A_BYTE, SHUTS_READING, MANNERS };

struct rude {
    int listener;
    int port;
    enum manner manner;
    atomic_int is_over;
    pthread_t thread;
};

static void *be_rude(void *argument) {
    struct rude *rude = argument;
    while (!atomic_load(&rude->is_over)) {
        struct linger abrupt = {1, 0};
        char byte;
        int connection = accept(rude->listener, NULL, NULL);
        if (connection < 0) continue;
        if (rude->manner == RESETS_AFTER_A_BYTE) (void)recv(connection, &byte, 1, 0);
        if (rude->manner == SHUTS_READING) (void)shutdown(connection, SHUT_RD);
        if (rude->manner != CLOSES)
            check_need(setsockopt(connection, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt) == 0, "SO_LINGER");
        check_need(close(connection) == 0, "close");
    }
    return NULL;
}

static void rude_start(struct rude *rude, enum manner manner) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *rude = (struct rude){.manner = manner, .listener = socket(AF_INET, SOCK_STREAM, 0)};
    check_need(rude->listener >= 0 && bind(rude->listener, (struct sockaddr *)&address, size) == 0, "bind");
    check_need(listen(rude->listener, 64) == 0, "listen");
    check_need(getsockname(rude->listener, (struct sockaddr *)&address, &size) == 0, "getsockname");
    rude->port = ntohs(address.sin_port);
    check_need(pthread_create(&rude->thread, NULL, be_rude, rude) == 0, "pthread_create");
}

static void rude_stop(struct rude *rude) {
    atomic_store(&rude->is_over, 1);
    check_need(shutdown(rude->listener, SHUT_RDWR) == 0, "shutdown");
    check_need(pthread_join(rude->thread, NULL) == 0, "pthread_join");
    check_need(close(rude->listener) == 0, "close");
}

static void call_the_rude(const char *scheme, enum manner manner, int times) {
    struct rude rude;
    char options[128];
    mid_client *client;
    rude_start(&rude, manner);
    (void)snprintf(options, sizeof options, "{\"base_url\":\"%s://127.0.0.1:%d\",\"max_retries\":0}",
                   scheme, rude.port);
    client = check_client(options);
    for (int n = 0; n < times; n++) {
        int allowed = 1;
        char *json = NULL;
        mid_status status = mid_validate(client, "agent", &allowed, &json);
        CHECK(status == MID_TRANSFER_FAILED || status == MID_TLS_FAILED || status == MID_CONNECT_FAILED);
        CHECK(allowed == 0);
        check_failure(status, json, NULL);
    }
    mid_client_free(client);
    rude_stop(&rude);
}

static int calls;
static mid_client *churning;

static void *call_the_churning(void *device_id) {
    for (int n = 0; n < calls; n++) decide(churning, device_id, 0);
    return NULL;
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    char device_ids[THREADS][16];
    struct sigaction action;
    calls = count > 1 ? atoi(arguments[1]) : 200;
    check_need(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL, "SIGPIPE left alone");
    for (int manner = RESETS; manner < MANNERS; manner++) {
        call_the_rude("http", (enum manner)manner, calls);
        call_the_rude("https", (enum manner)manner, calls / 4);
    }
    churning = decisions_client();
    for (int n = 0; n < THREADS; n++) {
        (void)snprintf(device_ids[n], sizeof device_ids[n], "sigpipe:%d", n);
        check_need(pthread_create(&threads[n], NULL, call_the_churning, device_ids[n]) == 0, "pthread_create");
    }
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    mid_client_free(churning);
    check_need(sigaction(SIGPIPE, NULL, &action) == 0, "sigaction");
    CHECK(action.sa_handler == SIG_DFL);
    return check_done();
}
