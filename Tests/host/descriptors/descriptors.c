/*
 * All file descriptors of the process are in use (ulimit -n). A call that needs one fails with a clear status, and the
 * client works again as soon as some are free; so does a client made in the meantime. If the host lowers the limit
 * below what is open, waiting fails, and the status is not MID_OUT_OF_MEMORY.
 */
#include "decisions.h"
#include "operations.h"
#include "server.h"
#include "waiting.h"

#include <sys/resource.h>

enum { LIMIT = 256, PROMISED_MS = 250 };

static int taken[LIMIT];
static int taken_count;

static void take_all(void) {
    int descriptor;
    while ((descriptor = dup(STDIN_FILENO)) >= 0) {
        check_need(taken_count < LIMIT, "RLIMIT_NOFILE to be kept");
        taken[taken_count++] = descriptor;
    }
}

static void give_back(int count) {
    while (taken_count > 0 && count-- > 0) check_need(close(taken[--taken_count]) == 0, "close");
}

/* Each operation fails with a reason and decides nothing. */
static void expect_failures(mid_client *client) {
    for (int n = 0; n < OPERATIONS; n++) {
        int allowed = 1;
        char *json = NULL;
        mid_status status = operation_call(&operations[n], client, "descriptors", &allowed, &json);
        CHECK(status == MID_CONNECT_FAILED || status == MID_TLS_FAILED || status == MID_RESOLVE_FAILED ||
              status == MID_INTERNAL || status == MID_OUT_OF_MEMORY);
        if (operation_decides(&operations[n])) {
            CHECK(allowed == 0);
            if (getenv("CHECK_SHOW") != NULL) fprintf(stderr, "%s\n", json);
        }
        check_failure(status, json, NULL);
    }
}

/* A client that was first used when no descriptor was free must not lack its own for good: its callers can be woken. */
static void expect_wakeable(mid_client *client, struct server *silent) {
    /* While libcurl's timers for connecting run, it wakes up by itself, which would hide that it cannot be woken. */
    struct timespec connecting = {0, 500000000};
    struct caller callers[4];
    int before = server_requests(silent);
    double from;
    for (int n = 0; n < 4; n++) caller_start(&callers[n], client);
    server_await(silent, before + 4);
    check_need(nanosleep(&connecting, NULL) == 0, "nanosleep");
    for (int n = 0; n < 4; n++) caller_await_blocked(&callers[n]);
    from = check_now_ms();
    mid_client_cancel(client);
    for (int n = 0; n < 4; n++) caller_expect(&callers[n], MID_CANCELLED, from, PROMISED_MS);
}

/* poll() refuses to watch more descriptors than the limit allows, however low their numbers. A reply may come before
 * the call has to wait, so several calls are made. */
static void expect_no_wait(mid_client *client) {
    struct rlimit limit = {1, LIMIT};
    mid_status status = MID_OK;
    char *json = NULL;
    check_need(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    for (int n = 0; n < 1000 && status == MID_OK; n++) {
        int allowed = 1;
        mid_free(json);
        status = mid_validate(client, "descriptors", &allowed, &json);
        CHECK(allowed == 0);
    }
    CHECK_STATUS(MID_INTERNAL, status);
    check_failure(MID_INTERNAL, json, NULL);
    limit.rlim_cur = LIMIT;
    check_need(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
}

int main(void) {
    struct rlimit limit = {LIMIT, LIMIT};
    struct server silent;
    char options[128];
    char *json = NULL;
    mid_client *client, *warm, *late;
    mid_status status;
    check_need(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    server_start(&silent, NULL);
    (void)snprintf(options, sizeof options, "{\"base_url\":\"http://127.0.0.1:%d\",\"timeout_ms\":5000}", silent.port);

    warm = decisions_client();
    decide(warm, "descriptors", 0);
    client = check_client(getenv("CLIENT_OPTIONS_NO_RETRIES"));

    for (int left = 0; left < 5; left++) {
        char about[32];
        (void)snprintf(about, sizeof about, "%d descriptors left", left);
        check_about = about;
        take_all();
        give_back(left);
        if (left == 0) {
            expect_failures(client);
            decide(warm, "descriptors", 0); /* it has a connection already */
        } else {
            /* Whether this many suffice depends on libcurl. Any outcome is fine, except an allow. */
            int allowed = 1;
            status = mid_validate(client, "descriptors", &allowed, &json);
            CHECK(allowed == 0 && json != NULL);
            mid_free(json);
        }

        /* Making a client takes no descriptor. */
        late = check_client(options);
        if (left < 2) { /* the server is in this process and needs a descriptor for a connection */
            status = mid_usage(late, &json);
            CHECK(status == MID_INTERNAL || (left > 0 && status == MID_CONNECT_FAILED));
            check_failure(status, json, left == 0 ? "ulimit -n" : NULL);
        }
        give_back(LIMIT);
        expect_wakeable(late, &silent);
        mid_client_free(late);
    }
    server_stop(&silent); /* the server polls too, and the limit would end it */
    check_about = "the limit is lowered";
    expect_no_wait(warm);
    check_about = "afterwards";
    decide(client, "descriptors", 0);
    decide(warm, "descriptors", 0);
    mid_client_free(client);
    mid_client_free(warm);
    check_about = "";
    return check_done();
}
