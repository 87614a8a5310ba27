/* operations.h - the eight operations under one signature, for tests that treat them all alike. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <machineid.h>
#include <stddef.h>

struct operation {
    const char *name;
    mid_status (*with_device)(mid_client *, const char *, char **);
    mid_status (*without)(mid_client *, char **);
};

/* mid_validate() has neither function, because it takes one more parameter. */
static const struct operation operations[] = {
    {"mid_register", mid_register, NULL},    {"mid_validate", NULL, NULL},      {"mid_list_devices", NULL, mid_list_devices},
    {"mid_revoke", mid_revoke, NULL},        {"mid_unrevoke", mid_unrevoke, NULL}, {"mid_restore", mid_restore, NULL},
    {"mid_remove", mid_remove, NULL},        {"mid_usage", NULL, mid_usage},
};

enum { OPERATIONS = sizeof operations / sizeof *operations };

static inline int operation_names_device(const struct operation *operation) { return operation->without == NULL; }

static inline int operation_decides(const struct operation *operation) {
    return operation->with_device == NULL && operation->without == NULL;
}

/* Operations without a decision leave *allowed alone. */
static inline mid_status operation_call(const struct operation *operation, mid_client *client, const char *device_id,
                                        int *allowed, char **json) {
    if (operation->with_device != NULL) return operation->with_device(client, device_id, json);
    if (operation->without != NULL) return operation->without(client, json);
    return mid_validate(client, device_id, allowed, json);
}

#endif
