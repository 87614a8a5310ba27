/*
 * A thread flips the locale of the process between one with a decimal point and one with a decimal comma, while others
 * read replies full of real numbers.
 *
 *     locales LOCALE ROUNDS    LOCALE has a decimal comma
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
        /* Each thread's locale is again that of the process. */
        CHECK(uselocale((locale_t)0) == LC_GLOBAL_LOCALE);
    }
    return NULL;
}

int main(int count, char **arguments) {
    pthread_t flipper, threads[THREADS];
    struct server server;
    check_need(count == 3, "a locale and a number");
    comma = arguments[1];
    rounds = atoi(arguments[2]);
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
