/*
 * Refuses memory to the functions that make a client, in a process that has made one before. See refusing.h.
 *
 *     clients [STEP]
 */
#include "making.h"
#include "refusing.h"

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

static void clients_refused(void) {
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
    refusing_begin(argument_count > 1 ? arguments[1] : NULL);
    register_device();
    clients_refused();
    return refusing_end();
}
