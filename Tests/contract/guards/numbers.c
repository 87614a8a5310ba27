/*
 * A client carries as many guards as docs/guards.md says: 800 with 8 connections, an interval of 5 s and answers that
 * take 50 ms, even after many threads have used the client. All of its connections are then in use all the time.
 */
#include "distance.h"

enum { GUARDS = 800, CONNECTIONS = 8, INTERVAL_MS = 5000, ANSWER_MS = 50, WATCHED_MS = 15000, THREADS = 16 };

static mid_client *client;
static mid_guard *guards[GUARDS];

struct count {
    double checks, failures, oldest_ms, in_use;
    int looks;
};

static void *start_guards(void *argument) {
    for (int n = (int)(intptr_t)argument; n < GUARDS; n += THREADS) {
        char device[32];
        (void)snprintf(device, sizeof device, "numbers:%d", n);
        CHECK_STATUS(MID_OK, mid_register(client, device, NULL));
        check_need(mid_guard_start(client, device, NULL, &guards[n], NULL) == MID_OK, "mid_guard_start");
    }
    return NULL;
}

static void start_all_at_once(void) {
    pthread_t threads[THREADS];
    for (int n = 0; n < THREADS; n++)
        check_need(pthread_create(&threads[n], NULL, start_guards, (void *)(intptr_t)n) == 0, "pthread_create");
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
}

static double number_of(const json_t *known, const char *key) { return json_number_value(json_object_get(known, key)); }

static void look_at_all(struct count *count) {
    count->checks = count->failures = 0;
    for (int n = 0; n < GUARDS; n++) {
        int allowed = 0;
        char *json = NULL;
        CHECK_STATUS(MID_OK, mid_guard_decision(guards[n], &allowed, &json));
        CHECK(allowed == 1);
        json_t *known = check_reply(json);
        count->checks += number_of(known, "checks");
        count->failures += number_of(known, "failures");
        if (number_of(known, "age_ms") > count->oldest_ms) count->oldest_ms = number_of(known, "age_ms");
        json_decref(known);
    }
}

static struct count watch(struct distance *distance, double milliseconds) {
    struct count count = {0};
    double end = check_now_ms() + milliseconds;
    do {
        struct timespec rest = {0, 50000000};
        look_at_all(&count);
        count.in_use += atomic_load(&distance->busy);
        count.looks++;
        (void)nanosleep(&rest, NULL);
    } while (check_now_ms() < end);
    count.in_use /= count.looks;
    return count;
}

int main(void) {
    struct distance *distance = distance_start();
    char options[128];
    (void)snprintf(options, sizeof options, "{\"base_url\":\"http://127.0.0.1:%d\",\"max_connections\":%d}",
                   distance->port, CONNECTIONS);
    client = check_client(options);
    start_all_at_once();
    atomic_store(&distance->answer_ms, ANSWER_MS);
    /* The first check of each guard comes sooner, at any moment of the interval. */
    (void)watch(distance, INTERVAL_MS * 1.3);

    struct count before = watch(distance, 0);
    int answers = atomic_load(&distance->answers);
    double from = check_now_ms();
    struct count count = watch(distance, WATCHED_MS);
    double milliseconds = check_now_ms() - from, checks = count.checks - before.checks;
    answers = atomic_load(&distance->answers) - answers;
    printf("%.1f checks a second, %.1f of %d connections in use, the oldest allow %.0f ms old\n",
           checks / milliseconds * 1e3, count.in_use, CONNECTIONS, count.oldest_ms);
    /* All connections are in use, so a check may wait for its turn. */
    CHECK(milliseconds * GUARDS / checks <= INTERVAL_MS + 200 + check_slack_ms());
    CHECK(count.oldest_ms <= 1.1 * INTERVAL_MS + ANSWER_MS + 400 + check_slack_ms());
    /* No check was made beside another. */
    CHECK(abs(answers - (int)checks) <= 2 * CONNECTIONS);
    CHECK(count.failures == 0);
    for (int n = 0; n < GUARDS; n++) mid_guard_stop(guards[n]);
    mid_client_free(client);
    distance_stop(distance);
    return check_done();
}
