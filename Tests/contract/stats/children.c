/*
 * mid_client_stats() in forked children: a child begins at 0, however many of its threads come first, and changes
 * nothing in its parent. Its parent's guards are not counted in it.
 */
#include "authority.h"
#include "stats.h"

enum { THREADS = 8, CALLS = 5 };

static mid_client *client;

static void *validate(void *unused) {
    int allowed;
    (void)unused;
    for (int n = 0; n < CALLS; n++) CHECK_STATUS(MID_OK, mid_validate(client, "guarded", &allowed, NULL));
    return NULL;
}

static void validate_by_all(void) {
    pthread_t threads[THREADS];
    for (int n = 0; n < THREADS; n++)
        check_need(pthread_create(&threads[n], NULL, validate, NULL) == 0, "pthread_create");
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
}

static void expect_nothing(void) {
    CHECK_NUMBER(0, client, "calls/validate/duration_ms/count");
    CHECK_NUMBER(0, client, "calls/guard_start/duration_ms/count");
    CHECK_NUMBER(0, client, "decisions/allowed/ALLOW");
    CHECK_NUMBER(0, client, "connections/made");
    CHECK_NUMBER(0, client, "guards/on");
    CHECK_NUMBER(0, client, "guards/ended");
    CHECK_NUMBER(-1, client, "last_answer/age_ms");
}

/* A child that looks first, and one whose threads call at once. */
static void child(int looks) {
    pid_t process;
    int status;
    (void)fflush(NULL);
    process = fork();
    check_need(process >= 0, "fork");
    if (process == 0) {
        if (looks) expect_nothing();
        validate_by_all();
        CHECK_CALLS(THREADS * CALLS, client, "validate", MID_OK);
        CHECK_NUMBER(THREADS * CALLS, client, "decisions/allowed/ALLOW");
        CHECK(stats_number(client, "age_ms") < 60000);
        if (looks) {
            mid_guard *guard = guard_start(client, "{\"interval_ms\":3600000}");
            CHECK_NUMBER(1, client, "guards/on");
            CHECK_CALLS(1, client, "guard_start", MID_OK);
            mid_guard_stop(guard);
        }
        mid_client_free(client);
        exit(check_done());
    }
    check_need(waitpid(process, &status, 0) == process, "waitpid");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
    struct authority *authority = authority_start();
    mid_guard *guard;
    client = authority_client(authority, ",\"timeout_ms\":60000");
    guard = guard_start(client, "{\"interval_ms\":3600000}");
    validate_by_all();
    child(1);
    for (int n = 0; n < 5; n++) child(0);
    CHECK_CALLS(THREADS * CALLS, client, "validate", MID_OK);
    CHECK_NUMBER(1 + THREADS * CALLS, client, "decisions/allowed/ALLOW");
    CHECK_NUMBER(1, client, "guards/on");
    mid_guard_stop(guard);
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
