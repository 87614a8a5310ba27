/*
 * One caller drives for all, and is stuck in a system call or in a signal handler of the host. The others keep their
 * deadlines, cancel and free return in time, and nothing that the stuck caller uses is freed. Needs stall.so preloaded.
 */
#include "server.h"
#include "waiting.h"

#include <dlfcn.h>
#include <signal.h>

enum { WAITERS = 3, TIMEOUT_MS = 300, STALL_MS = 1000, PROMISED_MS = 250 };

enum end { DEADLINE, CANCEL, FREE, ENDS };
static const char *const end_names[] = {"deadline", "cancel", "free"};
static const char *const calls[] = {"poll", "connect", "send", "recv", "a signal handler"};

static union {
    void *data;
    void (*function)(const char *, int);
} stall_next;
static union {
    void *data;
    int (*function)(void);
} stall_is_on;

static atomic_int handler_runs;

static void stay(int number) {
    struct timespec left = {STALL_MS / 1000, STALL_MS % 1000 * 1000000L};
    (void)number;
    atomic_store(&handler_runs, 1);
    while (nanosleep(&left, &left) != 0) continue;
    atomic_store(&handler_runs, 0);
}

/* Returns once the first caller drives and is stuck. */
static void get_stuck(struct caller *driver, mid_client *client, const char *call) {
    int by_signal = strcmp(call, "a signal handler") == 0;
    if (!by_signal) stall_next.function(call, STALL_MS);
    caller_start(driver, client);
    if (by_signal) {
        caller_await_polling(driver);
        check_need(pthread_kill(driver->thread, SIGUSR1) == 0, "pthread_kill");
        while (!atomic_load(&handler_runs)) (void)sched_yield();
    } else {
        while (!stall_is_on.function() && !atomic_load(&driver->is_done)) (void)sched_yield();
    }
}

static void try(const char *call, enum end end) {
    struct server server;
    struct caller driver, waiters[WAITERS];
    char options[128];
    mid_client *client;
    double from = 0;
    server_start(&server, NULL);
    /* Without a reply there would be nothing to recv(). */
    if (strcmp(call, "recv") == 0) server_answer(&server, "503 Busy", "application/json", "{}");
    (void)snprintf(options, sizeof options, ",\"max_retries\":0,\"timeout_ms\":%d",
                   end == DEADLINE ? TIMEOUT_MS : 60000);
    client = server_client(&server, options);
    get_stuck(&driver, client, call);
    for (int n = 0; n < WAITERS; n++) caller_start(&waiters[n], client);
    if (end != DEADLINE) {
        for (int n = 0; n < WAITERS; n++) caller_await_blocked(&waiters[n]);
        CHECK(!atomic_load(&driver.is_done));
        from = check_now_ms();
        (end == CANCEL ? mid_client_cancel : mid_client_free)(client);
        CHECK(check_now_ms() - from <= (end == CANCEL ? 0 : PROMISED_MS) + check_slack_ms());
    }
    for (int n = 0; n < WAITERS; n++) {
        if (end == DEADLINE)
            caller_expect(&waiters[n], MID_TIMEOUT, waiters[n].began, TIMEOUT_MS + 50);
        else
            caller_expect(&waiters[n], MID_CANCELLED, from, PROMISED_MS);
    }
    CHECK(!atomic_load(&driver.is_done));
    /* Once the system call returns, the driver notices that its own time is over. */
    check_need(pthread_join(driver.thread, NULL) == 0, "pthread_join");
    CHECK(driver.ended - driver.began <= STALL_MS + 500);
    CHECK(driver.allowed == 0);
    if (end != DEADLINE) CHECK_STATUS(MID_CANCELLED, driver.status);
    mid_free(driver.json);
    if (end != FREE) mid_client_free(client);
    server_stop(&server);
}

/* Once the driver is no longer stuck, its client works as before. */
static void recover(void) {
    struct server server;
    struct caller driver;
    int allowed = 0;
    mid_client *client;
    server_start(&server, NULL);
    server_answer(&server, "200 OK", "application/json", "{\"allowed\":true}");
    client = server_client(&server, ",\"timeout_ms\":700"); /* less than STALL_MS */
    get_stuck(&driver, client, "poll");
    CHECK_STATUS(MID_TIMEOUT, mid_validate(client, "agent", &allowed, NULL));
    CHECK(allowed == 0);
    check_need(pthread_join(driver.thread, NULL) == 0, "pthread_join");
    mid_free(driver.json);
    for (int n = 0; n < 5; n++) {
        CHECK_STATUS(MID_OK, mid_validate(client, "agent", &allowed, NULL));
        CHECK(allowed == 1);
    }
    mid_client_free(client);
    server_stop(&server);
}

int main(void) {
    struct sigaction action = {.sa_handler = stay};
    stall_next.data = dlsym(RTLD_DEFAULT, "stall_next");
    stall_is_on.data = dlsym(RTLD_DEFAULT, "stall_is_on");
    check_need(stall_next.data != NULL && stall_is_on.data != NULL, "stall.so preloaded");
    check_need(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
    for (size_t n = 0; n < sizeof calls / sizeof *calls; n++) {
        for (int end = DEADLINE; end < ENDS; end++) {
            char about[64];
            (void)snprintf(about, sizeof about, "stuck in %s, %s", calls[n], end_names[end]);
            check_about = about;
            try(calls[n], (enum end)end);
        }
    }
    check_about = "afterwards";
    recover();
    check_about = "";
    return check_done();
}
