/* Every reason for no answer: each has its own status, JSON of the one shape and allowed 0, and the client keeps
 * working. */
#include "operations.h"
#include "server.h"

static const char *const application_json = "application/json";

/* Every operation fails with this status, and the message contains `part`. */
static void expect_all(mid_client *client, mid_status status, const char *part) {
    for (int n = 0; n < OPERATIONS; n++) {
        int allowed = 1;
        char *json = NULL;
        CHECK_STATUS(status, operation_call(&operations[n], client, "agent", &allowed, &json));
        if (operation_decides(&operations[n])) CHECK(allowed == 0);
        check_failure(status, json, part);

        allowed = 1;
        CHECK_STATUS(status, operation_call(&operations[n], client, "agent", &allowed, NULL));
        if (operation_decides(&operations[n])) CHECK(allowed == 0);
    }
}

/* Afterwards the same client works. */
static void expect_recovery(struct server *server, mid_client *client) {
    int allowed = 0;
    server_answer(server, "200 OK", application_json, "{\"allowed\":true,\"status\":\"ok\"}");
    for (int n = 0; n < OPERATIONS; n++) {
        char *json = NULL;
        CHECK_STATUS(MID_OK, operation_call(&operations[n], client, "agent", &allowed, &json));
        check_reply_text(json, "status", "ok");
    }
    CHECK(allowed == 1);
}

static void bad_replies(void) {
    static const struct {
        const char *name, *status, *type, *body;
        const char *part;
    } cases[] = {
        {"HTML", "200 OK", "text/html", "<html>\n<p>Hello</p>\n</html>\n", "JSON"},
        {"HTTP 403 with HTML", "403 Forbidden", "text/html", "<html><p>Sorry</p></html>", "403"},
        {"a redirect", "302 Found\r\nLocation: http://127.0.0.1:1/", application_json, "{\"allowed\":true}", "302"},
        {"no body", "200 OK", application_json, "", "empty"},
        {"text", "200 OK", application_json, "\"allowed\"", NULL},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        struct server server;
        mid_client *client;
        check_about = cases[n].name;
        server_start(&server, NULL);
        server_answer(&server, cases[n].status, cases[n].type, cases[n].body);
        client = server_client(&server, ",\"max_retries\":0");
        expect_all(client, MID_BAD_REPLY, cases[n].part);
        expect_recovery(&server, client);
        mid_client_free(client);
        server_stop(&server);
    }
    check_about = "";
}

static void broken_replies(void) {
    static const struct {
        const char *name, *reply;
        mid_status status;
    } cases[] = {
        {"another protocol", "220 mail.example ESMTP\r\n", MID_BAD_REPLY},
        {"closed without a reply", "", MID_TRANSFER_FAILED},
        {"closed within the head", "HTTP/1.1 200 OK\r\nContent-Type: applic", MID_TRANSFER_FAILED},
        {"closed within the body",
         "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n{\"allowed\":true}", MID_TRANSFER_FAILED},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        struct server server;
        mid_client *client;
        check_about = cases[n].name;
        server_start(&server, cases[n].reply);
        client = server_client(&server, ",\"max_retries\":0");
        expect_all(client, cases[n].status, NULL);
        expect_recovery(&server, client);
        mid_client_free(client);
        server_stop(&server);
    }
    check_about = "";
}

/* JSON under a 4xx is an API error: the authority has answered, and its text is returned byte for byte. */
static void api_errors(void) {
    static const char *const statuses[] = {"400 Bad Request", "401 Unauthorized", "403 Forbidden", "409 Conflict"};
    static const char *const body = " {\"error\" : \"no_luck\",\r\n\"allowed\":true, \"x\":1.50}\n";
    for (size_t s = 0; s < sizeof statuses / sizeof *statuses; s++) {
        struct server server;
        mid_client *client;
        check_about = statuses[s];
        server_start(&server, NULL);
        server_answer(&server, statuses[s], application_json, body);
        client = server_client(&server, ",\"max_retries\":0");
        for (int n = 0; n < OPERATIONS; n++) {
            int allowed = 1;
            char *json = NULL;
            CHECK_STATUS(MID_REFUSED, operation_call(&operations[n], client, "agent", &allowed, &json));
            if (operation_decides(&operations[n])) CHECK(allowed == 0);
            CHECK(json != NULL && strcmp(json, body) == 0);
            mid_free(json);
        }
        expect_recovery(&server, client);
        mid_client_free(client);
        server_stop(&server);
    }
    check_about = "";
}

static void silence(void) {
    struct server server;
    mid_client *client;
    check_about = "a silent server";
    server_start(&server, NULL);
    client = server_client(&server, ",\"timeout_ms\":500");
    for (int n = 0; n < OPERATIONS; n++) {
        int allowed = 1;
        char *json = NULL;
        double began = check_now_ms();
        double took;
        CHECK_STATUS(MID_TIMEOUT, operation_call(&operations[n], client, "agent", &allowed, &json));
        took = check_now_ms() - began;
        if (!CHECK(took >= 499 && took <= 500 + check_slack_ms())) fprintf(stderr, "    it took %.0f ms\n", took);
        if (operation_decides(&operations[n])) CHECK(allowed == 0);
        check_failure(MID_TIMEOUT, json, NULL);
    }
    expect_recovery(&server, client);
    mid_client_free(client);
    server_stop(&server);
    check_about = "";
}

/* A port where nothing listens: that of a server which has ended. */
static void refused_connection(void) {
    struct server server;
    mid_client *client;
    check_about = "no server";
    server_start(&server, NULL);
    client = server_client(&server, ",\"max_retries\":0");
    server_stop(&server);
    expect_all(client, MID_CONNECT_FAILED, "127.0.0.1");
    mid_client_free(client);
    check_about = "";
}

/* A label longer than DNS allows is not found on any machine, and the network is not asked. */
static void unknown_host(void) {
    mid_client *client;
    check_about = "an unknown host";
    client = check_client("{\"base_url\":\"https://a123456789012345678901234567890123456789012345678901234567890123456"
                          ".invalid\",\"proxy\":\"\",\"max_retries\":0}");
    expect_all(client, MID_RESOLVE_FAILED, ".invalid");
    mid_client_free(client);
    check_about = "";
}

/* A TLS connection to a server that speaks another protocol. */
static void no_tls(void) {
    struct server server;
    mid_client *client;
    char options[256];
    check_about = "no TLS";
    server_start(&server, "220 mail.example ESMTP\r\n");
    server.greets = 1;
    /* The limits are long because reading the certificate authorities takes seconds under valgrind. */
    (void)snprintf(options, sizeof options,
                   "{\"base_url\":\"https://127.0.0.1:%d\",\"proxy\":\"\",\"max_retries\":0,"
                   "\"timeout_ms\":60000,\"connect_timeout_ms\":60000}",
                   server.port);
    client = check_client(options);
    expect_all(client, MID_TLS_FAILED, NULL);
    mid_client_free(client);
    server_stop(&server);
    check_about = "";
}

int main(void) {
    bad_replies();
    broken_replies();
    api_errors();
    silence();
    refused_connection();
    unknown_host();
    no_tls();
    return check_done();
}
