/*
 * Refuses memory: each allocation of a call fails in turn, alone or with all that follow, until a call gets all it
 * needs. The call reports the failure; nothing is allowed, leaked or broken by it, and the client works afterwards.
 *
 *     memory first [STEP]      the first client of a process and its first call, in a process for each allocation
 *     memory made [STEP]       further clients
 *     memory warm [STEP]       each operation on an established connection
 *     memory cold [STEP]       each operation on a client's first connection
 *     memory more [STEP]       many devices and guards
 *
 * One of every STEP allocations is refused; with REFUSE_ONE in the environment, only that one and never those after it.
 * Needs refuse.so preloaded, and base_url in CLIENT_OPTIONS.
 */
#include "children.h"
#include "decisions.h"
#include "operations.h"

#include <dlfcn.h>

enum { ALL_NEEDED = 100, MAKERS = 2, MANY_LIVES = 40 };

static union {
    void *data;
    void (*function)(long, int);
} refuse_begin;
static union {
    void *data;
    long (*function)(void);
} refuse_end, refuse_live;
static union {
    void *data;
    void (*function)(void);
} refuse_spared;

static const char *about;
static long nth;
static int all;
static int most_all = 1;
static atomic_int out_of_memory, otherwise, anyway, first, spoiled;

/* Prints where the test was when a signal killed it. */
static void last_words(int number) {
    char text[160];
    int length = snprintf(text, sizeof text, "signal %d: %s, allocation %ld%s refused\n", number, about, nth,
                          all ? " and those after it" : "");
    if (write(STDERR_FILENO, text, (size_t)length) < 0) _exit(3);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void say_where(const char *what) {
    static char text[160];
    about = what;
    (void)snprintf(text, sizeof text, "%s, allocation %ld%s refused", what, nth, all ? " and those after it" : "");
    check_about = text;
}

static void count(mid_status status) {
    atomic_fetch_add(status == MID_OUT_OF_MEMORY ? &out_of_memory : status == MID_OK ? &anyway : &otherwise, 1);
}

/* Any failure is accepted: libcurl and jansson report some lacks of memory as other errors. */
static void expect_blameless(mid_status status) {
    if (!CHECK(status != MID_OK && status != MID_REFUSED))
        fprintf(stderr, "    the status is %s\n", mid_status_name(status));
}

static void expect_failure(mid_status status, char *json) {
    int failed = atomic_load(&check_failed);
    char text[512];
    (void)snprintf(text, sizeof text, "%s", json != NULL ? json : "no JSON");
    /* If memory is still refused, libcurl's "Out of memory" must not be reported as a bad reply. */
    CHECK(!all || strstr(text, "HTTP that can be trusted: Out of memory") == NULL);
    check_failure(status, json, NULL);
    if (atomic_load(&check_failed) > failed) fprintf(stderr, "    %s with %s\n", mid_status_name(status), text);
}

/* ---- Clients ---- */

static mid_status make(int maker, mid_client **client, char **json) {
    return maker == 0 ? mid_client_new(check_environment("MACHINEID_ORG_KEY"), getenv("CLIENT_OPTIONS"), client, json)
                      : mid_client_from_env(getenv("CLIENT_OPTIONS"), client, json);
}

/* Returns 0 if the call made fewer allocations than nth. */
static int make_refused(int maker, int wants_json) {
    mid_client *client = (mid_client *)(void *)&about;
    char *json = (char *)(void *)&about;
    mid_status status;
    long asked;
    say_where(maker == 0 ? "mid_client_new" : "mid_client_from_env");
    refuse_begin.function(nth, all);
    status = make(maker, &client, wants_json ? &json : NULL);
    asked = refuse_end.function();
    if (asked >= nth) count(status);
    if (status == MID_OK) {
        /* The call managed without that allocation, so the client must work like any other. */
        CHECK(client != NULL);
        if (wants_json) CHECK(json == NULL);
    } else {
        expect_blameless(status);
        CHECK(client == NULL);
        if (wants_json) expect_failure(status, json);
    }
    if (client != NULL) decide(client, "memory:no", 0);
    mid_client_free(client);
    return asked >= nth;
}

/* Makes the first client and its first call, which initialises the libraries below. Returns 0 if they made fewer
 * allocations than nth. */
static int first_refused(int maker) {
    mid_client *client = NULL;
    char *json = NULL;
    int allowed = 1, expected = nth % 2 == 0;
    long asked;
    mid_status status;
    refuse_begin.function(nth, all);
    status = make(maker, &client, &json);
    if (status == MID_OK) status = mid_validate(client, expected ? "memory:yes" : "memory:no", &allowed, &json);
    asked = refuse_end.function();
    if (status == MID_OK) {
        CHECK(allowed == expected);
        json_decref(check_reply(json));
    } else {
        expect_blameless(status);
        CHECK(client == NULL || allowed == 0);
        expect_failure(status, json);
    }
    mid_client_free(client);
    return asked >= nth;
}

/* Does the same in a new process. Returns 0 if there were fewer allocations than nth. */
static int make_first(int maker) {
    int status = 0;
    pid_t child;
    say_where(maker == 0 ? "the first mid_client_new" : "the first mid_client_from_env");
    child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) {
        int refused;
        mid_client *client;
        atomic_store(&check_failed, 0);
        refused = first_refused(maker);
        client = decisions_client();
        decide(client, "memory:yes", 1);
        decide(client, "memory:no", 0);
        mid_client_free(client);
        if (atomic_load(&check_failed) == 0 && !refused) _exit(ALL_NEEDED);
        child_done();
    }
    CHECK(child_wait(child, &status));
    if (!CHECK(WIFEXITED(status)) || WEXITSTATUS(status) == ALL_NEEDED) return 0;
    atomic_fetch_add(&first, 1);
    return CHECK(WEXITSTATUS(status) == 0);
}

