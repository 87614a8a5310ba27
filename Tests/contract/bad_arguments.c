/* Arguments that cannot be used: the status reports it, the message names the argument, nothing is sent, and the client
 * keeps working. */
#include "operations.h"
#include "server.h"

#define SECRET "org_s3cret"
#define TEXT_512                                                                                                       \
    TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64
#define TEXT_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void expect_no_client(const char *org_key, const char *options, mid_status status, const char *part) {
    mid_client *client = (mid_client *)&client; /* anything but NULL */
    char *json = (char *)&client;
    CHECK_STATUS(status, mid_client_new(org_key, options, &client, &json));
    CHECK(client == NULL);
    if (json != NULL) CHECK(strstr(json, "s3cret") == NULL);
    check_failure(status, json, part);
    mid_client_free(client);
    CHECK_STATUS(status, mid_client_new(org_key, options, &client, NULL));
    mid_client_free(client);
}

static void expect_client(const char *org_key, const char *options) {
    mid_client *client = NULL;
    char *json = (char *)&client;
    CHECK_STATUS(MID_OK, mid_client_new(org_key, options, &client, &json));
    CHECK(client != NULL);
    if (!CHECK(json == NULL)) fprintf(stderr, "    %s\n", json);
    mid_free(json);
    mid_client_free(client);
}

static void org_keys(void) {
    static const char *const bad[] = {
        "", " ", "\t\r\n", "\xC2\xA0", "org s3cret", "org_s3cret\r\nx-evil: 1", "org_s3cret\x7f", "org_s3cret\x01",
        "org_s3cr\xC3\xA9t", "org_s3cret\xFF", TEXT_512 "0",
    };
    static const char *const good[] = {SECRET, " \t" SECRET "\r\n", TEXT_512, "x", "!\"~"};
    check_about = "org key";
    expect_no_client(NULL, NULL, MID_INVALID_ARGUMENT, "org_key");
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++)
        expect_no_client(bad[n], NULL, MID_INVALID_ARGUMENT, "org_key");
    for (size_t n = 0; n < sizeof good / sizeof *good; n++) expect_client(good[n], NULL);
    check_about = "";
}

static void no_place_for_the_client(void) {
    char *json = NULL;
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_client_new(SECRET, NULL, NULL, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "client");
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_client_new(SECRET, NULL, NULL, NULL));
    json = NULL;
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_client_from_env(NULL, NULL, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "client");
}

