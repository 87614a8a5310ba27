/*
 * A process that ends while its threads are in calls must end with the status it chose, at once, and without output.
 *
 *     exits SCENE TIMES
 *
 * SCENE: busy       the threads call the authority of MACHINEID_BASE_URL without a pause
 *        silent     they wait for a reply
 *        resolving  they wait for a name (names.so preloaded)
 * Each way to end is tried TIMES times, in a new process and at a different moment each time.
 */
#include "children.h"
#include "server.h"
#include "waiting.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/prctl.h>

enum { THREADS = 8, STATUS = 7, PROMISED_MS = 1000 };

enum way { EXIT, RETURN, PTHREAD_EXIT, EXIT_IN_A_THREAD, USE_AT_EXIT, FREE_AT_EXIT, WAYS };
static const char *const way_names[] = {
    "exit()",
    "return from main",
    "pthread_exit() in main",
    "exit() in another thread",
    "the client is used in an atexit() handler",
    "the client is freed in an atexit() handler",
};

static mid_client *client;
static atomic_int calls;
static atomic_int is_over;
static pthread_t threads[THREADS];

static void *keep_calling(void *unused) {
    (void)unused;
    while (!atomic_load(&is_over)) {
        int allowed = 1;
        char *json = NULL;
        mid_status status = mid_validate(client, "nobody", &allowed, &json);
        if (allowed != 0 || json == NULL || status == MID_INVALID_ARGUMENT) abort();
        mid_free(json);
        atomic_fetch_add(&calls, 1);
    }
    return NULL;
}

static void use_the_client(void) {
    int allowed = 1;
    char *json = NULL;
    (void)mid_validate(client, "nobody", &allowed, &json);
    if (allowed != 0 || json == NULL) abort();
    mid_free(json);
}

/* Follows the order that machineid.h gives: cancel, join, free. */
static void free_the_client(void) {
    atomic_store(&is_over, 1);
    mid_client_cancel(client);
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    mid_client_free(client);
}

static void *exit_here(void *unused) {
    (void)unused;
    exit(STATUS);
}

static _Noreturn void end(enum way way, double microseconds) {
    pthread_t thread;
    double moment = check_now_ms() + microseconds / 1e3;
    while (check_now_ms() < moment) (void)sched_yield();
    switch (way) {
    case PTHREAD_EXIT:
        atomic_store(&is_over, 1);
        mid_client_cancel(client);
        pthread_exit(NULL); /* the last thread to end ends the process, with status 0 */
    case EXIT_IN_A_THREAD:
        check_need(pthread_create(&thread, NULL, exit_here, NULL) == 0, "pthread_create");
        check_need(pthread_join(thread, NULL) == 0, "pthread_join");
        abort();
    default: exit(STATUS); /* main() itself handles RETURN */
    }
}

/* Starts the threads of the child. */
static void live(const char *scene, enum way way, int silent_port) {
    char options[256] = "{\"timeout_ms\":60000}";
    if (strcmp(scene, "silent") == 0) {
        (void)snprintf(options, sizeof options, "{\"base_url\":\"http://127.0.0.1:%d\"}", silent_port);
    } else if (strcmp(scene, "resolving") == 0) {
        (void)strcpy(options, "{\"base_url\":\"https://stalled.example\"}");
    }
    /* These are registered before anything that the library registers, and so run after it. */
    if (way == USE_AT_EXIT) check_need(atexit(use_the_client) == 0, "atexit");
    if (way == FREE_AT_EXIT) check_need(atexit(free_the_client) == 0, "atexit");
    client = check_client(strcmp(scene, "busy") == 0 ? getenv("CLIENT_OPTIONS") : options);
    for (int n = 0; n < THREADS; n++)
        check_need(pthread_create(&threads[n], NULL, keep_calling, NULL) == 0, "pthread_create");
}

/*
 * How long the resolver thread of a newer libcurl stays after it has resolved a name, waiting for the next. After
 * pthread_exit() in main the process ends when its last thread does. (This asks only for the version, because using
 * libcurl before the library does would change how OpenSSL ends.)
 */
static double resolver_idle_ms(void) {
    return curl_version_info(CURLVERSION_NOW)->version_num >= 0x081400 ? 2000 : 0;
}

/* Checks that the child ends as expected: no signal, no output, no delay. */
static void expect_end(pid_t child, enum way way, int output) {
    int status = 0;
    char said[512] = "";
    double began = check_now_ms();
    double promised = PROMISED_MS + (way == PTHREAD_EXIT ? resolver_idle_ms() : 0);
    check_need(fcntl(output, F_SETFL, O_NONBLOCK) == 0, "fcntl");
    (void)child_wait(child, &status);
    if (!CHECK(check_now_ms() - began <= promised + check_slack_ms()))
        fprintf(stderr, "    it took %.0f ms\n", check_now_ms() - began);
    if (WIFSIGNALED(status)) {
        CHECK(!WIFSIGNALED(status));
        fprintf(stderr, "    it was ended by signal %d\n", WTERMSIG(status));
    } else {
        CHECK(WEXITSTATUS(status) == (way == PTHREAD_EXIT ? 0 : STATUS));
    }
    if (!CHECK(read(output, said, sizeof said - 1) == 0)) fprintf(stderr, "    it printed: %s\n", said);
}

int main(int count, char **arguments) {
    const char *scene = count > 1 ? arguments[1] : "busy";
    int times = count > 2 ? atoi(arguments[2]) : 20;
    struct server server;
    server_start(&server, NULL);
    for (int n = 0; n < times * WAYS && atomic_load(&check_failed) < 10; n++) {
        enum way way = (enum way)(n % WAYS);
        double microseconds = (double)(n / WAYS) * 20000 / times;
        int output[2];
        pid_t child;
        /* In the other scenes the call in the handler would not end in time. */
        if (way == USE_AT_EXIT && strcmp(scene, "busy") != 0) continue;
        check_about = way_names[way];
        check_need(pipe(output) == 0, "pipe");
        child = fork();
        check_need(child >= 0, "fork");
        if (child == 0) {
            check_need(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "prctl");
            check_need(dup2(output[1], 1) == 1 && dup2(output[1], 2) == 2, "dup2");
            check_need(close(output[0]) == 0 && close(output[1]) == 0, "close");
            live(scene, way, server.port);
            if (way != RETURN) end(way, microseconds);
            {
                double moment = check_now_ms() + microseconds / 1e3;
                while (check_now_ms() < moment) (void)sched_yield();
            }
            return STATUS;
        }
        check_need(close(output[1]) == 0, "close");
        expect_end(child, way, output[0]);
        check_need(close(output[0]) == 0, "close");
    }
    server_stop(&server);
    check_about = "";
    return check_done();
}
