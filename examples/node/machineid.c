/*
 * machineid.c - libmachineid for Node, through Node-API. index.js is the module that programs use.
 *
 * A call would block the event loop, so each runs on a thread of libuv's pool and is answered through a promise. The
 * pool has four threads (UV_THREADPOOL_SIZE), which calls share with file operations and name look-ups: keep timeout_ms
 * short.
 */
#include <machineid.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

/* Operations have one of three signatures; the other two function pointers are NULL. */
struct operation {
    const char *name;
    mid_status (*on_device)(mid_client *, const char *, char **);
    mid_status (*on_client)(mid_client *, char **);
    mid_status (*decide)(mid_client *, const char *, int *, char **);
};

static const struct operation operations[] = {
    {"register", mid_register, NULL, NULL}, {"validate", NULL, NULL, mid_validate},
    {"listDevices", NULL, mid_list_devices, NULL}, {"revoke", mid_revoke, NULL, NULL},
    {"unrevoke", mid_unrevoke, NULL, NULL}, {"restore", mid_restore, NULL, NULL},
    {"remove", mid_remove, NULL, NULL}, {"usage", NULL, mid_usage, NULL},
};

struct call {
    const struct operation *operation;
    mid_client *client;
    char *device_id;
    napi_ref owner; /* keeps the client from being collected during the call */
    napi_deferred deferred;
    napi_async_work work;
    mid_status status;
    int allowed;
    char *json;
};

/* Throws Node's message for the last failure, unless an exception is already pending. */
static napi_value fail(napi_env env) {
    const napi_extended_error_info *info = NULL;
    bool pending = false;
    napi_get_last_error_info(env, &info);
    napi_is_exception_pending(env, &pending);
    if (!pending) napi_throw_error(env, NULL, info && info->error_message ? info->error_message : "out of memory");
    return NULL;
}

/* Copies a string, for free(); *text is NULL for null and undefined. */
static napi_status copy_string(napi_env env, napi_value value, char **text) {
    napi_valuetype type;
    size_t length;
    *text = NULL;
    napi_status status = napi_typeof(env, value, &type);
    if (status != napi_ok || type == napi_null || type == napi_undefined) return status;
    status = napi_get_value_string_utf8(env, value, NULL, 0, &length);
    if (status != napi_ok) return status;
    *text = malloc(length + 1);
    if (!*text) return napi_generic_failure;
    return napi_get_value_string_utf8(env, value, *text, length + 1, &length);
}

/* Makes {status, allowed, json}, where json is the library's text or null, and frees json. */
static napi_status make_answer(napi_env env, mid_status status, int allowed, char *json, napi_value *answer) {
    napi_value number, flag, text;
    napi_status result = napi_create_object(env, answer);
    if (result == napi_ok) result = napi_create_int32(env, status, &number);
    if (result == napi_ok) result = napi_set_named_property(env, *answer, "status", number);
    if (result == napi_ok) result = napi_get_boolean(env, allowed == 1, &flag);
    if (result == napi_ok) result = napi_set_named_property(env, *answer, "allowed", flag);
    if (result == napi_ok)
        result = json ? napi_create_string_utf8(env, json, NAPI_AUTO_LENGTH, &text) : napi_get_null(env, &text);
    if (result == napi_ok) result = napi_set_named_property(env, *answer, "json", text);
    mid_free(json);
    return result;
}

/* ---- Clients */

static void free_client(napi_env env, void *client, void *hint) {
    (void)env, (void)hint;
    mid_client_free(client);
}

/* open(orgKey, options): an answer that also has the client. When orgKey is null, the key is read from the
 * environment. */
static napi_value open_client(napi_env env, napi_callback_info info) {
    size_t count = 2;
    napi_value arguments[2], answer, external;
    char *org_key = NULL, *options = NULL, *json = NULL;
    mid_client *client = NULL;

    napi_status result = napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
    if (result == napi_ok) result = copy_string(env, arguments[0], &org_key);
    if (result == napi_ok) result = copy_string(env, arguments[1], &options);
    if (result == napi_ok) {
        mid_status status =
            org_key ? mid_client_new(org_key, options, &client, &json) : mid_client_from_env(options, &client, &json);
        result = make_answer(env, status, 0, json, &answer);
    }
    free(org_key);
    free(options);

    if (result == napi_ok && client) {
        result = napi_create_external(env, client, free_client, NULL, &external);
        if (result == napi_ok) {
            client = NULL; /* The external owns it from here on. */
            result = napi_set_named_property(env, answer, "client", external);
        }
    }
    if (result == napi_ok) return answer;
    mid_client_free(client);
    return fail(env);
}

static napi_value cancel(napi_env env, napi_callback_info info) {
    size_t count = 1;
    napi_value argument;
    void *client;
    if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok ||
        napi_get_value_external(env, argument, &client) != napi_ok)
        return fail(env);
    mid_client_cancel(client);
    return NULL;
}

/* ---- Operations */

