/*
 * Signals without SA_RESTART, one every millisecond, sent to the thread that makes the call, as the garbage collectors
 * of Mono and SBCL do. They cut no call short, and no call exceeds its timeout.
 *
 *     signals CALLS
 */
#include "decisions.h"
#include "server.h"
#include "waiting.h"

#include <signal.h>

/* musl has this name for it. */
#if defined __GLIBC__ && !defined sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { THREADS = 3, TIMEOUT_MS = 300 };

static mid_client *client;
static int calls;
static atomic_long received;

static void receive(int number) {
    (void)number;
    atomic_fetch_add(&received, 1);
}

/* From now on this thread is interrupted every millisecond. */
static timer_t bombard(void) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    struct itimerspec period = {{0, 1000000}, {0, 1000000}};
    timer_t timer;
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    check_need(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "timer_create");
    check_need(timer_settime(timer, 0, &period, NULL) == 0, "timer_settime");
    return timer;
}

static void *call(void *device_id) {
    timer_t timer = bombard();
    for (int n = 0; n < calls && atomic_load(&check_failed) < 20; n++) decide(client, device_id, 0);
    check_need(timer_delete(timer) == 0, "timer_delete");
    return NULL;
}

/* Makes one call to an authority of its own that lasts until its deadline. */
static void overstay(const char *reply, const char *options, mid_status expected, double least_ms) {
    struct server server;
    double began, took;
    char *json = NULL;
    int allowed = 1;
    mid_client *one;
    timer_t timer;
    server_start(&server, reply);
    server.closes = 0;
    one = server_client(&server, options);
    timer = bombard();
    began = check_now_ms();
    CHECK_STATUS(expected, mid_validate(one, "agent", &allowed, &json));
    took = check_now_ms() - began;
    check_need(timer_delete(timer) == 0, "timer_delete");
    CHECK(allowed == 0);
    CHECK(took >= least_ms - 1);
    if (!CHECK(took <= TIMEOUT_MS + check_slack_ms())) fprintf(stderr, "    it took %.0f ms\n", took);
    mid_free(json);
    mid_client_free(one);
    server_stop(&server);
}

int main(int count, char **arguments) {
    struct sigaction action = {.sa_handler = receive}; /* without SA_RESTART */
    pthread_t threads[THREADS];
    char device_ids[THREADS][16];
    calls = count > 1 ? atoi(arguments[1]) : 1000;
    check_need(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
    client = decisions_client();
    for (int n = 0; n < THREADS; n++) {
        (void)snprintf(device_ids[n], sizeof device_ids[n], "signals:%d", n);
        check_need(pthread_create(&threads[n], NULL, call, device_ids[n]) == 0, "pthread_create");
    }
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    mid_client_free(client);

    check_about = "an authority that never answers";
    overstay(NULL, ",\"timeout_ms\":300", MID_TIMEOUT, TIMEOUT_MS);
    check_about = "a reply that does not end";
    overstay("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"allowed\":true",
             ",\"timeout_ms\":300", MID_TIMEOUT, TIMEOUT_MS);
    check_about = "an authority that is busy, and pauses that nothing cuts short";
    overstay("HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n{}", ",\"timeout_ms\":5000,\"max_retries\":1",
             MID_UNAVAILABLE, 50);
    check_about = "";
    CHECK(atomic_load(&received) > 100);
    if (atomic_load(&check_failed) == 0)
        printf("%d calls of each of %d threads, %ld signals\n", calls, THREADS, atomic_load(&received));
    return atomic_load(&check_failed) == 0 ? 0 : 1;
}
