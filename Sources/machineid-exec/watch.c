/* watch.c - makes the guard, and reports its answers through the bell. */
#include "watch.h"

#include "messages.h"
#include "statuses.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Makes the client and the guard. Returns 0 when the device may run, and otherwise the exit status. */
static int start_guard(const struct settings *settings, mid_client **client, mid_guard **guard) {
    char options[128];
    char *json = NULL;
    int interval = (int)(settings->interval * 1000);
    int allowed = 0, result = 0;
    int max_age = settings->max_age > 0 ? (int)(settings->max_age * 1000) : 3 * interval;
    mid_status status = mid_client_from_env(NULL, client, &json);
    (void)snprintf(options, sizeof options, "{\"interval_ms\":%d,\"max_age_ms\":%d}", interval, max_age);
    if (status == MID_OK && settings->registers) {
        status = mid_register(*client, settings->device, &json);
        if (status == MID_OK) {
            mid_free(json);
            json = NULL;
        }
    }
    if (status == MID_OK) status = mid_guard_start(*client, settings->device, options, guard, &json);
    if (status != MID_OK) {
        say("%s: %s %s", settings->device, mid_status_name(status), json != NULL ? json : "");
        result = status == MID_INVALID_ARGUMENT || status == MID_INVALID_OPTIONS || status == MID_NO_ORG_KEY ? FAILED
                                                                                                           : UNDECIDED;
    } else {
        mid_free(json);
        json = NULL;
        status = mid_guard_decision(*guard, &allowed, &json);
        if (!allowed) { /* Not necessarily a denial: an allow that took longer than max-age has already expired. */
            say("%s: not started: %s %s", settings->device, mid_status_name(status), json != NULL ? json : "");
            result = json != NULL && strstr(json, "\"state\":\"denied\"") != NULL ? DENIED : UNDECIDED;
        }
    }
    mid_free(json);
    return result;
}

void *watch_guard(void *argument) {
    struct watch *watch = argument;
    watch->result = start_guard(watch->settings, &watch->client, &watch->guard);
    (void)!write(watch->bell, "", 1);
    if (watch->result != 0) return NULL;
    (void)mid_guard_wait(watch->guard, -1);
    (void)!write(watch->bell, "", 1);
    return NULL;
}

void say_why(const struct watch *watch, double moment) {
    char *json = NULL;
    int allowed;
    mid_status status = mid_guard_decision(watch->guard, &allowed, &json);
    say_until(moment, "%s: stopping: %s %s", watch->settings->device, mid_status_name(status),
              json != NULL ? json : "");
    mid_free(json);
}
