/*
 * Refuses memory to the first client of a process and its first call, in a process of its own for each allocation. See
 * refusing.h.
 *
 *     first [STEP]
 */
#include "making.h"
#include "refusing.h"

enum { ALL_NEEDED = 100 };

static atomic_int refused_processes;

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
    atomic_fetch_add(&refused_processes, 1);
    return CHECK(WEXITSTATUS(status) == 0);
}

static void first_clients(void) {
    for (int maker = 0; maker < MAKERS; maker++) {
        for (all = 0; all <= most_all; all++) {
            nth = 1;
            while (make_first(maker)) nth += step;
        }
    }
}

int main(int argument_count, char **arguments) {
    refusing_begin(argument_count > 1 ? arguments[1] : NULL);
    first_clients();
    check_about = "";
    refuse_spared.function();
    printf("%d allocations refused, each in a process of its own; %d checks failed\n", refused_processes,
           atomic_load(&check_failed));
    return atomic_load(&check_failed) == 0 && atomic_load(&check_passed) > 0 ? 0 : 1;
}
