/*
 * The org key is in no message and no JSON that the library makes: whatever fails, wherever a caller puts the key by
 * mistake, and however an authority sends it back. All of it is checked with the emulator's key, which begins with
 * org_, and with a key that looks like any other text.
 */
#include "operations.h"
#include "server.h"

#include <strings.h>

static const char *key;

/* Checks for each part of 12 characters of the key, in any case of its letters. */
static void expect_no_key(const char *text) {
    const char *first = strncmp(key, "org_", 4) == 0 ? key + 4 : key;
    for (const char *part = first; strlen(part) >= 12; part++) {
        int found = 0;
        for (const char *at = text; *at != '\0' && !found; at++) found = strncasecmp(at, part, 12) == 0;
        if (!CHECK(!found)) {
            fprintf(stderr, "    %s\n", text);
            return;
        }
    }
}

static void expect_refusal(const char *org_key, const char *options) {
    mid_client *client = NULL;
    char *json = NULL;
    mid_status status = mid_client_new(org_key, options, &client, &json);
    check_about = options != NULL ? options : "no options";
    CHECK(status != MID_OK && client == NULL && json != NULL);
    if (json != NULL) expect_no_key(json);
    mid_free(json);
    mid_client_free(client);
}

static void expect_refusal_of_key(const char *format) {
    char org_key[2048];
    (void)snprintf(org_key, sizeof org_key, format, key);
    expect_refusal(org_key, NULL);
    expect_refusal(org_key, "{\"base_url\":\"http://127.0.0.1:1\"}");
    check_need(setenv("ODD_KEY", org_key, 1) == 0, "setenv");
    {
        mid_client *client = NULL;
        char *json = NULL;
        CHECK_STATUS(MID_INVALID_ARGUMENT, mid_client_from_env("{\"env_var\":\"ODD_KEY\"}", &client, &json));
        if (CHECK(json != NULL)) expect_no_key(json);
        mid_free(json);
    }
    check_need(unsetenv("ODD_KEY") == 0, "unsetenv");
}

/* `format` holds options in which %s is the key, put there by mistake. */
static void expect_refusal_of_options(const char *format) {
    char options[1024];
    mid_client *client = NULL;
    char *json = NULL;
    (void)snprintf(options, sizeof options, format, key);
    expect_refusal(key, options);
    check_about = options;
    CHECK(mid_client_from_env(options, &client, &json) != MID_OK);
    if (CHECK(json != NULL)) expect_no_key(json);
    mid_free(json);
    mid_client_free(client);
    check_about = "";
}

/* The key is given as the name of the variable that should hold it. */
static void expect_refused_variable(mid_status expected) {
    char options[256];
    mid_client *client = NULL;
    char *json = NULL;
    (void)snprintf(options, sizeof options, "{\"env_var\":\"%s\"}", key);
    check_about = "env_var is the key itself";
    CHECK_STATUS(expected, mid_client_from_env(options, &client, &json));
    if (CHECK(json != NULL)) expect_no_key(json);
    mid_free(json);
    check_about = "";
}

/* The key is given as the name of a guard's option. */
static void expect_refused_guard(void) {
    char options[256];
    mid_client *client = check_client("{\"base_url\":\"http://127.0.0.1:1\"}");
    mid_guard *guard = NULL;
    char *json = NULL;
    (void)snprintf(options, sizeof options, "{\"%s\":1}", key);
    check_about = "an option of a guard is the key itself";
    CHECK_STATUS(MID_INVALID_OPTIONS, mid_guard_start(client, "agent", options, &guard, &json));
    if (CHECK(json != NULL)) expect_no_key(json);
    mid_free(json);
    mid_client_free(client);
    check_about = "";
}

static void fail_each(mid_client *client, const char *what) {
    check_about = what;
    for (int n = 0; n < OPERATIONS; n++) {
        int allowed = 1;
        char *json = NULL;
        mid_status status = operation_call(&operations[n], client, "agent", &allowed, &json);
        CHECK(status != MID_OK && status != MID_REFUSED && json != NULL);
        if (operation_decides(&operations[n])) CHECK(allowed == 0);
        if (json != NULL) expect_no_key(json);
        mid_free(json);
    }
    check_about = "";
}

/* `format` holds options in which %s, if it is there, is the key. */
static void fail_with_options(const char *format) {
    char options[512];
    mid_client *client = NULL;
    (void)snprintf(options, sizeof options, format, key);
    check_about = options;
    CHECK_STATUS(MID_OK, mid_client_new(key, options, &client, NULL));
    fail_each(client, options);
    mid_client_free(client);
}

/* An authority that sends back the key that it received. */
static void throw_back(const char *format) {
    static struct server server;
    char reply[1024];
    mid_client *client;
    (void)snprintf(reply, sizeof reply, format, key, key, key);
    server_start(&server, reply);
    client = server_client(&server, ",\"max_retries\":0,\"timeout_ms\":2000");
    fail_each(client, format);
    mid_client_free(client);
    server_stop(&server);
}

