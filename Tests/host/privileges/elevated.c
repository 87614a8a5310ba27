/*
 * A program with elevated privileges, started by a user without them who has set every environment variable that might
 * help an attack; the library obeys none of them.
 *
 *     elevated                         tells only whether it has any: status 0, or 77 for none
 *     elevated URL CA_FILE KEY_LOG     KEY_LOG is the value of SSLKEYLOGFILE; that file must not be created
 */
#include "check.h"

#include <sys/auxv.h>
#include <unistd.h>

/* No other end of the program gives this status: neither a failure of the loader nor a crash. */
enum { HAS_NONE = 77 };

static const char *options;

static mid_client *new_client(void) {
    mid_client *client = NULL;
    char *json = NULL;
    CHECK_STATUS(MID_OK, mid_client_new(check_environment("MACHINEID_ORG_KEY"), options, &client, &json));
    if (client == NULL) fprintf(stderr, "%s\n", json != NULL ? json : "");
    mid_free(json);
    return client;
}

/* These variables would be errors if they were read, or would lead elsewhere. */
static void expect_not_read(void) {
    mid_client *client = (mid_client *)(void *)&options;
    char *json = NULL;
    mid_status status;
    check_need(setenv("MACHINEID_BASE_URL", "https://127.0.0.1:1", 1) == 0, "setenv");
    check_need(setenv("HTTPS_PROXY", "ftp://nonsense", 1) == 0, "setenv");
    check_need(setenv("SSL_CERT_FILE", "/does/not/exist", 1) == 0, "setenv");
    check_need(setenv("SSL_CERT_DIR", "/does/not/exist", 1) == 0, "setenv");
    check_need(setenv("CURL_CA_BUNDLE", "/does/not/exist", 1) == 0, "setenv");

    check_about = "the org key in the environment";
    status = mid_client_from_env(options, &client, &json);
    CHECK_STATUS(MID_NO_ORG_KEY, status);
    CHECK(client == NULL);
    check_failure(status, json, "MACHINEID_ORG_KEY is not read: this program has elevated privileges");
    status = mid_client_from_env("{\"env_var\":\"HTTPS_PROXY\"}", &client, &json);
    CHECK_STATUS(MID_NO_ORG_KEY, status);
    check_failure(status, json, "HTTPS_PROXY is not read");

    check_about = "authorities and proxies in the environment";
    mid_client_free(new_client());
    CHECK_STATUS(MID_OK, mid_client_new("org_a", NULL, &client, NULL));
    mid_client_free(client);
}

/* libcurl obeys these variables when it is initialised. */
static void expect_no_call(mid_client *client, const char *variable, const char *value) {
    char part[128];
    char *json = NULL;
    int allowed = 1;
    mid_status status;
    (void)snprintf(part, sizeof part, "the environment variable %s, which libcurl would obey,", variable);
    check_about = variable;
    check_need(setenv(variable, value, 1) == 0, "setenv");
    for (int again = 0; again < 2; again++) {
        status = mid_validate(client, "elevated", &allowed, &json);
        CHECK_STATUS(MID_INTERNAL, status);
        CHECK(allowed == 0);
        check_failure(status, json, part);
    }
    check_need(unsetenv(variable) == 0, "unsetenv");
}

int main(int count, char **arguments) {
    static char text[1024];
    mid_client *client;
    int allowed = 0;
    if (count == 1) return getauxval(AT_SECURE) != 0 ? 0 : HAS_NONE;
    check_need(count == 4, "a URL, a file of authorities and a key log");
    check_need(getauxval(AT_SECURE) != 0, "privileges");
    (void)snprintf(text, sizeof text, "{\"base_url\":\"%s\",\"ca_file\":\"%s\"}", arguments[1], arguments[2]);
    options = text;
    expect_not_read();
    client = new_client();
    expect_no_call(client, "SSLKEYLOGFILE", arguments[3]);
    expect_no_call(client, "CURL_SSL_BACKEND", "openssl");

    check_about = "without these variables";
    check_need(setenv("SSLKEYLOGFILE", "", 1) == 0, "setenv"); /* an empty value names no file */
    CHECK_STATUS(MID_OK, mid_register(client, "elevated", NULL));
    CHECK_STATUS(MID_OK, mid_validate(client, "elevated", &allowed, NULL));
    CHECK(allowed == 1);
    mid_client_free(client);
    return check_done();
}
