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

static ErlNifResourceType *owner_type;

static void free_owner(ErlNifEnv *env, void *owner) {
    (void)env;
    mid_client_free(((struct owner *)owner)->client);
}

static int load(ErlNifEnv *env, void **data, ERL_NIF_TERM info) {
    (void)data, (void)info;
    owner_type = enif_open_resource_type(env, NULL, "machineid_client", free_owner, ERL_NIF_RT_CREATE, NULL);
    return owner_type ? 0 : 1;
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
    return make_answer(env, status, enif_make_atom(env, allowed == 1 ? "true" : "false"), json);
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
};

ERL_NIF_INIT(Elixir.MachineID.Native, functions, load, NULL, NULL, NULL)