/* Runs on a thread of the pool, which must not touch anything of JavaScript's. */
static void run_call(napi_env env, void *data) {
    (void)env;
    struct call *call = data;
    const struct operation *operation = call->operation;
    if (operation->decide)
        call->status = operation->decide(call->client, call->device_id, &call->allowed, &call->json);
    else if (operation->on_device)
        call->status = operation->on_device(call->client, call->device_id, &call->json);
    else
        call->status = operation->on_client(call->client, &call->json);
}

static void free_call(napi_env env, struct call *call) {
    if (call->work) napi_delete_async_work(env, call->work);
    if (call->owner) napi_delete_reference(env, call->owner);
    free(call->device_id);
    free(call);
}

/* Runs on the event loop after run_call(). */
static void end_call(napi_env env, napi_status ran, void *data) {
    struct call *call = data;
    napi_value answer, text, error;
    if (ran == napi_ok && make_answer(env, call->status, call->allowed, call->json, &answer) == napi_ok) {
        napi_resolve_deferred(env, call->deferred, answer);
    } else if (napi_create_string_utf8(env, "the call has no answer", NAPI_AUTO_LENGTH, &text) == napi_ok &&
               napi_create_error(env, NULL, text, &error) == napi_ok) {
        napi_reject_deferred(env, call->deferred, error);
    }
    free_call(env, call);
}

/* NAME(client, deviceId): a promise of an answer. */
static napi_value start_call(napi_env env, napi_callback_info info) {
    size_t count = 2;
    napi_value arguments[2], name, promise;
    void *operation, *client;
    struct call *call = calloc(1, sizeof *call);
    if (!call) return fail(env);

    napi_status result = napi_get_cb_info(env, info, &count, arguments, NULL, &operation);
    if (result == napi_ok) result = napi_get_value_external(env, arguments[0], &client);
    if (result == napi_ok) {
        call->operation = operation;
        call->client = client;
        result = napi_create_reference(env, arguments[0], 1, &call->owner);
    }
    if (result == napi_ok) result = copy_string(env, arguments[1], &call->device_id);
    if (result == napi_ok) result = napi_create_string_utf8(env, "machineid", NAPI_AUTO_LENGTH, &name);
    if (result == napi_ok) result = napi_create_async_work(env, NULL, name, run_call, end_call, call, &call->work);
    if (result == napi_ok) result = napi_create_promise(env, &call->deferred, &promise);
    if (result == napi_ok) result = napi_queue_async_work(env, call->work);
    if (result == napi_ok) return promise;
    fail(env);
    free_call(env, call);
    return NULL;
}

/* validateNow(client, deviceId): an answer; the event loop waits for it. */
static napi_value validate_now(napi_env env, napi_callback_info info) {
    size_t count = 2;
    napi_value arguments[2], answer;
    void *client;
    char *device_id = NULL, *json = NULL;
    int allowed = 0;

    napi_status result = napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
    if (result == napi_ok) result = napi_get_value_external(env, arguments[0], &client);
    if (result == napi_ok) result = copy_string(env, arguments[1], &device_id);
    if (result == napi_ok) {
        mid_status status = mid_validate(client, device_id, &allowed, &json);
        result = make_answer(env, status, allowed, json, &answer);
    }
    free(device_id);
    return result == napi_ok ? answer : fail(env);
}

/* ---- The module */

static napi_value version(napi_env env, napi_callback_info info) {
    napi_value text;
    (void)info;
    return napi_create_string_utf8(env, mid_version(), NAPI_AUTO_LENGTH, &text) == napi_ok ? text : fail(env);
}

static napi_value status_name(napi_env env, napi_callback_info info) {
    size_t count = 1;
    napi_value argument, text;
    int32_t status;
    if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok ||
        napi_get_value_int32(env, argument, &status) != napi_ok ||
        napi_create_string_utf8(env, mid_status_name(status), NAPI_AUTO_LENGTH, &text) != napi_ok)
        return fail(env);
    return text;
}

static napi_status export(napi_env env, napi_value exports, const char *name, napi_callback function,
                          const void *data) {
    napi_value value;
    napi_status result = napi_create_function(env, name, NAPI_AUTO_LENGTH, function, (void *)data, &value);
    return result == napi_ok ? napi_set_named_property(env, exports, name, value) : result;
}

NAPI_MODULE_INIT() {
    napi_status result = export(env, exports, "version", version, NULL);
    if (result == napi_ok) result = export(env, exports, "statusName", status_name, NULL);
    if (result == napi_ok) result = export(env, exports, "open", open_client, NULL);
    if (result == napi_ok) result = export(env, exports, "cancel", cancel, NULL);
    if (result == napi_ok) result = export(env, exports, "validateNow", validate_now, NULL);
    for (size_t i = 0; result == napi_ok && i < sizeof operations / sizeof *operations; i++)
        result = export(env, exports, operations[i].name, start_call, &operations[i]);
    return result == napi_ok ? exports : fail(env);
}
