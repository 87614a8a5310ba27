/* What JavaScript sees of the library. lib/ has the module that programs use. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

/* What an external holds. JavaScript may let go before the collector does; then `owner` is NULL. */
struct slot {
    struct owner *owner;
    struct environment *environment;
    uint64_t number; /* of a guard */
};

static _Atomic uint64_t last_number;

static napi_value fail(napi_env env, const char *why) {
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    if (!pending) napi_throw_error(env, NULL, why);
    return NULL;
}

static struct environment *environment_of(napi_env env) {
    void *environment = NULL;
    napi_get_instance_data(env, &environment);
    return environment;
}

/* Copies a string, for free(); NULL for what is none. */
static char *copied(napi_env env, napi_value value) {
    size_t length;
    if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return NULL;
    char *text = malloc(length + 1);
    if (text && napi_get_value_string_utf8(env, value, text, length + 1, &length) == napi_ok) return text;
    free(text);
    return NULL;
}

static void set(napi_env env, napi_value object, const char *name, napi_value value) {
    napi_set_named_property(env, object, name, value);
}

static napi_value text_or_null(napi_env env, const char *text) {
    napi_value value = NULL;
    if (!text || napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value) != napi_ok) napi_get_null(env, &value);
    return value;
}

/* {status, allowed, json}. Frees json. */
static napi_value answer_of(napi_env env, mid_status status, int allowed, char *json) {
    napi_value answer = NULL, number, flag;
    if (napi_create_object(env, &answer) == napi_ok && napi_create_int32(env, status, &number) == napi_ok &&
        napi_get_boolean(env, allowed == 1, &flag) == napi_ok) {
        set(env, answer, "status", number);
        set(env, answer, "name", text_or_null(env, mid_status_name(status)));
        set(env, answer, "allowed", flag);
        set(env, answer, "json", text_or_null(env, json));
    }
    mid_free(json);
    return answer;
}

/* ---- Clients and guards */

/*
 * Lets go of what a slot holds: on a pool thread, since that may take 250 ms, unless the environment is ending. Calls
 * in progress hold it until they have returned.
 */
static void let_go(struct slot *slot) {
    struct owner *owner = slot->owner;
    slot->owner = NULL;
    if (!owner) return;
    if (slot->number) unwatch(slot->number);
    struct job *job = slot->environment->is_open ? calloc(1, sizeof *job) : NULL;
    if (job) {
        job->operation = FREE_OWNER;
        job->owner = owner;
        if (submit(job)) return;
        free(job);
    }
    release_owner(owner);
}

static void free_slot(napi_env env, void *data, void *hint) {
    (void)env, (void)hint;
    struct slot *slot = data;
    let_go(slot);
    release_environment(slot->environment);
    free(slot);
}

/* Makes an external, which owns the client or the guard from here on. NULL: they are freed. */
static napi_value external_of(napi_env env, mid_client *client, mid_guard *guard) {
    struct owner *owner = calloc(1, sizeof *owner);
    struct slot *slot = calloc(1, sizeof *slot);
    napi_value external = NULL;
    if (owner && slot) {
        *owner = (struct owner){1, client, guard};
        slot->owner = owner;
        slot->environment = environment_of(env);
        if (napi_create_external(env, slot, free_slot, NULL, &external) == napi_ok) {
            atomic_fetch_add(&slot->environment->references, 1);
            return external;
        }
    }
    free(owner);
    free(slot);
    mid_guard_stop(guard);
    mid_client_free(client);
    return NULL;
}

static struct slot *slot_of(napi_env env, napi_value value) {
    void *slot = NULL;
    napi_get_value_external(env, value, &slot);
    return slot;
}

/* Reads the arguments of a function; the first is an external unless `slot` is NULL. false: an error is thrown. */
static bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values,
                           struct slot **slot) {
    if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok) return false;
    if (!slot) return true;
    *slot = slot_of(env, values[0]);
    if (*slot && (*slot)->owner) return true;
    fail(env, "the client or the guard is closed");
    return false;
}

/* open(orgKey | null, options): an answer that also has the client. */
static napi_value open_client(napi_env env, napi_callback_info info) {
    napi_value values[2];
    char *json = NULL;
    mid_client *client = NULL;
    if (!read_arguments(env, info, 2, values, NULL)) return NULL;
    char *key = copied(env, values[0]), *options = copied(env, values[1]);
    mid_status status =
        key ? mid_client_new(key, options, &client, &json) : mid_client_from_env(options, &client, &json);
    if (key) memset(key, 0, strlen(key));
    free(key);
    free(options);
    napi_value answer = answer_of(env, status, 0, json);
    if (client) {
        napi_value external = external_of(env, client, NULL);
        if (!external) return fail(env, "no memory is left for a client");
        set(env, answer, "client", external);
    }
    return answer;
}

