/*
 * What the parts of the addon share: pool.c runs calls on threads of its own, watch.c watches the ends of guards, and
 * addon.c is what JavaScript sees. A pool thread and the watching thread touch nothing of JavaScript's: they post a job
 * to the event loop of the environment (the main thread's or a worker's) that it belongs to.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <machineid.h>
#include <node_api.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One environment of Node. Freed by whoever drops the last reference. */
struct environment {
    atomic_int references;
    pthread_mutex_t mutex; /* guards the next two */
    napi_threadsafe_function notify;
    bool is_open;
    int pending;    /* what keeps the event loop alive; used by its own thread only */
    napi_ref ended; /* JavaScript's function for the end of a guard */
};

/* A client or a guard, and how many use it: its JavaScript object, and each call. The last one frees it. */
struct owner {
    atomic_int references;
    mid_client *client;
    mid_guard *guard;
};

/* A call, or word that a guard has ended. */
struct job {
    struct job *next;
    struct environment *environment;
    napi_deferred deferred;
    int operation;
    struct owner *owner;
    char *device_id, *options;
    char **device_ids;
    size_t count;
    int *flags;
    uint64_t ended; /* the number of a guard that has ended; 0 for a call */
    mid_status status;
    int allowed;
    char *json;
    mid_guard *guard;
};

enum { GUARD_START = 100, VALIDATE_MANY, FREE_OWNER };

/* Posts a job to the event loop. Frees it where the environment has gone. */
void post(struct job *job);
/* Runs a call on the calling thread, and posts it. */
void run(struct job *job);
void free_job(struct job *job);
void release_owner(struct owner *owner);
void release_environment(struct environment *environment);

/* Runs a job on a thread of the pool. false: there is no thread, and none can be started. */
bool submit(struct job *job);

/* Posts word when the guard of this number is denied or ended. false: no descriptor or no thread is left. */
bool watch(uint64_t number, int descriptor, struct environment *environment);
/* To be called before mid_guard_stop(). */
void unwatch(uint64_t number);

#endif
