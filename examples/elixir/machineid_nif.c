/*
 * machineid_nif.c - libmachineid for Erlang and Elixir, as dirty NIFs: a call that waits for the authority occupies one
 * of the dirty I/O schedulers (ten by default; +SDio), and none of those that run processes. machineid.ex is the module
 * that programs use.
 */
#include <erl_nif.h>
#include <machineid.h>
#include <stdlib.h>
#include <string.h>

/* The garbage collector owns the client, and frees it with the last term that refers to it. */
struct owner {
    mid_client *client;
};

/* The same for a guard, which can also be stopped before. `waits` counts the processes that are inside
 * mid_guard_wait(): the last of them frees a guard that has been stopped. */
struct guard_owner {
    ErlNifMutex *lock;
    mid_guard *guard;
    int waits, is_stopped;
};

static ErlNifResourceType *owner_type, *guard_type;

static void free_owner(ErlNifEnv *env, void *owner) {
    (void)env;
    mid_client_free(((struct owner *)owner)->client);
}

static void free_guard(ErlNifEnv *env, void *owner) {
    struct guard_owner *held = owner;
    (void)env;
    mid_guard_stop(held->guard);
    if (held->lock) enif_mutex_destroy(held->lock);
}

static int load(ErlNifEnv *env, void **data, ERL_NIF_TERM info) {
    (void)data, (void)info;
    owner_type = enif_open_resource_type(env, NULL, "machineid_client", free_owner, ERL_NIF_RT_CREATE, NULL);
    guard_type = enif_open_resource_type(env, NULL, "machineid_guard", free_guard, ERL_NIF_RT_CREATE, NULL);
    return owner_type && guard_type ? 0 : 1;
}

/* Copies a binary to a C string for free(). Returns 0 for any other term, and for a binary with a NUL, which would
 * cut the text short, so that the call would concern another device. */
static int get_text(ErlNifEnv *env, ERL_NIF_TERM term, char **text) {
    ErlNifBinary binary;
    *text = NULL;
    if (!enif_inspect_binary(env, term, &binary) || memchr(binary.data, 0, binary.size)) return 0;
    *text = malloc(binary.size + 1);
    if (!*text) return 0;
    memcpy(*text, binary.data, binary.size);
    (*text)[binary.size] = 0;
    return 1;
}

/* The same, but the atom nil becomes NULL. */
static int get_optional_text(ErlNifEnv *env, ERL_NIF_TERM term, char **text) {
    *text = NULL;
    return enif_is_identical(term, enif_make_atom(env, "nil")) || get_text(env, term, text);
}

static ERL_NIF_TERM make_text(ErlNifEnv *env, const char *text) {
    ERL_NIF_TERM term;
    size_t length = strlen(text);
    memcpy(enif_make_new_binary(env, length, &term), text, length);
    return term;
}

/* Makes {Status, Value, Json}, and frees json. */
static ERL_NIF_TERM make_answer(ErlNifEnv *env, mid_status status, ERL_NIF_TERM value, char *json) {
    ERL_NIF_TERM text = json ? make_text(env, json) : enif_make_atom(env, "nil");
    mid_free(json);
    return enif_make_tuple3(env, enif_make_atom(env, mid_status_name(status)), value, text);
}

static ERL_NIF_TERM make_flag(ErlNifEnv *env, int flag) { return enif_make_atom(env, flag == 1 ? "true" : "false"); }

static ERL_NIF_TERM version(ErlNifEnv *env, int count, const ERL_NIF_TERM arguments[]) {
    (void)count, (void)arguments;
    return make_text(env, mid_version());
}

/* open(OrgKey, Options): when OrgKey is nil, the key is read from the environment. */
static ERL_NIF_TERM open_client(ErlNifEnv *env, int count, const ERL_NIF_TERM arguments[]) {
    char *org_key, *options = NULL, *json = NULL;
    (void)count;
    if (!get_optional_text(env, arguments[0], &org_key) || !get_optional_text(env, arguments[1], &options)) {
        free(org_key);
        return enif_make_badarg(env);
    }
    struct owner *owner = enif_alloc_resource(owner_type, sizeof *owner);
    if (!owner) {
        free(org_key);
        free(options);
        return enif_raise_exception(env, enif_make_atom(env, "enomem"));
    }
    mid_status status = org_key ? mid_client_new(org_key, options, &owner->client, &json)
                                : mid_client_from_env(options, &owner->client, &json);
    ERL_NIF_TERM term = enif_make_resource(env, owner);
    enif_release_resource(owner); /* The term holds it now. */
    free(org_key);
    free(options);
    return make_answer(env, status, term, json);
}