static void bad_options(void) {
    static const struct {
        const char *options, *part;
    } cases[] = {
        {"", "options"},
        {" ", "options"},
        {"timeout_ms=5", "options"},
        {"[]", "options"},
        {"\"base_url\"", "options"},
        {"null", "options"},
        {"{\"timeout_ms\":5", "options"},
        {"{\"timeout_ms\":5} {}", "options"},
        {"{\"timeout_ms\":5,\"timeout_ms\":6}", "options"},
        {"{\"user_agent\":\"\xFF\"}", "options"},
        {"{\"timeout\":5}", "timeout"},
        {"{\"TIMEOUT_MS\":5}", "TIMEOUT_MS"},
        {"{\"\":5}", "option"},
        {"{\"env_var\":\"OTHER_KEY\"}", "env_var"},

        {"{\"timeout_ms\":\"5\"}", "timeout_ms"},
        {"{\"timeout_ms\":5.0}", "timeout_ms"},
        {"{\"timeout_ms\":null}", "timeout_ms"},
        {"{\"timeout_ms\":true}", "timeout_ms"},
        {"{\"timeout_ms\":0}", "timeout_ms"},
        {"{\"timeout_ms\":-1}", "timeout_ms"},
        {"{\"timeout_ms\":3600001}", "timeout_ms"},
        {"{\"timeout_ms\":9223372036854775807}", "timeout_ms"},
        {"{\"timeout_ms\":9223372036854775808}", "options"},
        {"{\"connect_timeout_ms\":0}", "connect_timeout_ms"},
        {"{\"connect_timeout_ms\":3600001}", "connect_timeout_ms"},
        {"{\"connect_timeout_ms\":[]}", "connect_timeout_ms"},
        {"{\"max_retries\":-1}", "max_retries"},
        {"{\"max_retries\":11}", "max_retries"},
        {"{\"max_retries\":\"2\"}", "max_retries"},
        {"{\"max_connections\":0}", "max_connections"},
        {"{\"max_connections\":257}", "max_connections"},
        {"{\"max_connections\":false}", "max_connections"},
        {"{\"max_connection_age_ms\":999}", "max_connection_age_ms"},
        {"{\"max_connection_age_ms\":86400001}", "max_connection_age_ms"},
        {"{\"max_connection_age_ms\":\"1000\"}", "max_connection_age_ms"},

        {"{\"base_url\":1}", "base_url"},
        {"{\"base_url\":\"\"}", "base_url"},
        {"{\"base_url\":\"machineid.io\"}", "base_url must begin with https://, or with http:// for this machine"},
        {"{\"base_url\":\"localhost:8080\"}", "base_url must begin with https://"},
        {"{\"base_url\":\"https://\"}", "base_url"},
        {"{\"base_url\":\"ftp://machineid.io\"}", "base_url"},
        {"{\"base_url\":\"file:///etc/passwd\"}", "base_url"},
        {"{\"base_url\":\"http://machineid.io\"}", "base_url"},
        {"{\"base_url\":\"http://127.0.0.1.machineid.io\"}", "base_url"},
        {"{\"base_url\":\"http://localhost.machineid.io\"}", "base_url"},
        {"{\"base_url\":\"http://10.0.0.1\"}", "base_url"},
        {"{\"base_url\":\"http://0.0.0.0\"}", "base_url"},
        {"{\"base_url\":\"http://[2001:db8::1]\"}", "base_url"},
        {"{\"base_url\":\"https://user@machineid.io\"}", "base_url"},
        {"{\"base_url\":\"https://user:s3cret@machineid.io\"}", "base_url"},
        {"{\"base_url\":\"https://machineid.io?a=b\"}", "base_url"},
        {"{\"base_url\":\"https://machineid.io/#top\"}", "base_url"},
        {"{\"base_url\":\"https://machineid.io:99999\"}", "base_url"},
        {"{\"base_url\":\"https://machine id.io\"}", "base_url"},
        {"{\"base_url\":\"https://machineid.io\\r\\nx-evil: 1\"}", "base_url"},

        {"{\"ca_file\":1}", "ca_file"},
        {"{\"ca_file\":\"\"}", "ca_file"},
        {"{\"ca_file\":\"/nonexistent/ca.pem\"}", "ca_file"},
        {"{\"ca_path\":1}", "ca_path"},
        {"{\"ca_path\":\"\"}", "ca_path"},
        {"{\"ca_path\":\"/nonexistent\"}", "ca_path"},
        {"{\"ca_path\":\"/etc:/nonexistent\"}", "ca_path"},
        {"{\"pinned_public_key\":\"\"}", "pinned_public_key"},
        {"{\"pinned_public_key\":\"sha256//AAAA\"}", "pinned_public_key"},
        {"{\"pinned_public_key\":\"/etc/passwd\"}", "pinned_public_key"},
        {"{\"pinned_public_key\":{}}", "pinned_public_key"},
        {"{\"proxy\":7}", "proxy"},
        {"{\"proxy\":\"gopher://proxy.example\"}", "proxy"},
        {"{\"base_url\":\"http://127.0.0.1\",\"proxy\":\"http://proxy.example:3128\"}", "proxy"},
        {"{\"no_proxy\":7}", "no_proxy"},
        {"{\"user_agent\":\"\"}", "user_agent"},
        {"{\"user_agent\":\"  \"}", "user_agent"},
        {"{\"user_agent\":\"a\\nb\"}", "user_agent"},
        {"{\"user_agent\":\"\xC3\xA9\"}", "user_agent"},
        {"{\"user_agent\":\"" TEXT_64 TEXT_64 TEXT_64 TEXT_64 "0\"}", "user_agent"},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        check_about = cases[n].options;
        expect_no_client(SECRET, cases[n].options, MID_INVALID_OPTIONS, cases[n].part);
    }
    check_about = "";
}