static void first_clients(int step) {
    for (int maker = 0; maker < MAKERS; maker++) {
        for (all = 0; all <= most_all; all++) {
            nth = 1;
            while (make_first(maker)) nth += step;
        }
    }
}

/* ---- Operations ---- */

/* The operation that call_refused() calls. */
static const struct operation *operation;

/* "memory:yes" is allowed and "memory:no" is not. Operations that change a device use another one, because the
 * authority may handle a request after its caller has given up, and after later requests. */
static int call_refused(mid_client *client, int wants_json) {
    int expected = nth % 2 == 0;
    const char *device_id = !operation_decides(operation) ? "memory:other" : expected ? "memory:yes" : "memory:no";
    char *json = (char *)(void *)&about;
    int allowed = 1;
    long asked;
    mid_status status;
    say_where(operation->name);
    refuse_begin.function(nth, all);
    status = operation_call(operation, client, device_id, &allowed, wants_json ? &json : NULL);
    asked = refuse_end.function();
    if (asked >= nth) count(status);
    if (status == MID_OK || status == MID_REFUSED) {
        /* The call managed without that allocation, or repeated what failed on a kept connection: then the answer is
         * complete and correct. */
        if (operation_decides(operation)) CHECK(status == MID_OK && allowed == expected);
        if (wants_json) json_decref(check_reply(json));
    } else {
        expect_blameless(status);
        if (operation_decides(operation)) CHECK(allowed == 0);
        if (wants_json) expect_failure(status, json);
    }
    return asked >= nth;
}

/*
 * OpenSSL remembers that the key of a certificate could not be read, even if only memory was lacking, and libcurl keeps
 * the certificates for later connections of the client. Then only a new client can connect.
 */
static int is_spoiled(mid_client *client) {
    mid_status status;
    if (strstr(getenv("CLIENT_OPTIONS"), "https:") == NULL) return 0;
    status = mid_usage(client, NULL);
    if (!CHECK(status == MID_OK || status == MID_TLS_FAILED)) fprintf(stderr, "    mid_usage is %s\n", mid_status_name(status));
    return status == MID_TLS_FAILED;
}

/* Checks one element of the JSON of mid_validate_many(): a decision about this device, or the reason why there is
 * none. */
static void expect_verdict(json_t *verdict, const char *device_id, int allowed) {
    const char *id = json_string_value(json_object_get(verdict, "deviceId"));
    const char *code = json_string_value(json_object_get(verdict, "code"));
    CHECK(id != NULL ? strcmp(id, device_id) == 0 : code != NULL && strncmp(code, "CLIENT_", 7) == 0);
    CHECK(json_is_true(json_object_get(verdict, "allowed")) == allowed);
}

