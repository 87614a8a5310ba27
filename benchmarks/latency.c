/*
 * latency.c - measures how long calls take: with private bare handles, or with one client of the library for all
 * threads.
 *
 *     latency bare|ours CALLS [THREADS [TIMEOUT_MS]]
 *
 * Each thread makes two calls and then CALLS more. The program prints, in milliseconds, the first and the second call
 * of the first thread, and p50, p99 and the longest of the later calls of all threads; then how many of these did not
 * allow. The first call includes everything: the initialisation of libcurl and the making of a handle or a client.
 */
#include "bare.h"

#include <pthread.h>

enum { MOST_THREADS = 256, CONNECT_MS = 3000 };

static int is_bare;
static long timeout_ms = 10000; /* the library's default */
static int calls;
static double started, first, second;
static double *took; /* one row for each thread */
static int failed[MOST_THREADS];
static mid_client *client;
static pthread_barrier_t ready;

static int validate(struct bare *bare) {
    int allowed = 0;
    if (is_bare) return bare_validate(bare, "agent-01");
    return mid_validate(client, "agent-01", &allowed, NULL) == MID_OK && allowed;
}

static void *run(void *argument) {
    int *failures = argument;
    long thread = failures - failed;
    struct bare bare;
    double ends[2];
    if (is_bare) {
        bare_open(&bare);
        bare_limit(&bare, timeout_ms, CONNECT_MS);
    }
    for (int n = 0; n < 2; n++) {
        (void)validate(&bare);
        ends[n] = seconds_now();
    }
    if (thread == 0) {
        first = ends[0] - started;
        second = ends[1] - ends[0];
    }
    (void)pthread_barrier_wait(&ready);
    for (int n = 0; n < calls; n++) {
        double from = seconds_now();
        *failures += !validate(&bare);
        took[thread * calls + n] = seconds_now() - from;
    }
    if (is_bare) bare_close(&bare);
    return NULL;
}

static int ascending(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

int main(int count, char **arguments) {
    int threads = count > 3 ? atoi(arguments[3]) : 1;
    pthread_t thread[MOST_THREADS];
    size_t all;
    int failures = 0;
    if (count < 3 || threads < 1 || threads > MOST_THREADS) return 2;
    is_bare = *arguments[1] == 'b';
    calls = atoi(arguments[2]);
    if (calls < 1) return 2;
    if (count > 4) timeout_ms = atol(arguments[4]);
    all = (size_t)threads * (size_t)calls;
    need((took = calloc(all, sizeof *took)) != NULL, "calloc");
    need(pthread_barrier_init(&ready, NULL, (unsigned)threads) == 0, "pthread_barrier_init");
    started = seconds_now();
    if (is_bare) {
        need(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "curl_global_init");
    } else {
        char more[64];
        (void)snprintf(more, sizeof more, "\"timeout_ms\":%ld,\"connect_timeout_ms\":%d", timeout_ms, CONNECT_MS);
        client = client_with(more);
    }
    for (int n = 0; n < threads; n++) need(pthread_create(&thread[n], NULL, run, &failed[n]) == 0, "pthread_create");
    for (int n = 0; n < threads; n++) {
        need(pthread_join(thread[n], NULL) == 0, "pthread_join");
        failures += failed[n];
    }
    qsort(took, all, sizeof *took, ascending);
    printf("%.3f %.3f %.3f %.3f %.3f %d\n", first * 1e3, second * 1e3, took[all / 2] * 1e3, took[all * 99 / 100] * 1e3,
           took[all - 1] * 1e3, failures);
    free(took);
    if (client != NULL) mid_client_free(client);
    return 0;
}
