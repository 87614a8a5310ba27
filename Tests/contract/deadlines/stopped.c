/*
 * A process is stopped during a call, and continued after the time of the call is over. The answer arrived in time
 * while the process was stopped, but the library cannot know when, so it decides nothing.
 */
#include "authority.h"

enum { TIMEOUT_MS = 3000 };

static const char *const devices[] = {"one", "two"};

static void validate(mid_client *client) {
    int allowed = 1;
    char *json = NULL;
    CHECK_STATUS(MID_TIMEOUT, mid_validate(client, devices[0], &allowed, &json));
    check_failure(MID_TIMEOUT, json, NULL);
    CHECK(allowed == 0);
}

static void validate_many(mid_client *client) {
    int allowed[2] = {1, 1};
    CHECK_STATUS(MID_TIMEOUT, mid_validate_many(client, devices, 2, allowed, NULL));
    CHECK(allowed[0] == 0 && allowed[1] == 0);
}

static void start_guard(mid_client *client) {
    mid_guard *guard = NULL;
    char *json = NULL;
    CHECK_STATUS(MID_TIMEOUT, mid_guard_start(client, devices[0], NULL, &guard, &json));
    check_failure(MID_TIMEOUT, json, NULL);
    CHECK(guard == NULL);
}

static void stop_during(void (*call)(mid_client *), int requests, const char *about) {
    struct authority *authority = authority_start();
    char options[64];
    int status = 0;
    check_about = about;
    (void)snprintf(options, sizeof options, ",\"timeout_ms\":%d", TIMEOUT_MS);
    /* The authority holds its answers until `awaits` changes. */
    atomic_store(&authority->awaits, requests + 1);
    (void)fflush(NULL);
    pid_t process = fork();
    check_need(process >= 0, "fork");
    if (process == 0) {
        mid_client *client = authority_client(authority, options);
        call(client);
        mid_client_free(client);
        child_done();
    }
    AWAIT(atomic_load(&authority->busy) == requests);
    check_need(kill(process, SIGSTOP) == 0 && waitpid(process, &status, WUNTRACED) == process, "SIGSTOP");
    CHECK(WIFSTOPPED(status));
    atomic_store(&authority->awaits, 0);
    AWAIT(atomic_load(&authority->busy) == 0);
    pause_ms(TIMEOUT_MS + 100);
    check_need(kill(process, SIGCONT) == 0, "SIGCONT");
    (void)child_await(process, about);
    authority_stop(authority);
    check_about = "";
}

int main(void) {
    stop_during(validate, 1, "mid_validate");
    stop_during(validate_many, 2, "mid_validate_many");
    stop_during(start_guard, 1, "mid_guard_start");
    return check_done();
}