static ERL_NIF_TERM cancel(ErlNifEnv *env, int count, const ERL_NIF_TERM arguments[]) {
    void *owner;
    (void)count;
    if (!enif_get_resource(env, arguments[0], owner_type, &owner)) return enif_make_badarg(env);
    mid_client_cancel(((struct owner *)owner)->client);
    return enif_make_atom(env, "ok");
}

static ERL_NIF_TERM validate(ErlNifEnv *env, int count, const ERL_NIF_TERM arguments[]) {
    void *owner;
    char *device_id, *json = NULL;
    int allowed = 0;
    (void)count;
    if (!enif_get_resource(env, arguments[0], owner_type, &owner) || !get_text(env, arguments[1], &device_id))
        return enif_make_badarg(env);
    mid_status status = mid_validate(((struct owner *)owner)->client, device_id, &allowed, &json);
    free(device_id);
    return make_answer(env, status, make_flag(env, allowed), json);
}

/* validate_many(Client, DeviceIds): the value is a list of flags. */
static ERL_NIF_TERM validate_many(ErlNifEnv *env, int count, const ERL_NIF_TERM arguments[]) {
    void *owner;
    char **ids = NULL, *json = NULL;
    int *flags = NULL;
    unsigned length, read = 0;
    ERL_NIF_TERM head, list = arguments[1], answer;
    (void)count;
    if (!enif_get_resource(env, arguments[0], owner_type, &owner) || !enif_get_list_length(env, list, &length))
        return enif_make_badarg(env);
    /* There is room for one more, because calloc() may return NULL for none. */
    ids = calloc((size_t)length + 1, sizeof *ids);
    flags = calloc((size_t)length + 1, sizeof *flags);
    while (ids && flags && enif_get_list_cell(env, list, &head, &list) && get_text(env, head, &ids[read]))
        read++;
    if (ids && flags && read == length) {
        mid_status status =
            mid_validate_many(((struct owner *)owner)->client, (const char *const *)ids, length, flags, &json);
        ERL_NIF_TERM allowed = enif_make_list(env, 0);
        for (unsigned n = length; n > 0; n--)
            allowed = enif_make_list_cell(env, make_flag(env, flags[n - 1]), allowed);
        answer = make_answer(env, status, allowed, json);
    } else {
        answer = enif_make_badarg(env);
    }
    for (unsigned n = 0; n < read; n++)
        free(ids[n]);
    free(ids);
    free(flags);
    return answer;
}

/* guard_start(Client, DeviceId, Options) */
static ERL_NIF_TERM guard_start(ErlNifEnv *env, int count, const ERL_NIF_TERM arguments[]) {
    void *client;
    char *device_id = NULL, *options = NULL, *json = NULL;
    (void)count;
    if (!enif_get_resource(env, arguments[0], owner_type, &client) || !get_text(env, arguments[1], &device_id) ||
        !get_text(env, arguments[2], &options)) {
        free(device_id);
        return enif_make_badarg(env);
    }
    struct guard_owner *owner = enif_alloc_resource(guard_type, sizeof *owner);
    if (owner) {
        *owner = (struct guard_owner){0};
        owner->lock = enif_mutex_create("machineid_guard");
    }
    if (!owner || !owner->lock) {
        if (owner) enif_release_resource(owner);
        free(device_id);
        free(options);
        return enif_raise_exception(env, enif_make_atom(env, "enomem"));
    }
    mid_status status = mid_guard_start(((struct owner *)client)->client, device_id, options, &owner->guard, &json);
    ERL_NIF_TERM term = enif_make_resource(env, owner);
    enif_release_resource(owner); /* The term holds it now. */
    free(device_id);
    free(options);
    return make_answer(env, status, term, json);
}

static ERL_NIF_TERM guard_allowed(ErlNifEnv *env, int count, const ERL_NIF_TERM arguments[]) {
    void *resource;
    (void)count;
    if (!enif_get_resource(env, arguments[0], guard_type, &resource)) return enif_make_badarg(env);
    struct guard_owner *owner = resource;
    enif_mutex_lock(owner->lock);
    int allowed = owner->is_stopped ? 0 : mid_guard_allowed(owner->guard);
    enif_mutex_unlock(owner->lock);
    return make_flag(env, allowed);
}

static ERL_NIF_TERM guard_decision(ErlNifEnv *env, int count, const ERL_NIF_TERM arguments[]) {
    void *resource;
    char *json = NULL;
    int allowed = 0;
    (void)count;
    if (!enif_get_resource(env, arguments[0], guard_type, &resource)) return enif_make_badarg(env);
    struct guard_owner *owner = resource;
    enif_mutex_lock(owner->lock);
    mid_status status = mid_guard_decision(owner->is_stopped ? NULL : owner->guard, &allowed, &json);
    enif_mutex_unlock(owner->lock);
    return make_answer(env, status, make_flag(env, allowed), json);
}

