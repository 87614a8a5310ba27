/*
 * validate.c - measures calls per second: with private bare handles, or with one client of the library for all threads.
 *
 *     validate bare|null|json CALLS [THREADS [CONNECTIONS [cold]]]
 *
 * Each thread makes CALLS calls. CONNECTIONS 0 stands for the library's default. With cold, the first connections count
 * too; otherwise each thread makes a call before.
 */
#include "bare.h"

#include <pthread.h>

static const char *mode;
static int calls;
static int is_cold;
static mid_client *client;
static pthread_barrier_t ready, begin, done;

static int validate(struct bare *bare) {
    char *json = NULL;
    int allowed = 0;
    if (*mode == 'b') return bare_validate(bare, "agent-01");
    if (mid_validate(client, "agent-01", &allowed, *mode == 'j' ? &json : NULL) != MID_OK) return 0;
    mid_free(json);
    return allowed;
}

static void *run(void *unused) {
    struct bare bare;
    (void)unused;
    if (*mode == 'b') bare_open(&bare);
    if (!is_cold) need(validate(&bare), "the first validate");
    (void)pthread_barrier_wait(&ready);
    (void)pthread_barrier_wait(&begin);
    for (int n = 0; n < calls; n++) need(validate(&bare), "validate");
    (void)pthread_barrier_wait(&done);
    if (*mode == 'b') bare_close(&bare);
    return NULL;
}

int main(int count, char **arguments) {
    int threads = count > 3 ? atoi(arguments[3]) : 1;
    pthread_t thread[256];
    double from;
    if (count < 3 || threads < 1 || threads > 256) return 2;
    mode = arguments[1];
    calls = atoi(arguments[2]);
    is_cold = count > 5;
    need(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "curl_global_init");
    if (*mode != 'b') client = client_open(count > 4 ? atoi(arguments[4]) : 8);
    if (threads == 1 && is_cold) return 2;
    need(pthread_barrier_init(&ready, NULL, (unsigned)threads + 1) == 0, "pthread_barrier_init");
    need(pthread_barrier_init(&begin, NULL, (unsigned)threads + 1) == 0, "pthread_barrier_init");
    need(pthread_barrier_init(&done, NULL, (unsigned)threads + 1) == 0, "pthread_barrier_init");
    for (int n = 0; n < threads; n++) need(pthread_create(&thread[n], NULL, run, NULL) == 0, "pthread_create");
    (void)pthread_barrier_wait(&ready);
    from = seconds_now();
    (void)pthread_barrier_wait(&begin);
    (void)pthread_barrier_wait(&done);
    printf("%.1f\n", threads * calls / (seconds_now() - from));
    for (int n = 0; n < threads; n++) need(pthread_join(thread[n], NULL) == 0, "pthread_join");
    mid_client_free(client);
    return 0;
}
