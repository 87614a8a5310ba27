/*
 * Refuses memory to guards: to the first of a client, to one beside others, and to an inherited one in a child. See
 * refusing.h.
 *
 *     guards [STEP]
 */
#include "lives.h"

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

int main(int argument_count, char **arguments) {
    refusing_begin(argument_count > 1 ? arguments[1] : NULL);
    register_device();
    calls_refused(guard_refused, "mid_guard_start", 1);
    further_guards_refused();
    inherited_refused();
    return refusing_end();
}
