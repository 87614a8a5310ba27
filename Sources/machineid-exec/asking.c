/* asking.c - makes the guard, and reports its answers through the bell. */
#include "asking.h"

#include "json.h"
#include "key.h"
#include "messages.h"
#include "program.h"
#include "statuses.h"

#include <stdio.h>
#include <unistd.h>

/* Prints why the program is not started, and returns the exit status. */
static int refuse(mid_status status, const char *step, const struct reason *why) {
    char text[400];
    int is_wrong_use = status == MID_INVALID_ARGUMENT || status == MID_INVALID_OPTIONS || status == MID_NO_ORG_KEY;
    if (!is_wrong_use) {
        say(EVENT_NOT_STARTED, why, UNDECIDED, "%s: %s", step, reason_text(why, text, sizeof text));
        return UNDECIDED;
    }
    say(EVENT_WRONG_USE, why, WRONG_USE, "%s: %s; correct it", step, why->message);
    return WRONG_USE;
}

/* Makes the client and the guard. Returns 0 when the device may run, and otherwise the exit status. */
static int start_guard(struct asking *asking) {
    const struct settings *settings = asking->settings;
    const char *step;
    char options[128], text[400];
    char *json = NULL;
    int allowed = 0;
    mid_status status = make_client(settings, &asking->client, &json, &step);
    (void)snprintf(options, sizeof options, "{\"interval_ms\":%d,\"max_age_ms\":%d}", (int)(settings->interval * 1000),
                   (int)(settings->max_age * 1000));
    if (status == MID_OK && settings->registers) {
        mid_free(json);
        status = mid_register(asking->client, settings->device, &json);
        step = status == MID_INVALID_ARGUMENT ? "--device" : "not registered";
    }
    if (status == MID_OK) {
        mid_free(json);
        status = mid_guard_start(asking->client, settings->device, options, &asking->guard, &json);
        step = status == MID_INVALID_ARGUMENT ? "--device" : "not started";
    }
    if (status != MID_OK) {
        asking->why = reason_of_call(status, json);
        mid_free(json);
        return refuse(status, step, &asking->why);
    }
    mid_free(json);
    json = NULL;
    (void)mid_guard_decision(asking->guard, &allowed, &json);
    asking->why = reason_of_guard(json);
    mid_free(json);
    if (allowed) return 0;
    /* Not necessarily a denial: an allow that took longer than the greatest age is already too old. */
    say(EVENT_NOT_STARTED, &asking->why, asking->why.is_denial ? DENIED : UNDECIDED, "%s%s",
        asking->why.is_denial ? "" : "not started: ", reason_text(&asking->why, text, sizeof text));
    return asking->why.is_denial ? DENIED : UNDECIDED;
}

void *ask(void *argument) {
    struct asking *asking = argument;
    asking->result = start_guard(asking);
    (void)!write(asking->bell, "", 1);
    if (asking->result != 0) return NULL;
    (void)mid_guard_wait(asking->guard, -1);
    (void)!write(asking->bell, "", 1);
    return NULL;
}

struct reason reason_now(const struct asking *asking) {
    struct reason reason;
    char *json = NULL;
    int allowed;
    (void)mid_guard_decision(asking->guard, &allowed, &json);
    reason = reason_of_guard(json);
    mid_free(json);
    return reason;
}

int64_t allowed_until(const struct asking *asking) {
    int64_t since = boot_time();
    char *json = NULL;
    int allowed = 0;
    double age;
    (void)mid_guard_decision(asking->guard, &allowed, &json);
    age = json_number(json_member(json, "age_ms"), -1);
    mid_free(json);
    /* The age is a whole number of milliseconds, rounded down. */
    return allowed && age >= 0 ? since - (int64_t)((age + 1) * 1e6) + (int64_t)(asking->settings->max_age * 1e9) : 0;
}