/* Ends the use of a guard that enif_mutex_lock() protects; with the last one, a stopped guard is freed. */
static void unlock_guard(struct guard_owner *owner) {
    mid_guard *unused = NULL;
    if (owner->is_stopped && owner->waits == 0) {
        unused = owner->guard;
        owner->guard = NULL;
    }
    enif_mutex_unlock(owner->lock);
    mid_guard_stop(unused);
}

/* The longest wait in the library, so that a guard that is stopped meanwhile is freed soon. */
static const int longest_ms = 200;

/* guard_wait(Guard, Milliseconds): is it off? */
static ERL_NIF_TERM guard_wait(ErlNifEnv *env, int count, const ERL_NIF_TERM arguments[]) {
    void *resource;
    int left;
    (void)count;
    if (!enif_get_resource(env, arguments[0], guard_type, &resource) || !enif_get_int(env, arguments[1], &left))
        return enif_make_badarg(env);
    struct guard_owner *owner = resource;
    enif_mutex_lock(owner->lock);
    mid_guard *guard = owner->is_stopped ? NULL : owner->guard;
    owner->waits++;
    enif_mutex_unlock(owner->lock);
    int is_on = guard != NULL;
    while (is_on && left >= 0) {
        int wait = left < longest_ms ? left : longest_ms;
        is_on = mid_guard_wait(guard, wait) == MID_TIMEOUT;
        left = wait == left ? -1 : left - wait;
        enif_mutex_lock(owner->lock);
        is_on = is_on && !owner->is_stopped;
        enif_mutex_unlock(owner->lock);
    }
    enif_mutex_lock(owner->lock);
    owner->waits--;
    unlock_guard(owner);
    return make_flag(env, !is_on);
}

static ERL_NIF_TERM guard_stop(ErlNifEnv *env, int count, const ERL_NIF_TERM arguments[]) {
    void *resource;
    (void)count;
    if (!enif_get_resource(env, arguments[0], guard_type, &resource)) return enif_make_badarg(env);
    struct guard_owner *owner = resource;
    enif_mutex_lock(owner->lock);
    owner->is_stopped = 1;
    unlock_guard(owner);
    return enif_make_atom(env, "ok");
}

static ERL_NIF_TERM on_device(ErlNifEnv *env, const ERL_NIF_TERM arguments[],
                              mid_status (*operation)(mid_client *, const char *, char **)) {
    void *owner;
    char *device_id, *json = NULL;
    if (!enif_get_resource(env, arguments[0], owner_type, &owner) || !get_text(env, arguments[1], &device_id))
        return enif_make_badarg(env);
    mid_status status = operation(((struct owner *)owner)->client, device_id, &json);
    free(device_id);
    return make_answer(env, status, enif_make_atom(env, "nil"), json);
}

static ERL_NIF_TERM on_client(ErlNifEnv *env, const ERL_NIF_TERM arguments[],
                              mid_status (*operation)(mid_client *, char **)) {
    void *owner;
    char *json = NULL;
    if (!enif_get_resource(env, arguments[0], owner_type, &owner)) return enif_make_badarg(env);
    mid_status status = operation(((struct owner *)owner)->client, &json);
    return make_answer(env, status, enif_make_atom(env, "nil"), json);
}

#define OPERATION(name, shape, function)                                                  \
    static ERL_NIF_TERM name(ErlNifEnv *env, int count, const ERL_NIF_TERM arguments[]) { \
        (void)count;                                                                      \
        return shape(env, arguments, function);                                           \
    }
OPERATION(register_device, on_device, mid_register)
OPERATION(revoke, on_device, mid_revoke)
OPERATION(unrevoke, on_device, mid_unrevoke)
OPERATION(restore, on_device, mid_restore)
OPERATION(remove_device, on_device, mid_remove)
OPERATION(list_devices, on_client, mid_list_devices)
OPERATION(usage, on_client, mid_usage)

static ErlNifFunc functions[] = {
    {"version", 0, version, 0},
    {"open", 2, open_client, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"cancel", 1, cancel, 0},
    {"register", 2, register_device, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"validate", 2, validate, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"list_devices", 1, list_devices, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"revoke", 2, revoke, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"unrevoke", 2, unrevoke, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"restore", 2, restore, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"remove", 2, remove_device, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"usage", 1, usage, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"validate_many", 2, validate_many, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"guard_start", 3, guard_start, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"guard_allowed", 1, guard_allowed, 0},
    {"guard_decision", 1, guard_decision, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"guard_wait", 2, guard_wait, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"guard_stop", 1, guard_stop, ERL_NIF_DIRTY_JOB_IO_BOUND},
};

ERL_NIF_INIT(Elixir.MachineID.Native, functions, load, NULL, NULL, NULL)
