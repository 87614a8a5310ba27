/* Cancel and free from another thread while calls wait for a server that never answers. */
#include "operations.h"
#include "server.h"

enum { CALLERS = 8 };

struct caller {
    pthread_t thread;
    mid_client *client;
    const struct operation *operation;
    double ended;
};

static void *call(void *argument) {
    struct caller *caller = argument;
    int allowed = 1;
    char *json = NULL;
    CHECK_STATUS(MID_CANCELLED, operation_call(caller->operation, caller->client, "agent", &allowed, &json));
    caller->ended = check_now_ms();
    if (operation_decides(caller->operation)) CHECK(allowed == 0);
    check_failure(MID_CANCELLED, json, NULL);
    return NULL;
}

/* Starts one call of each kind. The server has read all requests when this returns. */
static void start(struct caller *callers, mid_client *client, struct server *server) {
    for (int n = 0; n < CALLERS; n++) {
        callers[n] = (struct caller){.client = client, .operation = &operations[n]};
        check_need(pthread_create(&callers[n].thread, NULL, call, &callers[n]) == 0, "pthread_create");
    }
    server_await(server, CALLERS);
}

static void expect_end(struct caller *callers, double began, double limit) {
    for (int n = 0; n < CALLERS; n++) {
        check_need(pthread_join(callers[n].thread, NULL) == 0, "pthread_join");
        if (!CHECK(callers[n].ended - began <= limit))
            fprintf(stderr, "    %s returned after %.0f ms\n", callers[n].operation->name, callers[n].ended - began);
    }
}

static void cancelling(void) {
    struct server server;
    struct caller callers[CALLERS];
    mid_client *client;
    double began;
    check_about = "cancel";
    server_start(&server, NULL);
    client = server_client(&server, ",\"timeout_ms\":60000");
    start(callers, client, &server);
    began = check_now_ms();
    mid_client_cancel(client);
    CHECK(check_now_ms() - began <= check_slack_ms());
    expect_end(callers, began, 250 + check_slack_ms());

    check_about = "after a cancel";
    mid_client_cancel(client);
    for (int n = 0; n < OPERATIONS; n++) {
        int allowed = 1;
        char *json = NULL;
        CHECK_STATUS(MID_CANCELLED, operation_call(&operations[n], client, "agent", &allowed, &json));
        if (operation_decides(&operations[n])) CHECK(allowed == 0);
        check_failure(MID_CANCELLED, json, NULL);
    }
    CHECK(server_requests(&server) == CALLERS);
    mid_client_free(client);
    server_stop(&server);
    check_about = "";
}

static void freeing(void) {
    struct server server;
    struct caller callers[CALLERS];
    mid_client *client;
    double began;
    check_about = "free";
    server_start(&server, NULL);
    client = server_client(&server, ",\"timeout_ms\":60000");
    start(callers, client, &server);
    began = check_now_ms();
    mid_client_free(client);
    CHECK(check_now_ms() - began <= 250 + check_slack_ms());
    expect_end(callers, began, 250 + check_slack_ms());
    server_stop(&server);
    check_about = "";
}

/* With more calls than connections, those that wait for their turn are cancelled too. */
static void queueing(void) {
    struct server server;
    struct caller callers[CALLERS];
    mid_client *client;
    double began;
    check_about = "queue";
    server_start(&server, NULL);
    client = server_client(&server, ",\"timeout_ms\":60000,\"max_connections\":1");
    for (int n = 0; n < CALLERS; n++) {
        callers[n] = (struct caller){.client = client, .operation = &operations[n]};
        check_need(pthread_create(&callers[n].thread, NULL, call, &callers[n]) == 0, "pthread_create");
    }
    server_await(&server, 1);
    began = check_now_ms();
    mid_client_cancel(client);
    expect_end(callers, began, 250 + check_slack_ms());
    CHECK(server_requests(&server) == 1);
    mid_client_free(client);
    server_stop(&server);
    check_about = "";
}

/* A call that waits between two attempts is woken as well. */
static void pausing(void) {
    struct server server;
    struct caller callers[1];
    mid_client *client;
    double began;
    check_about = "pause";
    server_start(&server, NULL);
    server_answer(&server, "503 Service Unavailable\r\nRetry-After: 30", "application/json", "{\"error\":\"busy\"}");
    client = server_client(&server, ",\"timeout_ms\":60000,\"max_retries\":1");
    callers[0] = (struct caller){.client = client, .operation = &operations[1]};
    check_need(pthread_create(&callers[0].thread, NULL, call, &callers[0]) == 0, "pthread_create");
    server_await(&server, 1);
    began = check_now_ms();
    mid_client_cancel(client);
    check_need(pthread_join(callers[0].thread, NULL) == 0, "pthread_join");
    CHECK(callers[0].ended - began <= 250 + check_slack_ms());
    mid_client_free(client);
    server_stop(&server);
    check_about = "";
}

/* Other clients are not affected. */
static void bystanders(void) {
    struct server server;
    mid_client *one, *other;
    int allowed = 0;
    check_about = "another client";
    server_start(&server, NULL);
    server_answer(&server, "200 OK", "application/json", "{\"allowed\":true}");
    one = server_client(&server, "");
    other = server_client(&server, "");
    mid_client_cancel(one);
    CHECK_STATUS(MID_OK, mid_validate(other, "agent", &allowed, NULL));
    CHECK(allowed == 1);
    mid_client_free(one);
    allowed = 0;
    CHECK_STATUS(MID_OK, mid_validate(other, "agent", &allowed, NULL));
    CHECK(allowed == 1);
    mid_client_free(other);
    server_stop(&server);
    check_about = "";
}

int main(void) {
    cancelling();
    freeing();
    queueing();
    pausing();
    bystanders();
    return check_done();
}
