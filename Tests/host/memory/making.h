/* making.h - the two functions that make a client. */
#ifndef MAKING_H
#define MAKING_H

#include "check.h"

enum { MAKERS = 2 };

static inline mid_status make(int maker, mid_client **client, char **json) {
    return maker == 0 ? mid_client_new(check_environment("MACHINEID_ORG_KEY"), getenv("CLIENT_OPTIONS"), client, json)
                      : mid_client_from_env(getenv("CLIENT_OPTIONS"), client, json);
}

#endif