/* The status must be that of the first device without a decision, as its JSON gives it. */
static void expect_status_of_first(json_t *verdicts, mid_status status) {
    const char *code = NULL;
    char expected[64];
    for (size_t n = 0; code == NULL && n < json_array_size(verdicts); n++) {
        json_t *verdict = json_array_get(verdicts, n);
        if (json_object_get(verdict, "deviceId") == NULL) code = json_string_value(json_object_get(verdict, "code"));
    }
    (void)snprintf(expected, sizeof expected, "CLIENT_%s", mid_status_name(status) + strlen("MID_"));
    if (!CHECK(status == MID_OK ? code == NULL : code != NULL && strcmp(code, expected) == 0))
        fprintf(stderr, "    %s with %s\n", mid_status_name(status), code != NULL ? code : "no code");
}

static int many_refused(mid_client *client, int wants_json) {
    static const char *const device_ids[] = {"memory:yes", "memory:no", "memory:yes"};
    int allowed[] = {1, 1, 1};
    char *json = NULL;
    json_t *verdicts = NULL;
    long asked;
    mid_status status;
    say_where("mid_validate_many");
    refuse_begin.function(nth, all);
    status = mid_validate_many(client, device_ids, 3, allowed, wants_json ? &json : NULL);
    asked = refuse_end.function();
    if (asked >= nth) count(status);
    if (status != MID_OK) expect_blameless(status);
    for (int n = 0; n < 3; n++) {
        int expected = n != 1;
        /* A device that lacked memory is not allowed, and leaves the others alone. */
        CHECK(allowed[n] == expected || (allowed[n] == 0 && status != MID_OK));
    }
    if (wants_json && CHECK(json != NULL)) {
        if (*json == '[') {
            verdicts = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
            if (CHECK(json_array_size(verdicts) == 3)) {
                for (size_t n = 0; n < 3; n++) expect_verdict(json_array_get(verdicts, n), device_ids[n], allowed[n]);
                expect_status_of_first(verdicts, status);
            }
            json_decref(verdicts);
            mid_free(json);
        } else {
            CHECK(status == MID_OUT_OF_MEMORY);
            expect_failure(status, json);
        }
    }
    return asked >= nth;
}

/* These devices cannot be asked about, so only their messages are made. */
static int unasked_refused(mid_client *client, int wants_json) {
    static const char *const device_ids[] = {NULL, ""};
    int allowed[] = {1, 1};
    char *json = NULL;
    json_t *verdicts;
    long asked;
    mid_status status;
    (void)wants_json;
    say_where("mid_validate_many of no device");
    refuse_begin.function(nth, all);
    status = mid_validate_many(client, device_ids, 2, allowed, &json);
    asked = refuse_end.function();
    if (asked >= nth) count(status);
    CHECK(status == MID_OUT_OF_MEMORY || status == MID_INVALID_ARGUMENT);
    CHECK(allowed[0] == 0 && allowed[1] == 0);
    if (!CHECK(json != NULL)) return asked >= nth;
    if (*json != '[') {
        expect_failure(status, json);
        return asked >= nth;
    }
    verdicts = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    CHECK(json_array_size(verdicts) == 2);
    for (size_t n = 0; n < json_array_size(verdicts); n++) {
        const char *message = json_string_value(json_object_get(json_array_get(verdicts, n), "message"));
        CHECK(message != NULL && *message != '\0');
    }
    expect_status_of_first(verdicts, status);
    json_decref(verdicts);
    mid_free(json);
    return asked >= nth;
}

