/*
 * dlclose() at any time: while other threads are in calls, while a name is being looked up, before the client is freed.
 * This program is not linked to the library.
 *
 *     unloading LIBRARY ROUNDS      names.so preloaded
 */
#include <machineid.h>

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4 };

/* POSIX allows a data pointer from dlsym() to be a function; in ISO C that takes a union. */
union symbol {
    void *data;
    mid_status (*from_env)(const char *, mid_client **, char **);
    mid_status (*validate)(mid_client *, const char *, int *, char **);
    void (*client)(mid_client *);
    void (*json)(char *);
    int (*stalled)(void);
};

static union symbol from_env, validate, cancel, free_client, free_json;
static mid_client *client;
static atomic_int calls;
static atomic_int is_over;

static void need(int holds, const char *what) {
    if (holds) return;
    const char *error = dlerror();
    fprintf(stderr, "%s: %s\n", what, error != NULL ? error : "");
    exit(1);
}

static void *load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    need(library != NULL, "dlopen");
    from_env.data = dlsym(library, "mid_client_from_env");
    validate.data = dlsym(library, "mid_validate");
    cancel.data = dlsym(library, "mid_client_cancel");
    free_client.data = dlsym(library, "mid_client_free");
    free_json.data = dlsym(library, "mid_free");
    need(from_env.data && validate.data && cancel.data && free_client.data && free_json.data, "dlsym");
    return library;
}

static void *keep_calling(void *unused) {
    (void)unused;
    do {
        int allowed = 1;
        char *json = NULL;
        mid_status status = validate.validate(client, "nobody", &allowed, &json);
        need(allowed == 0 && json != NULL, "a denial");
        need(status == MID_OK || status == MID_CANCELLED, "an answer");
        free_json.json(json);
        atomic_fetch_add(&calls, 1);
    } while (!atomic_load(&is_over));
    return NULL;
}

int main(int count, char **arguments) {
    union symbol stalled = {dlsym(RTLD_DEFAULT, "resolver_stalled")};
    const char *ca_options = getenv("CLIENT_OPTIONS");
    int rounds = count > 2 ? atoi(arguments[2]) : 0;
    need(rounds > 0 && stalled.data != NULL, "other arguments, and names.so preloaded");
    for (int n = 0; n < rounds; n++) {
        int resolves = n % 4 == 3;
        pthread_t threads[THREADS];
        void *library = load(arguments[1]);
        int before = atomic_load(&calls);
        mid_status status =
            from_env.from_env(resolves ? "{\"base_url\":\"https://stalled.example\"}" : ca_options, &client, NULL);
        need(status == MID_OK, "a client");
        atomic_store(&is_over, resolves);
        for (int t = 0; t < THREADS; t++)
            need(pthread_create(&threads[t], NULL, keep_calling, NULL) == 0, "pthread_create");
        while (resolves ? stalled.stalled() == 0 : atomic_load(&calls) < before + 5) (void)sched_yield();
        if (n % 2 == 0) need(dlclose(library) == 0, "dlclose");
        atomic_store(&is_over, 1);
        if (n % 4 != 0) cancel.client(client);
        if (n % 2 == 1) need(dlclose(library) == 0, "dlclose");
        for (int t = 0; t < THREADS; t++) need(pthread_join(threads[t], NULL) == 0, "pthread_join");
        /* The library's code must still be there: other code of the process may hold a client. */
        free_client.client(client);
    }
    printf("unloaded %d times during %d calls\n", rounds, atomic_load(&calls));
    return 0;
}
