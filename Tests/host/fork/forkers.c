/*
 * Many threads fork without a pause while one calls. Each step of a call may wait for a fork for 250 ms, but not for
 * one fork after the other: every call returns soon after its time. Few calls have an answer by then.
 *
 *     forkers SECONDS [FORKERS]
 */
#include "children.h"

#include <pthread.h>

enum {
    MOST_FORKERS = 32,
    TIMEOUT_MS = 300,
    PATIENCE_MS = 250,
    STEPS = 6,         /* that a call may begin before and after its time is over; the most that was seen is 3 */
    MEMORY = 100 << 20 /* makes a fork take milliseconds */
};

static atomic_int is_over;
static atomic_long forks;

static void *fork_on(void *unused) {
    (void)unused;
    while (!atomic_load(&is_over)) {
        pid_t child = fork();
        if (child == 0) _exit(0);
        check_need(child > 0 && waitpid(child, NULL, 0) == child, "fork");
        atomic_fetch_add(&forks, 1);
    }
    return NULL;
}

int main(int count, char **arguments) {
    pthread_t threads[MOST_FORKERS];
    double seconds = count > 1 ? atof(arguments[1]) : 5, began, longest = 0;
    int forkers = count > 2 ? atoi(arguments[2]) : 16, calls = 0, answers = 0;
    char options[64], *memory = malloc(MEMORY);
    mid_client *client;
    check_need(forkers > 0 && forkers <= MOST_FORKERS, "1 to 32 threads");
    check_need(memory != NULL, "malloc");
    memset(memory, 1, MEMORY);
    (void)snprintf(options, sizeof options, "{\"timeout_ms\":%d,\"max_retries\":0}", TIMEOUT_MS);
    client = check_client(options);
    for (int n = 0; n < forkers; n++)
        check_need(pthread_create(&threads[n], NULL, fork_on, NULL) == 0, "pthread_create");
    began = check_now_ms();
    while (check_now_ms() - began < seconds * 1e3) {
        int allowed = 7;
        double from = check_now_ms(), took;
        mid_status status = mid_validate(client, "never-registered", &allowed, NULL);
        took = check_now_ms() - from;
        CHECK(status == MID_OK || status == MID_TIMEOUT);
        CHECK(allowed == 0);
        calls++;
        answers += status == MID_OK;
        if (took > longest) longest = took;
    }
    atomic_store(&is_over, 1);
    for (int n = 0; n < forkers; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    if (!CHECK(longest <= TIMEOUT_MS + STEPS * PATIENCE_MS + check_slack_ms()))
        fprintf(stderr, "    the longest call took %.0f ms\n", longest);
    printf("%d threads forked %ld times during %d calls, %d of them with an answer, the longest of %.0f ms\n", forkers,
           atomic_load(&forks), calls, answers, longest);
    mid_client_free(client);
    free(memory);
    return check_done();
}