static int guard_refused(mid_client *client, int wants_json) {
    int expected = nth % 2 == 0;
    mid_guard *guard = (mid_guard *)(void *)&about;
    char *json = (char *)(void *)&about;
    long asked;
    mid_status status;
    say_where("mid_guard_start");
    refuse_begin.function(nth, all);
    status = mid_guard_start(client, expected ? "memory:yes" : "memory:no", NULL, &guard, wants_json ? &json : NULL);
    asked = refuse_end.function();
    if (asked >= nth) count(status);
    if (status == MID_OK) {
        if (CHECK(guard != NULL)) CHECK(mid_guard_allowed(guard) == expected);
        if (wants_json) json_decref(check_reply(json));
    } else {
        expect_blameless(status);
        CHECK(guard == NULL);
        if (wants_json) expect_failure(status, json);
    }
    mid_guard_stop(guard);
    say_where("the guard after it");
    if (CHECK_STATUS(MID_OK, mid_guard_start(client, "memory:yes", NULL, &guard, NULL))) {
        CHECK(mid_guard_allowed(guard) == 1);
        mid_guard_stop(guard);
    }
    return asked >= nth;
}

/* Starts one more guard. Each of its allocations is refused in turn, until it gets all that it needs. */
static mid_guard *further_guard(mid_client *client) {
    mid_guard *guard = NULL;
    long asked = 1;
    for (nth = 1; asked >= nth; nth++) {
        mid_status status;
        mid_guard_stop(guard);
        guard = NULL;
        say_where("mid_guard_start beside others");
        refuse_begin.function(nth, all);
        status = mid_guard_start(client, "memory:yes", "{\"interval_ms\":3600000}", &guard, NULL);
        asked = refuse_end.function();
        if (asked >= nth) count(status);
        if (status != MID_OK) expect_blameless(status);
        CHECK((guard != NULL) == (status == MID_OK));
    }
    return guard;
}

/* Starts guards beside a growing number of others: the others stay on whatever happens to the new one, and nothing
 * leaks. */
static void further_guards_refused(void) {
    enum { COUNT = 40 };
    for (all = 0; all <= most_all; all++) {
        long before = 0;
        for (int again = 0; again < 8 && refuse_live.function() != before; again++) {
            before = refuse_live.function();
            mid_client *client = decisions_client();
            mid_guard *guards[COUNT];
            for (int n = 0; n < COUNT; n++) {
                guards[n] = further_guard(client);
                for (int other = 0; other <= n; other++) CHECK(mid_guard_allowed(guards[other]) == 1);
            }
            for (int n = 0; n < COUNT; n++) mid_guard_stop(guards[n * 7 % COUNT]);
            mid_client_free(client);
        }
        CHECK(refuse_live.function() == before);
    }
}

/* In a child, asks for the descriptor of an inherited guard that was not asked for before the fork. Without memory
 * there is none, and nothing leaks. */
static void inherited_refused(void) {
    mid_client *client = decisions_client();
    mid_guard *guard = NULL;
    CHECK_STATUS(MID_OK, mid_guard_start(client, "memory:yes", NULL, &guard, NULL));
    for (all = 0; all <= most_all; all++) {
        pid_t child = fork();
        check_need(child >= 0, "fork");
        if (child == 0) {
            long asked = 1;
            atomic_store(&check_failed, 0);
            for (nth = 1; asked >= nth; nth++) {
                long before = refuse_live.function();
                say_where("mid_guard_fd in a child");
                refuse_begin.function(nth, all);
                int descriptor = mid_guard_fd(guard);
                asked = refuse_end.function();
                if (asked < nth) {
                    CHECK(nth > 1 && descriptor >= 0);
                } else {
                    CHECK(descriptor == -1);
                    CHECK(refuse_live.function() == before);
                }
            }
            child_done();
        }
        child_await(child, "the child");
    }
    mid_guard_stop(guard);
    mid_client_free(client);
}

/* Makes a call whose nth allocation is refused; returns 0 if it made fewer allocations. */
typedef int refused_call(mid_client *, int wants_json);

/* Makes a client, refuses memory to one call, and checks that the client works afterwards. */
static int live(refused_call *call, int is_warm, int wants_json) {
    mid_client *client = decisions_client();
    int refused;
    if (is_warm) decide(client, "memory:yes", 1);
    refused = call(client, wants_json);
    say_where("the call after it");
    if (is_spoiled(client)) {
        atomic_fetch_add(&spoiled, 1);
        mid_client_free(client);
        client = decisions_client();
    }
    decide(client, "memory:yes", 1);
    decide(client, "memory:no", 0);
    mid_client_free(client);
    return refused;
}

/* Memory that is kept for good is allocated once; a leak repeats every time. OpenSSL keeps the texts of a thread's last
 * errors, whose number varies; then the blocks are counted over many lives. */
