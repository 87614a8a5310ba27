/* stats.h - reads the numbers of mid_client_stats(). */
#ifndef STATS_H
#define STATS_H

#include "check.h"

/* The report, parsed. The caller frees it with json_decref(). */
static inline json_t *stats_of(mid_client *client) {
    char *text = NULL;
    json_t *report;
    CHECK_STATUS(MID_OK, mid_client_stats(client, &text));
    report = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    check_need(report != NULL, "the report of mid_client_stats");
    mid_free(text);
    return report;
}

/* The member at a path of keys, such as "connections/made"; NULL when there is none. */
static inline json_t *stats_member(json_t *report, const char *path) {
    char key[64];
    while (report != NULL && *path != '\0') {
        size_t length = strcspn(path, "/");
        (void)snprintf(key, sizeof key, "%.*s", (int)length, path);
        report = json_object_get(report, key);
        path += length + (path[length] == '/');
    }
    return report;
}

/* A number of the client's; -1 when it is not there. */
static inline long long stats_number(mid_client *client, const char *path) {
    json_t *report = stats_of(client);
    json_t *member = stats_member(report, path);
    long long number = json_is_integer(member) ? json_integer_value(member) : -1;
    json_decref(report);
    return number;
}

static inline long long stats_calls(mid_client *client, const char *operation, mid_status status) {
    char path[128];
    (void)snprintf(path, sizeof path, "calls/%s/statuses/%s", operation, mid_status_name(status));
    return stats_number(client, path);
}

static inline void stats_expect(long long expected, long long found, const char *what, const char *file, int line) {
    char text[256];
    (void)snprintf(text, sizeof text, "%s is %lld, expected %lld", what, found, expected);
    check_that(expected == found, text, file, line);
}

#define CHECK_NUMBER(expected, client, path) \
    stats_expect((expected), stats_number((client), (path)), (path), __FILE__, __LINE__)
#define CHECK_CALLS(expected, client, operation, status) \
    stats_expect((expected), stats_calls((client), (operation), (status)), operation " " #status, __FILE__, __LINE__)

#endif
