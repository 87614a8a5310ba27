/* from_env.h - what tests of mid_client_from_env() share. */
#ifndef FROM_ENV_H
#define FROM_ENV_H

#include "server.h"

static inline void set(const char *name, const char *value) {
    check_need((value != NULL ? setenv(name, value, 1) : unsetenv(name)) == 0, name);
}

/* Checks that there is no client, that the message has this part, and that it shows no secret. */
static inline void expect_no_client(const char *options, mid_status status, const char *part) {
    mid_client *client = (mid_client *)&client; /* anything but NULL */
    char *json = NULL;
    CHECK_STATUS(status, mid_client_from_env(options, &client, &json));
    CHECK(client == NULL);
    if (json != NULL) CHECK(strstr(json, "s3cret") == NULL);
    check_failure(status, json, part);
    mid_client_free(client);
    CHECK_STATUS(status, mid_client_from_env(options, &client, NULL));
    mid_client_free(client);
}

#endif
