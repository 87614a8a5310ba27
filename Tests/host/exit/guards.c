/*
 * exit() while guards are checking and threads wait for them, in a host that also uses OpenSSL and initialised it
 * first. The authority is the emulator or nginx, given by MACHINEID_BASE_URL and CLIENT_OPTIONS.
 *
 *     guards TIMES
 */
#include "children.h"
#include "decisions.h"

#include <openssl/ssl.h>
#include <pthread.h>

static void *look_at(void *guard) {
    while (mid_guard_wait(guard, 1) == MID_TIMEOUT) continue;
    return NULL;
}

static void *wait_for(void *guard) {
    (void)mid_guard_wait(guard, -1);
    return NULL;
}

static _Noreturn void exit_during_checks(int n) {
    pthread_t thread;
    mid_guard *guard = NULL;
    check_need(OPENSSL_init_ssl(0, NULL) == 1, "OPENSSL_init_ssl");
    mid_client *client = decisions_client();
    for (int other = 0; other < 4; other++)
        CHECK_STATUS(MID_OK,
                     mid_guard_start(client, "exits", "{\"interval_ms\":20,\"max_age_ms\":20000}", &guard, NULL));
    CHECK(mid_guard_allowed(guard) == 1);
    check_need(pthread_create(&thread, NULL, n % 2 == 0 ? look_at : wait_for, guard) == 0, "pthread_create");
    struct timespec some = {0, n * 7919 % 40 * 1000000L};
    (void)nanosleep(&some, NULL);
    exit(atomic_load(&check_failed) == 0 ? 0 : 1);
}

int main(int count, char **arguments) {
    int times = count > 1 ? atoi(arguments[1]) : 20;
    for (int n = 0; n < times && atomic_load(&check_failed) < 10; n++) {
        (void)fflush(NULL);
        pid_t child = fork();
        check_need(child >= 0, "fork");
        if (child == 0) {
            if (n == 0) {
                mid_client *client = decisions_client();
                ask_about(mid_register, client, "exits");
                mid_client_free(client);
            }
            exit_during_checks(n);
        }
        child_await(child, "the process that ends");
    }
    return check_done();
}