static void check_all(void) {
    static const char *const keys[] = {
        "%s with more", "%s\r\nx-more: 1", "%s\xC3\xA9", "%s\xFF", "%1$s\t%1$s",
        "%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s%1$s",
    };
    static const char *const options[] = {
        "%s", "\"%s\"", "{%s}", "{\"org_key\":\"%s\"}", "{\"timeout_ms\":\"%s\"}", "{\"max_retries\":%s}",
        "{\"base_url\":\"%s\"}", "{\"base_url\":\"https://%s@authority.example\"}",
        "{\"base_url\":\"https://authority.example/?key=%s\"}", "{\"base_url\":\"https://authority.example/#%s\"}",
        "{\"base_url\":\"http://%s.example\"}", "{\"base_url\":\"ftp://%s.example\"}",
        "{\"base_url\":\"https://%s:99999\"}",
        "{\"pinned_public_key\":\"%s\"}", "{\"proxy\":\"ftp://user:%s@proxy.example\"}",
        "{\"proxy\":\"http://user:%s@proxy.example:99999\"}", "{\"user_agent\":\"%s\\n\"}",
        "{\"base_url\":\"http://x/\",\"no_proxy\":\"%s\"}",
        "{\"%s\":1}", "{\"env_var\":\"%s\"}",
        "{\"ca_file\":\"%s\"}", "{\"ca_file\":\"/nowhere/%s.pem\"}", "{\"ca_file\":\"/%s/a.pem\"}",
        "{\"ca_path\":\"%s\"}", "{\"ca_path\":\"/etc:/nowhere/%s\"}", "{\"proxy\":\"http://%s:99999\"}",
        "{\"proxy\":\"ftp://%s\"}", "{\"base_url\":\"http://%s\"}", "{\"base_url\":\"http://%s.example:1/a\"}",
    };
    static const char *const replies[] = {
        "%s\r\n\r\n", "HTTP/1.1 200 %s\r\nContent-Length: 30\r\n\r\n%s", "HTTP/1.1 %s\r\n\r\n",
        "HTTP/%s 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: %s\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: 1\r\n\r\n{",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://%s.example/%s\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n%.24s", "HTTP/1.1 200 OK\r\n\r\n{\"%s\":\"%s\",\"%s\":1}",
        "HTTP/1.1 200 OK\r\n\r\n{\"allowed\":\"%s\",}", "HTTP/1.1 200 OK\r\n%s\r\n\r\n%s",
        "HTTP/1.1 500 %s\r\n\r\n<html>%s</html>",
        "HTTP/1.1 503 %s\r\nRetry-After: %s\r\nContent-Length: 2\r\n\r\n{}",
    };
    for (size_t n = 0; n < sizeof keys / sizeof *keys; n++) expect_refusal_of_key(keys[n]);
    for (size_t n = 0; n < sizeof options / sizeof *options; n++) expect_refusal_of_options(options[n]);
    expect_refused_variable(MID_NO_ORG_KEY);
    check_need(setenv(key, "", 1) == 0, "setenv");
    expect_refused_variable(MID_NO_ORG_KEY);
    check_need(setenv(key, "a b", 1) == 0, "setenv");
    expect_refused_variable(MID_INVALID_ARGUMENT);
    check_need(unsetenv(key) == 0, "unsetenv");
    expect_refused_guard();
    for (size_t n = 0; n < sizeof replies / sizeof *replies; n++) throw_back(replies[n]);
    throw_back("");
    fail_with_options("{\"base_url\":\"http://127.0.0.1:1\",\"max_retries\":0}");
    fail_with_options("{\"base_url\":\"https://127.0.0.1:1\",\"max_retries\":0}");
    fail_with_options("{\"base_url\":\"https://nowhere.invalid\",\"max_retries\":0,\"timeout_ms\":2000}");
    fail_with_options("{\"base_url\":\"https://authority.example\",\"proxy\":\"http://127.0.0.1:1\","
                      "\"max_retries\":0}");
    fail_with_options("{\"base_url\":\"https://authority.example\",\"proxy\":\"socks5h://127.0.0.1:1\","
                      "\"max_retries\":0}");
    fail_with_options("{\"base_url\":\"https://%s.invalid\",\"max_retries\":0,\"timeout_ms\":2000}");
    fail_with_options("{\"base_url\":\"https://a.invalid\",\"proxy\":\"http://%s.invalid:1\",\"max_retries\":0,"
                      "\"timeout_ms\":2000}");
    fail_with_options("{\"base_url\":\"https://127.0.0.1:1\",\"proxy\":\"http://a:%s@127.0.0.1:1\",\"max_retries\":0}");
    check_about = "";
}

int main(void) {
    static const char other[] = "sekretkey-0123456789abcdef";
    key = strdup(check_environment("MACHINEID_ORG_KEY"));
    check_need(key != NULL, "strdup");
    check_all();
    check_need(setenv("MACHINEID_ORG_KEY", other, 1) == 0, "setenv");
    key = other;
    check_all();
    return check_done();
}
