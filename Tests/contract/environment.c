/* mid_client_from_env(): which variables it reads, and what it reports when they are missing or wrong. */
#include "from_env.h"

/* Checks that the client works with this server. */
static void expect_client(const char *options, struct server *server) {
    mid_client *client = check_client(options);
    int before = server_requests(server);
    int allowed = 0;
    CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
    CHECK(allowed == 1);
    CHECK(server_requests(server) == before + 1);
    mid_client_free(client);
}

int main(void) {
    struct server server;
    char url[64], padded[80], options[128];
    server_start(&server, NULL);
    server_answer(&server, "200 OK", "application/json", "{\"allowed\":true}");
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", server.port);
    (void)snprintf(options, sizeof options, "{\"base_url\":\"%s\"}", url);

    set("CURL_CA_BUNDLE", NULL);
    set("SSL_CERT_FILE", NULL);
    set("SSL_CERT_DIR", NULL);

    check_about = "the org key";
    set("MACHINEID_BASE_URL", url);
    set("MACHINEID_ORG_KEY", NULL);
    expect_no_client(NULL, MID_NO_ORG_KEY, "MACHINEID_ORG_KEY");
    set("MACHINEID_ORG_KEY", "");
    expect_no_client(NULL, MID_NO_ORG_KEY, "MACHINEID_ORG_KEY");
    set("MACHINEID_ORG_KEY", " \t\n");
    expect_no_client(NULL, MID_NO_ORG_KEY, "MACHINEID_ORG_KEY");
    set("MACHINEID_ORG_KEY", "org s3cret");
    expect_no_client(NULL, MID_INVALID_ARGUMENT, "MACHINEID_ORG_KEY");
    set("MACHINEID_ORG_KEY", " org_s3cret\n");
    expect_client(NULL, &server);

    check_about = "another variable";
    expect_no_client("{\"env_var\":\"OTHER_KEY\"}", MID_NO_ORG_KEY, "OTHER_KEY");
    expect_no_client("{\"env_var\":\"\"}", MID_INVALID_OPTIONS, "env_var");
    expect_no_client("{\"env_var\":1}", MID_INVALID_OPTIONS, "env_var");
    set("OTHER_KEY", "org_s3cret");
    set("MACHINEID_ORG_KEY", NULL);
    expect_client("{\"env_var\":\"OTHER_KEY\"}", &server);
    set("MACHINEID_ORG_KEY", "org_s3cret");

    check_about = "the base URL";
    set("MACHINEID_BASE_URL", "http://machineid.io");
    expect_no_client(NULL, MID_INVALID_OPTIONS, "MACHINEID_BASE_URL");
    expect_client(options, &server); /* an option takes precedence over a variable */
    set("MACHINEID_BASE_URL", NULL);
    expect_client(options, &server);
    set("MACHINEID_BASE_URL", "https://m\u00fcnchen.test\n");
    expect_no_client(NULL, MID_INVALID_OPTIONS, "MACHINEID_BASE_URL has a host name that is not ASCII; write xn--");
    set("MACHINEID_BASE_URL", "http://127.0.0.1: 1\n"); /* inner white space is not trimmed */
    expect_no_client(NULL, MID_INVALID_OPTIONS, "MACHINEID_BASE_URL");
    (void)snprintf(padded, sizeof padded, " \t%s/\r\n", url);
    set("MACHINEID_BASE_URL", padded);
    expect_client(NULL, &server);
    set("MACHINEID_BASE_URL", " \n"); /* counts as unset */
    {
        mid_client *client = check_client(NULL);
        mid_client_free(client);
    }

    check_about = "authorities";
    set("MACHINEID_BASE_URL", url);
    set("CURL_CA_BUNDLE", "/does/not/exist");
    expect_client(NULL, &server); /* http needs no certificate authorities */
    set("CURL_CA_BUNDLE", NULL);
    set("MACHINEID_BASE_URL", "https://127.0.0.1:1");
    set("SSL_CERT_FILE", "/does/not/exist");
    expect_no_client(NULL, MID_INVALID_OPTIONS,
                     "SSL_CERT_FILE cannot be read: /does/not/exist: No such file or directory");
    set("SSL_CERT_FILE", "/etc/passwd");
    set("SSL_CERT_DIR", "/etc:/does/not/exist");
    expect_no_client(NULL, MID_INVALID_OPTIONS,
                     "SSL_CERT_DIR cannot be read: /does/not/exist: No such file or directory");
    mid_client_free(check_client("{\"ca_path\":\"/etc:/usr\",\"ca_file\":\"/etc/passwd\"}"));
    set("CURL_CA_BUNDLE", "/etc");
    expect_no_client(NULL, MID_INVALID_OPTIONS, "CURL_CA_BUNDLE must be a regular file: /etc");
    set("CURL_CA_BUNDLE", "/etc/passwd");
    mid_client_free(check_client(NULL));
    set("CURL_CA_BUNDLE", NULL);
    set("SSL_CERT_FILE", NULL);
    set("SSL_CERT_DIR", NULL);

    check_about = "proxies";
    set("MACHINEID_BASE_URL", url);
    set("http_proxy", "http://127.0.0.1:1");
    set("ALL_PROXY", "http://127.0.0.1:1");
    expect_client(NULL, &server); /* http takes no proxy from the environment */

    check_about = "a change afterwards";
    {
        mid_client *client = check_client(NULL);
        int allowed = 0;
        set("MACHINEID_BASE_URL", "http://127.0.0.1:1");
        set("MACHINEID_ORG_KEY", NULL);
        CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
        CHECK(allowed == 1);
        mid_client_free(client);
    }
    check_about = "";
    server_stop(&server);
    return check_done();
}