static void good_options(void) {
    static const char *const cases[] = {
        "{}",
        " {\"timeout_ms\" : 1} ",
        "{\"timeout_ms\":3600000,\"connect_timeout_ms\":3600000,\"max_retries\":10,\"max_connections\":256}",
        "{\"connect_timeout_ms\":1,\"max_retries\":0,\"max_connections\":1}",
        "{\"max_connection_age_ms\":1000}",
        "{\"max_connection_age_ms\":86400000}",
        "{\"base_url\":\"https://machineid.io\"}",
        "{\"base_url\":\"HTTPS://MachineID.io:8443/a/b/\"}",
        "{\"base_url\":\"http://127.0.0.1\"}",
        "{\"base_url\":\"http://127.1.2.3:8080\"}",
        "{\"base_url\":\"http://localhost:8080\"}",
        "{\"base_url\":\"http://[::1]:8080/\"}",
        "{\"ca_file\":\"/etc/passwd\"}",
        "{\"ca_path\":\"/etc:/usr\"}",
        "{\"pinned_public_key\":\"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}",
        "{\"pinned_public_key\":\"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;sha256//"
        "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=\"}",
        "{\"proxy\":\"\",\"no_proxy\":\"\"}",
        "{\"proxy\":\"http://proxy.example:3128\",\"no_proxy\":\"localhost,.internal\"}",
        "{\"user_agent\":\"agent/1.0 (libmachineid)\"}",
        "{\"user_agent\":\"" TEXT_64 TEXT_64 TEXT_64 TEXT_64 "\"}",
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        check_about = cases[n];
        expect_client(SECRET, cases[n]);
    }
    check_about = "";
}

/* With a NULL or an id that cannot be sent, nothing reaches the authority. */
static void bad_calls(void) {
    static const struct {
        const char *name, *device_id;
    } ids[] = {
        {"no id", NULL},          {"an empty id", ""},      {"a blank id", " \t\r\n\v\f\xC2\xA0\xE3\x80\x80"},
        {"a long id", TEXT_512 "0"}, {"not UTF-8", "agent\xFF"}, {"a surrogate", "\xED\xA0\x80"},
        {"cut off UTF-8", "\xC3"}, {"overlong UTF-8", "\xC0\xAF"},
    };
    struct server server;
    mid_client *client;
    int allowed;
    char *json = NULL;
    server_start(&server, NULL);
    server_answer(&server, "200 OK", "application/json", "{\"allowed\":true}");
    client = server_client(&server, "");

    for (int n = 0; n < OPERATIONS; n++) {
        check_about = operations[n].name;
        allowed = 1;
        json = (char *)&client;
        CHECK_STATUS(MID_INVALID_ARGUMENT, operation_call(&operations[n], NULL, "agent", &allowed, &json));
        check_failure(MID_INVALID_ARGUMENT, json, "client");
        if (operation_decides(&operations[n])) CHECK(allowed == 0);
        CHECK_STATUS(MID_INVALID_ARGUMENT, operation_call(&operations[n], NULL, NULL, NULL, NULL));
        if (!operation_names_device(&operations[n])) continue;

        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
            check_about = ids[i].name;
            allowed = 1;
            CHECK_STATUS(MID_INVALID_ARGUMENT,
                         operation_call(&operations[n], client, ids[i].device_id, &allowed, &json));
            check_failure(MID_INVALID_ARGUMENT, json, "device_id");
            if (operation_decides(&operations[n])) CHECK(allowed == 0);
            CHECK_STATUS(MID_INVALID_ARGUMENT,
                         operation_call(&operations[n], client, ids[i].device_id, &allowed, NULL));
        }
    }
    check_about = "no place for allowed";
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate(client, "agent", NULL, &json));
    check_failure(MID_INVALID_ARGUMENT, json, "allowed");
    CHECK_STATUS(MID_INVALID_ARGUMENT, mid_validate(client, "agent", NULL, NULL));
    CHECK(server_requests(&server) == 0);

    check_about = "afterwards";
    allowed = 0;
    CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
    CHECK(allowed == 1);
    CHECK(server_requests(&server) == 1);
    check_about = "";
    mid_client_free(client);
    server_stop(&server);
}

int main(void) {
    mid_free(NULL);
    mid_client_free(NULL);
    mid_client_cancel(NULL);
    org_keys();
    no_place_for_the_client();
    bad_options();
    good_options();
    bad_calls();
    return check_done();
}
