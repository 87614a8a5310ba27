/*
 * Messages about bad options are the same in every locale. Afterwards a thread switches the locale of the process
 * between one with a decimal point and one with a decimal comma, while others read replies full of real numbers.
 *
 *     locales ROUNDS LOCALE [LOCALE...]    the first LOCALE has a decimal comma
 */
#include "server.h"
#include "waiting.h"

#include <locale.h>

enum { THREADS = 4 };

static const char *comma;
static atomic_int is_over;
static atomic_int flips;
static mid_client *client;
static int rounds;

static void *flip(void *unused) {
    (void)unused;
    while (!atomic_load(&is_over)) {
        check_need(setlocale(LC_ALL, atomic_fetch_add(&flips, 1) % 2 ? "C" : comma) != NULL, "setlocale");
    }
    return NULL;
}

static void *call(void *unused) {
    (void)unused;
    for (int n = 0; n < rounds; n++) {
        int allowed = 0;
        char *json = NULL;
        CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, &json));
        CHECK(allowed == 1);
        CHECK(json != NULL && strstr(json, "0.1,-1.5e3,3.14159") != NULL);
        mid_free(json);
        /* The thread's locale is that of the process again. */
        CHECK(uselocale((locale_t)0) == LC_GLOBAL_LOCALE);
    }
    return NULL;
}

static void expect_refusal(const char *options, const char *part) {
    mid_client *made = NULL;
    char *json = NULL;
    mid_status status = mid_client_new("org_a", options, &made, &json);
    CHECK_STATUS(MID_INVALID_OPTIONS, status);
    CHECK(made == NULL);
    check_failure(status, json, part);
    mid_client_free(made);
}

/* If the host has set a locale, libcurl accepts host names in its character set; otherwise it does not. */
static void expect_the_same_words(const char *locale) {
    mid_client *made = NULL;
    check_need(setlocale(LC_ALL, locale) != NULL, locale);
    check_about = locale;
    expect_refusal("{\"base_url\":\"https://m\u00fcnchen.test\"}",
                   "base_url has a host name that is not ASCII; write xn--");
    expect_refusal("{\"base_url\":\"https://m%C3%BCnchen.test\"}", "base_url has a host name that is not ASCII");
    expect_refusal("{\"base_url\":\"https://m%FCnchen.test\"}", "base_url has a host name that is not ASCII");
    expect_refusal("{\"proxy\":\"http://m\u00fcnchen.test:3128\"}",
                   "proxy has a host name that is not ASCII; write xn--");
    expect_refusal("{\"ca_file\":\"/does/not/exist\"}",
                   "ca_file cannot be read: /does/not/exist: No such file or directory");
    CHECK_STATUS(MID_OK, mid_client_new("org_a", "{\"base_url\":\"HTTPS://XN--MNCHEN-3YA.TEST\"}", &made, NULL));
    mid_client_free(made);
    CHECK_STATUS(MID_OK, mid_client_new("org_a", "{\"base_url\":\"HTTP://LOCALHOST:1\"}", &made, NULL));
    mid_client_free(made);
    check_about = "";
}

int main(int count, char **arguments) {
    pthread_t flipper, threads[THREADS];
    struct server server;
    check_need(count > 2, "a number and a locale");
    rounds = atoi(arguments[1]);
    comma = arguments[2];
    expect_the_same_words("C");
    for (int n = 2; n < count; n++) expect_the_same_words(arguments[n]);
    check_need(setlocale(LC_ALL, comma) != NULL, comma);
    check_need(*localeconv()->decimal_point == ',', "a locale with a decimal comma");
    server_start(&server, NULL);
    server_answer(&server, "200 OK", "application/json",
                  "{\"allowed\":true,\"numbers\":[0.1,-1.5e3,3.14159,1e308,2.5E-3,1234567.891],\"more\":{\"x\":0.25}}");
    client = server_client(&server, ",\"max_retries\":5");
    check_need(pthread_create(&flipper, NULL, flip, NULL) == 0, "pthread_create");
    for (int n = 0; n < THREADS; n++) check_need(pthread_create(&threads[n], NULL, call, NULL) == 0, "pthread_create");
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    atomic_store(&is_over, 1);
    check_need(pthread_join(flipper, NULL) == 0, "pthread_join");
    mid_client_free(client);
    server_stop(&server);
    if (atomic_load(&check_failed) == 0)
        printf("%d replies read while the locale changed %d times\n", rounds * THREADS, atomic_load(&flips));
    return atomic_load(&check_failed) == 0 ? 0 : 1;
}