static napi_value cancel(napi_env env, napi_callback_info info) {
    napi_value value;
    struct slot *slot;
    if (read_arguments(env, info, 1, &value, &slot)) mid_client_cancel(slot->owner->client);
    return NULL;
}

/* release(client | guard): ends it, and all calls and guards of a client. */
static napi_value release(napi_env env, napi_callback_info info) {
    napi_value value;
    struct slot *slot;
    if (!read_arguments(env, info, 1, &value, &slot)) return NULL;
    mid_client_cancel(slot->owner->client);
    let_go(slot);
    return NULL;
}

static napi_value stats(napi_env env, napi_callback_info info) {
    napi_value value;
    struct slot *slot;
    char *json = NULL;
    if (!read_arguments(env, info, 1, &value, &slot)) return NULL;
    mid_status status = mid_client_stats(slot->owner->client, &json);
    return answer_of(env, status, 0, json);
}

static napi_value guard_allowed(napi_env env, napi_callback_info info) {
    napi_value value, flag = NULL;
    size_t count = 1;
    napi_get_cb_info(env, info, &count, &value, NULL, NULL);
    struct slot *slot = slot_of(env, value);
    napi_get_boolean(env, slot && slot->owner && mid_guard_allowed(slot->owner->guard) == 1, &flag);
    return flag;
}

static napi_value guard_decision(napi_env env, napi_callback_info info) {
    napi_value value;
    struct slot *slot;
    char *json = NULL;
    int allowed = 0;
    if (!read_arguments(env, info, 1, &value, &slot)) return NULL;
    mid_status status = mid_guard_decision(slot->owner->guard, &allowed, &json);
    return answer_of(env, status, allowed, json);
}

/* watch(guard): the number with which `ended` is called when the guard is denied or ended. */
static napi_value watch_guard(napi_env env, napi_callback_info info) {
    napi_value value;
    struct slot *slot;
    if (!read_arguments(env, info, 1, &value, &slot)) return NULL;
    uint64_t number = atomic_fetch_add(&last_number, 1) + 1;
    if (!watch(number, mid_guard_fd(slot->owner->guard), slot->environment))
        return fail(env, "no descriptor or no thread is left to watch this guard; close some");
    slot->number = number;
    napi_create_double(env, (double)number, &value);
    return value;
}

/* ---- Calls */

static void keep_alive(napi_env env, struct environment *environment, int change) {
    int before = environment->pending;
    environment->pending += change;
    if (before == 0 && change > 0) napi_ref_threadsafe_function(env, environment->notify);
    if (before > 0 && environment->pending == 0) napi_unref_threadsafe_function(env, environment->notify);
}

/* hold(change): the event loop goes on while more was held than let go. */
static napi_value hold(napi_env env, napi_callback_info info) {
    napi_value value;
    int32_t change = 0;
    if (read_arguments(env, info, 1, &value, NULL)) napi_get_value_int32(env, value, &change);
    keep_alive(env, environment_of(env), change);
    return NULL;
}

/* Copies the ids of validate_many. false: there is no memory. */
static bool copy_ids(napi_env env, napi_value ids, struct job *job) {
    uint32_t count = 0;
    napi_get_array_length(env, ids, &count);
    job->device_ids = calloc(count + 1, sizeof *job->device_ids);
    job->flags = calloc(count + 1, sizeof *job->flags);
    if (!job->device_ids || !job->flags) return false;
    for (job->count = 0; job->count < count; job->count++) {
        napi_handle_scope scope;
        napi_value id;
        if (napi_open_handle_scope(env, &scope) != napi_ok) return false;
        if (napi_get_element(env, ids, (uint32_t)job->count, &id) == napi_ok)
            job->device_ids[job->count] = copied(env, id);
        napi_close_handle_scope(env, scope);
        if (!job->device_ids[job->count]) return false;
    }
    return true;
}