static int live_again(refused_call *call, const char *name, int is_warm) {
    long before = 0;
    int refused = 1, lives = 0;
    while (lives++ < 8 && refuse_live.function() != before) {
        before = refuse_live.function();
        refused = live(call, is_warm, nth % 3 != 0);
    }
    if (refuse_live.function() == before) return refused;
    before = refuse_live.function();
    for (lives = 0; lives < MANY_LIVES; lives++) refused = live(call, is_warm, nth % 3 != 0);
    say_where(name);
    if (!CHECK(refuse_live.function() - before < MANY_LIVES / 2))
        fprintf(stderr, "    %ld blocks leaked in %d lives\n", refuse_live.function() - before, MANY_LIVES);
    return refused;
}

static void calls_refused(refused_call *call, const char *name, int is_warm, int step) {
    for (all = 0; all <= most_all; all++) {
        nth = 1;
        while (live_again(call, name, is_warm) && atomic_load(&check_failed) < 20) nth += step;
    }
}

static void operations_refused(int is_warm, int step) {
    for (int n = 0; n < OPERATIONS; n++) {
        operation = &operations[n];
        calls_refused(call_refused, operation->name, is_warm, step);
    }
}

static void clients_refused(int step) {
    for (int maker = 0; maker < MAKERS; maker++) {
        for (all = 0; all <= most_all; all++) {
            int refused = 1;
            for (nth = 1; refused && atomic_load(&check_failed) < 20; nth += step) {
                long before = 0;
                for (int again = 0; again < 8 && refuse_live.function() != before; again++) {
                    before = refuse_live.function();
                    refused = make_refused(maker, nth % 2);
                }
                if (!CHECK(refuse_live.function() == before))
                    fprintf(stderr, "    %ld blocks leaked\n", refuse_live.function() - before);
            }
        }
    }
}

int main(int argument_count, char **arguments) {
    const char *what = argument_count > 1 ? arguments[1] : "";
    int step = argument_count > 2 ? atoi(arguments[2]) : 1;
    refuse_begin.data = dlsym(RTLD_DEFAULT, "refuse_begin");
    refuse_end.data = dlsym(RTLD_DEFAULT, "refuse_end");
    refuse_live.data = dlsym(RTLD_DEFAULT, "refuse_live");
    refuse_spared.data = dlsym(RTLD_DEFAULT, "refuse_spared");
    check_need(refuse_begin.data && refuse_end.data && refuse_live.data && refuse_spared.data, "refuse.so preloaded");
    (void)signal(SIGSEGV, last_words);
    (void)signal(SIGABRT, last_words);
    (void)signal(SIGILL, last_words);
    (void)signal(SIGBUS, last_words);
    if (getenv("REFUSE_ONE") != NULL) most_all = 0;
    if (strcmp(what, "first") == 0) {
        first_clients(step);
    } else {
        mid_client *client = decisions_client();
        ask_about(mid_register, client, "memory:yes");
        decide(client, "memory:yes", 1);
        mid_client_free(client);
        if (strcmp(what, "made") == 0) clients_refused(step);
        if (strcmp(what, "warm") == 0) operations_refused(1, step);
        if (strcmp(what, "cold") == 0) operations_refused(0, step);
        if (strcmp(what, "more") == 0) {
            calls_refused(many_refused, "mid_validate_many", 1, step);
            calls_refused(unasked_refused, "mid_validate_many of no device", 1, step);
            calls_refused(guard_refused, "mid_guard_start", 1, step);
            further_guards_refused();
            inherited_refused();
        }
    }
    check_about = "";
    refuse_spared.function();
    if (first > 0)
        printf("%d allocations refused, each in a process of its own; %d checks failed\n", first, atomic_load(&check_failed));
    else
        printf("%d refused: %d times MID_OUT_OF_MEMORY, %d another status, %d done without; %d clients replaced;"
               " %d checks failed\n",
               out_of_memory + otherwise + anyway, out_of_memory, otherwise, anyway, spoiled, atomic_load(&check_failed));
    return atomic_load(&check_failed) == 0 && atomic_load(&check_passed) > 0 ? 0 : 1;
}
