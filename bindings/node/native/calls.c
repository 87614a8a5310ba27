/* Runs calls of the library, and holds what they use until they have returned. */
#include "native.h"

#include <stdlib.h>

typedef mid_status on_device(mid_client *, const char *, char **);
typedef mid_status on_client(mid_client *, char **);

/* The numbers are those of lib/native.js. */
static on_device *const device_operations[] = {mid_register, mid_revoke, mid_unrevoke, mid_restore, mid_remove};
static on_client *const client_operations[] = {mid_list_devices, mid_usage};

enum { DEVICE_OPERATIONS = sizeof device_operations / sizeof *device_operations, VALIDATE = DEVICE_OPERATIONS };

void release_environment(struct environment *environment) {
    if (!environment || atomic_fetch_sub(&environment->references, 1) != 1) return;
    pthread_mutex_destroy(&environment->mutex);
    free(environment);
}

void release_owner(struct owner *owner) {
    if (!owner || atomic_fetch_sub(&owner->references, 1) != 1) return;
    mid_guard_stop(owner->guard);
    mid_client_free(owner->client);
    free(owner);
}

void free_job(struct job *job) {
    mid_guard_stop(job->guard);
    mid_free(job->json);
    release_owner(job->owner);
    for (size_t n = 0; job->device_ids && n < job->count; n++) free(job->device_ids[n]);
    free(job->device_ids);
    free(job->flags);
    free(job->device_id);
    free(job->options);
    release_environment(job->environment);
    free(job);
}

void post(struct job *job) {
    struct environment *environment = job->environment;
    bool is_posted = false;
    if (environment) {
        pthread_mutex_lock(&environment->mutex);
        if (environment->is_open)
            is_posted = napi_call_threadsafe_function(environment->notify, job, napi_tsfn_nonblocking) == napi_ok;
        pthread_mutex_unlock(&environment->mutex);
    }
    if (!is_posted) free_job(job);
}

void run(struct job *job) {
    mid_client *client = job->owner->client;
    int operation = job->operation;
    if (operation == GUARD_START)
        job->status = mid_guard_start(client, job->device_id, job->options, &job->guard, &job->json);
    else if (operation == VALIDATE_MANY)
        job->status = mid_validate_many(client, (const char *const *)job->device_ids, job->count, job->flags,
                                        &job->json);
    else if (operation == VALIDATE)
        job->status = mid_validate(client, job->device_id, &job->allowed, &job->json);
    else if (operation < VALIDATE)
        job->status = device_operations[operation](client, job->device_id, &job->json);
    else if (operation != FREE_OWNER)
        job->status = client_operations[operation - VALIDATE - 1](client, &job->json);
    /* The client is let go here: freeing it may take time that the event loop does not have. */
    release_owner(job->owner);
    job->owner = NULL;
    post(job);
}