/* call(client, operation, deviceId | deviceIds, options): a promise of an answer. */
static napi_value call(napi_env env, napi_callback_info info) {
    napi_value values[4], promise;
    struct slot *slot;
    struct job *job;
    bool is_array = false;
    if (!read_arguments(env, info, 4, values, &slot)) return NULL;
    job = calloc(1, sizeof *job);
    if (!job) return fail(env, "no memory is left for a call");
    job->environment = slot->environment;
    atomic_fetch_add(&job->environment->references, 1);
    job->owner = slot->owner;
    atomic_fetch_add(&job->owner->references, 1);
    napi_get_value_int32(env, values[1], &job->operation);
    napi_is_array(env, values[2], &is_array);
    if (!is_array) job->device_id = copied(env, values[2]);
    job->options = copied(env, values[3]);
    if ((is_array && !copy_ids(env, values[2], job)) || napi_create_promise(env, &job->deferred, &promise) != napi_ok) {
        free_job(job);
        return fail(env, "no memory is left for a call");
    }
    keep_alive(env, slot->environment, 1);
    if (submit(job)) return promise;
    keep_alive(env, slot->environment, -1);
    free_job(job);
    return fail(env, "no thread can be started for a call; raise the limit of threads");
}

static napi_value flags_of(napi_env env, const struct job *job) {
    napi_value flags = NULL, flag;
    napi_create_array_with_length(env, job->count, &flags);
    for (size_t n = 0; n < job->count; n++) {
        napi_get_boolean(env, job->flags[n] == 1, &flag);
        napi_set_element(env, flags, (uint32_t)n, flag);
    }
    return flags;
}

/* Runs on the event loop, for each job that was posted; without an environment when that is ending. */
static void on_posted(napi_env env, napi_value callback, void *context, void *data) {
    (void)callback;
    struct environment *environment = context;
    struct job *job = data;
    if (env && job->ended) {
        napi_value function, undefined, number;
        if (napi_get_reference_value(env, environment->ended, &function) == napi_ok &&
            napi_get_undefined(env, &undefined) == napi_ok &&
            napi_create_double(env, (double)job->ended, &number) == napi_ok)
            napi_call_function(env, undefined, function, 1, &number, NULL);
    } else if (env) {
        keep_alive(env, environment, -1);
        napi_value answer = answer_of(env, job->status, job->allowed, job->json);
        job->json = NULL;
        if (job->operation == VALIDATE_MANY) set(env, answer, "flags", flags_of(env, job));
        if (job->guard) {
            napi_value external = external_of(env, NULL, job->guard);
            job->guard = NULL;
            if (external) set(env, answer, "guard", external);
        }
        napi_resolve_deferred(env, job->deferred, answer);
    }
    free_job(job);
}

/* ---- The module */

/* Runs before Node frees what notify is. From here on nothing is posted. */
static void close_environment(void *data) {
    struct environment *environment = data;
    pthread_mutex_lock(&environment->mutex);
    environment->is_open = false;
    pthread_mutex_unlock(&environment->mutex);
    release_environment(environment);
}

/* start(ended): to be called once, with the function for the end of a guard. */
static napi_value start(napi_env env, napi_callback_info info) {
    napi_value value, name;
    struct environment *environment = environment_of(env);
    if (read_arguments(env, info, 1, &value, NULL)) napi_create_reference(env, value, 1, &environment->ended);
    if (napi_create_string_utf8(env, "machineid", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, NULL, NULL, environment, on_posted,
                                        &environment->notify) != napi_ok ||
        napi_unref_threadsafe_function(env, environment->notify) != napi_ok ||
        napi_add_env_cleanup_hook(env, close_environment, environment) != napi_ok)
        return fail(env, "the addon of libmachineid cannot be started");
    environment->is_open = true;
    return NULL;
}

/* Node finds this function by its name, in each thread that loads the addon. */
NAPI_MODULE_INIT() {
    static const struct {
        const char *name;
        napi_callback function;
    } functions[] = {{"start", start}, {"open", open_client}, {"cancel", cancel}, {"release", release},
                     {"stats", stats}, {"allowed", guard_allowed}, {"decision", guard_decision},
                     {"watch", watch_guard}, {"hold", hold}, {"call", call}};
    struct environment *environment = calloc(1, sizeof *environment);
    if (!environment) return fail(env, "no memory is left for the addon");
    atomic_init(&environment->references, 1);
    pthread_mutex_init(&environment->mutex, NULL);
    napi_set_instance_data(env, environment, NULL, NULL);
    for (size_t n = 0; n < sizeof functions / sizeof *functions; n++) {
        napi_value function;
        if (napi_create_function(env, functions[n].name, NAPI_AUTO_LENGTH, functions[n].function, NULL, &function) !=
            napi_ok)
            return NULL;
        set(env, exports, functions[n].name, function);
    }
    set(env, exports, "version", text_or_null(env, mid_version()));
    set(env, exports, "buildInfo", text_or_null(env, mid_build_info()));
    return exports;
}
