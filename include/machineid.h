/**
 * @file machineid.h
 * The client of the MachineID execution authority. Everything is since 0.1.0, unless its comment has another version.
 *
 * @code
 * #include <machineid.h>
 * #include <stdio.h>
 *
 * int main(void) {
 *     const char *device = "worker:prod:queue-consumer:07";
 *     mid_client *client = NULL;
 *     char *json = NULL;
 *     int allowed = 0;
 *     mid_status status = mid_client_from_env(NULL, &client, &json);
 *     if (status == MID_OK)
 *         status = mid_validate(client, device, &allowed, &json);
 *     if (json) fprintf(stderr, "%s %s\n", mid_status_name(status), json);
 *     mid_free(json);
 *     mid_client_free(client);
 *     return allowed ? 0 : 1;
 * }
 * @endcode
 *
 * The authority decides whether a device (an agent, a worker, a scheduler) may run. This library asks it, and fails
 * closed: `allowed` is 1 only after a complete, verified answer that says so. Anything else leaves it 0, and the status
 * says why. Register at start, validate before each unit of work, and stop at once when not allowed.
 *
 * ## Handles
 * | handle         | made by                                 | freed by          | may outlive                      |
 * |----------------|-----------------------------------------|-------------------|----------------------------------|
 * | `mid_client *` | mid_client_new(), mid_client_from_env() | mid_client_free() | its guards: freeing it ends them |
 * | `mid_guard *`  | mid_guard_start()                       | mid_guard_stop()  | its client                       |
 * | `char *`       | any function with `json`                | mid_free()        | client and guard                 |
 *
 * ## Texts
 * Strings are UTF-8 and end with NUL. Those passed in must not change before the function returns.
 *
 * `json` may be NULL: then no text is made. Otherwise `*json` is set on every return, whatever it held. After MID_OK
 * and MID_REFUSED it is the authority's reply, byte for byte; NULL where nothing was asked. After any other status it
 * is `{"allowed":false,"code":"CLIENT_TIMEOUT","request_id":null,"message":"..."}`, always with these four keys: the
 * code is the status name with `CLIENT_` for `MID_`, the message one line, whose wording may change. It holds neither
 * the org key nor text from a peer. Do not write into a text: it may be static.
 *
 * ## Calls
 * A call blocks its thread until it has an answer or `timeout_ms` has passed: wall clock, waiting and retries included;
 * the process's first call takes some milliseconds more. An answer older than that, as after a suspend, is MID_TIMEOUT.
 * Release a runtime's global lock around a call, and make none in an event loop. A request that stays without a byte of
 * an answer is sent a second time, unless it changes something: docs/networks.md. Where memory is refused, a call
 * allows nothing and the client works on, but for faults of some libraries below: docs/reliability.md.
 *
 * ## Threads and processes
 * - Only guards keep a thread. libcurl starts short ones to resolve names, and after a name was not found the library
 *   starts one that ends at once. docs/hosts.md explains this and the rest.
 * - After fork() parent and child may both use a client. Calls of other threads go on in the parent only, and guards
 *   are ended in the child: start others there. Call nothing in a child that shares its parent's memory (vfork), or
 *   that a bare clone() or `_Fork()` made while other threads were in calls.
 * - No signal cuts a call short; pthread_cancel() during one is not supported. The library installs no handler, raises
 *   no SIGPIPE, prints nothing, and changes no locale or variable. Close no descriptor but your own.
 * - The environment is read only when a client is made, and never with elevated privileges.
 */
/* SPDX-License-Identifier: MIT */
#ifndef MACHINEID_H
#define MACHINEID_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this header. mid_version() is that of the loaded library. */
#define MID_VERSION "0.1.0"

/** The same as a number: MAJOR * 10000 + MINOR * 100 + PATCH. */
#define MID_VERSION_NUMBER 100

/**
 * What a call came to, when, and what to do.
 *
 * The authority has answered with MID_OK and MID_REFUSED only. MID_REFUSED is no decision: the authority says what is
 * wrong with the request (HTTP 4xx other than 408 and 429), such as an unknown org key or `device_limit_reached`. Nor
 * is MID_UNAVAILABLE, whose message has the HTTP status and what Retry-After asks for. MID_BAD_REPLY is not strict HTTP
 * or JSON, no boolean `allowed`, a redirect, about another device or too large.
 *
 * From 100 nothing was sent; from 200 no answer came; from 300 what came is no answer; from 400 the reason is on this
 * side. Numbers never change. More may come within these groups: treat an unknown one as no answer.
 */
typedef int32_t mid_status;

enum {
    MID_OK = 0,      /**< the authority answered, for mid_validate() with a decision | go by `allowed` */
    MID_REFUSED = 1, /**< the authority answered with an API error | stop */

    MID_INVALID_ARGUMENT = 100, /**< NULL where it must not be; org key or device id that cannot be sent | correct it */
    MID_INVALID_OPTIONS = 101,  /**< options that are not JSON; unknown key, wrong type or bad value | correct them */
    MID_NO_ORG_KEY = 102,       /**< no variable or file has the org key, or it may not be read | set one */

    MID_RESOLVE_FAILED = 200,  /**< the host name of the authority or the proxy was not found | stop; try later */
    MID_CONNECT_FAILED = 201,  /**< refused, unreachable, too slow, turned away by the proxy | stop; try later */
    MID_TLS_FAILED = 202,      /**< certificate, host name, pin or handshake does not fit | stop; read the message */
    MID_TRANSFER_FAILED = 203, /**< the connection broke before the reply was complete | stop; try later */
    MID_TIMEOUT = 204,         /**< `timeout_ms` passed first | stop; try later */
    MID_UNAVAILABLE = 205,     /**< an outage: HTTP 408, 429 or 5xx, to the last try too | stop; try later */

    MID_BAD_REPLY = 300, /**< what came back is not an answer | stop; read the message */

    MID_CANCELLED = 400,     /**< client cancelled or freed; in a child, the process was forked | make a new client */
    MID_OUT_OF_MEMORY = 401, /**< memory was refused | stop; try later */
    MID_INTERNAL = 402       /**< system or a library below refused what is needed | stop; read the message */
};

/**
 * The version of the loaded library, such as "0.1.0".
 * @return Static; never NULL.
 */
const char *mid_version(void);

/**
 * The version of the loaded library as a number.
 * @return Its MID_VERSION_NUMBER.
 */
int32_t mid_version_number(void);

/**
 * What the loaded library is, and which libcurl, TLS library and jansson it works with: a JSON object, whose members
 * docs/security-updates.md lists. Any thread may call it, before all else too, and gets the same text each time.
 * @return Static; never NULL. "{}" where memory was refused, and then the next call tries again.
 */
const char *mid_build_info(void);

/**
 * The name of a status, such as "MID_TIMEOUT".
 * @param status Any number.
 * @return Static; never NULL. "MID_UNKNOWN_STATUS" for a number without a name.
 */
const char *mid_status_name(mid_status status);

/** A connection to one authority for one organisation. Any number of threads may use it at once. */
typedef struct mid_client mid_client;

/**
 * Makes a client. Nothing is sent or opened before its first call.
 *
 * Options, with their defaults in brackets (docs/tls-and-proxies.md, docs/networks.md, docs/fail-closed.md):
 *
 * - `base_url` (`https://machineid.io`): the authority; https, or http to loopback. No user, query or fragment.
 * - `timeout_ms`, 1 to 3600000 (10000): for one call, everything included.
 * - `connect_timeout_ms`, 1 to 3600000 (3000): for name, TCP, proxy and TLS of one attempt.
 * - `max_retries`, 0 to 10 (2): further attempts after a transport failure or an outage, never after an answer.
 * - `ca_file`, `ca_path`: a PEM file and directories, joined by ":", of the only certificate authorities to trust
 *   (CURL_CA_BUNDLE, or SSL_CERT_FILE and SSL_CERT_DIR, or the system's file).
 * - `pinned_public_key`: the only server keys to accept, `sha256//BASE64`, joined by ";".
 * - `proxy` (`https_proxy` or `all_proxy`): an http, https, socks4, socks4a, socks5 or socks5h URL; "" for none.
 * - `no_proxy` (the variable): names, with those below, addresses, IPv4 networks to reach directly, by ","; or "*".
 * - `user_agent` (`libmachineid/VERSION`): 1 to 256 bytes of printable ASCII, not blank.
 * - `max_connections`, 1 to 256 (64): more calls at once wait their turn.
 * - `max_connection_age_ms`, 1000 to 86400000 (300000): an older connection takes no further request.
 * @param org_key Not NULL; `org_...`, 1 to 512 bytes of printable ASCII, white space around it trimmed. It is sent only
 *                in the header x-org-key, and wiped from the library's memory, not libcurl's, when the client goes.
 * @param options A JSON object of options; NULL for the defaults.
 * @param client  Where to put the client, for mid_client_free(); not NULL. Set to NULL on failure.
 * @param json    See Texts.
 * @retval MID_OK There is a client.
 * @retval MID_INVALID_ARGUMENT `org_key` or `client` cannot be used.
 * @retval MID_INVALID_OPTIONS An option, or a variable in its place, cannot be used.
 * @retval MID_OUT_OF_MEMORY Memory was refused.
 */
mid_status mid_client_new(const char *org_key, const char *options, mid_client **client, char **json);

/**
 * Makes a client with the org key in the environment variable MACHINEID_ORG_KEY, or in the file that
 * MACHINEID_ORG_KEY_FILE names; both set is an error, and blank is not set. docs/org-key.md says which files are read:
 * once, here. MACHINEID_BASE_URL, unless it is blank, stands in for the option `base_url`.
 * @param options As for mid_client_new(), and `env_var`: another variable to read the org key from, and then no file.
 * @param client  As for mid_client_new().
 * @param json    See Texts.
 * @retval MID_NO_ORG_KEY Neither variable is set, or both; the file cannot be used; or privileges are elevated.
 * @return Otherwise as mid_client_new().
 */
mid_status mid_client_from_env(const char *options, mid_client **client, char **json);

/**
 * Cancels a client: ends its guards and, with MID_CANCELLED, its calls in flight and to come. Returns at once. Any
 * thread may call it, any number of times, but no signal handler: it takes a lock.
 * @param client NULL does nothing.
 */
void mid_client_cancel(mid_client *client);

/**
 * Frees a client and ends its guards. Calls in flight are cancelled and waited for, 250 ms at most; one that takes
 * longer keeps what it uses. No call may begin meanwhile or afterwards: where threads may be about to call, cancel,
 * join them, free. After fork() parent and child each free their own.
 * @param client NULL does nothing.
 */
void mid_client_free(mid_client *client);

/**
 * What the client has done so far in this process: counters for a monitoring system, as a JSON object, whose members
 * docs/observability.md lists. In a forked child they begin at 0. Any thread may call it, at any time, also on a
 * cancelled client; nothing is sent and the call is not counted.
 * @param client Not NULL.
 * @param json   Where to put the text, for mid_free(); not NULL.
 * @return MID_OK, MID_OUT_OF_MEMORY, or MID_INVALID_ARGUMENT where `client` or `json` is NULL.
 */
mid_status mid_client_stats(mid_client *client, char **json);

/**
 * ## Operations
 * Each asks the authority one thing. `device_id` is not NULL: 1 to 512 bytes of UTF-8, white space around it trimmed;
 * `service:env:role:instance` is recommended.
 *
 * Each returns MID_OK or MID_REFUSED when the authority answered, otherwise MID_INVALID_ARGUMENT, MID_RESOLVE_FAILED,
 * MID_CONNECT_FAILED, MID_TLS_FAILED, MID_TRANSFER_FAILED, MID_TIMEOUT, MID_UNAVAILABLE, MID_BAD_REPLY, MID_CANCELLED,
 * MID_OUT_OF_MEMORY or MID_INTERNAL. After a failure the client works on.
 *
 * What replies hold is the service's to say; these notes are from the vendor's public pages. A reply whose "deviceId"
 * is a string that names another device, but for the case of ASCII letters and white space around it, is MID_BAD_REPLY.
 */

/**
 * Registers a device with the organisation. Registering again changes nothing and restores no revoked device. Over the
 * plan's limit: MID_REFUSED, "error":"device_limit_reached".
 * @param client    Not NULL.
 * @param device_id See Operations.
 * @param json      See Texts.
 * @return See Operations.
 */
mid_status mid_register(mid_client *client, const char *device_id, char **json);

/**
 * May this device run now? Gate on `*allowed` and nothing else. After a denial, log the reply's "code"
 * ("DEVICE_REVOKED", "PLAN_FROZEN", ...) and "request_id".
 * @param client    Not NULL.
 * @param device_id See Operations.
 * @param allowed   Not NULL. Set to 0 on entry, and to 1 only with MID_OK, after a complete 2xx reply that is a strict
 *                  JSON object with "allowed":true.
 * @param json      See Texts.
 * @retval MID_OK A decision: 1 in `*allowed` is an allow, 0 a denial.
 * @return Otherwise see Operations: there is no decision.
 */
mid_status mid_validate(mid_client *client, const char *device_id, int *allowed, char **json);

/**
 * May each of these devices run now? One `timeout_ms` is for all; `max_connections` are asked about at once.
 * @param client     Not NULL.
 * @param device_ids `count` device ids, see Operations; not NULL. One that is NULL or cannot be sent lacks a decision.
 * @param count      Any number; 0 asks nothing. By default 10000 devices have 64 ms each: choose `timeout_ms`.
 * @param allowed    `count` flags as with mid_validate(); not NULL. Not touched if the count is impossible, as -1 is.
 * @param json       An array of what mid_validate() would have given for each, in order; an object where the call fails
 *                   as a whole. Replies beyond 64 MiB together, or 1 KiB a device if that is more, are MID_BAD_REPLY.
 * @retval MID_OK There is a decision for every device.
 * @return Otherwise that of the first device without a decision; those of others stand. The call fails as a whole, and
 *         allows none, with MID_CANCELLED, or a MID_INVALID_ARGUMENT, MID_OUT_OF_MEMORY or MID_INTERNAL of its own.
 */
mid_status mid_validate_many(mid_client *client, const char *const *device_ids, size_t count, int *allowed,
                             char **json);

/**
 * Lists the organisation's devices, active and revoked.
 * @param client Not NULL.
 * @param json   See Texts.
 * @return See Operations.
 */
mid_status mid_list_devices(mid_client *client, char **json);

/**
 * Revokes a device: from now on it is denied.
 * @param client    Not NULL.
 * @param device_id See Operations.
 * @param json      See Texts.
 * @return See Operations.
 */
mid_status mid_revoke(mid_client *client, const char *device_id, char **json);

/**
 * Takes a revocation back.
 * @param client    Not NULL.
 * @param device_id See Operations.
 * @param json      See Texts.
 * @return See Operations.
 */
mid_status mid_unrevoke(mid_client *client, const char *device_id, char **json);

/**
 * The same as mid_unrevoke(), as the vendor's SDKs also call it.
 * @param client    Not NULL.
 * @param device_id See Operations.
 * @param json      See Texts.
 * @return See Operations.
 */
mid_status mid_restore(mid_client *client, const char *device_id, char **json);

/**
 * Removes a device for good.
 * @param client    Not NULL.
 * @param device_id See Operations.
 * @param json      See Texts.
 * @return See Operations.
 */
mid_status mid_remove(mid_client *client, const char *device_id, char **json);

/**
 * Tells the organisation's plan: tier, state, limit, devices used.
 * @param client Not NULL.
 * @param json   See Texts.
 * @return See Operations.
 */
mid_status mid_usage(mid_client *client, char **json);

/**
 * ## Guards
 * A guard keeps one device's permission fresh in the background, for a hot loop to look at in nanoseconds. All
 * guards of a client share a thread, which blocks all signals and calls nothing of yours: docs/guards.md.
 *
 * - on: the last allow is younger than `max_age_ms`, counted from when the question was sent.
 * - lapsed: it is older. The guard asks on, and is on again after the next allow.
 * - denied: the authority said no. Final: a later unrevoke does not bring it back.
 * - ended: by mid_client_cancel(), mid_client_free() or exit(), or this is a forked child. Final.
 */

/** A guard for one device. Any number of threads may use it at once. */
typedef struct mid_guard mid_guard;

/**
 * Starts a guard: validates once, in the call, and after a decision in the background. Options and defaults:
 *
 * - `interval_ms`, 20 to 3600000 (5000): from one check to the next, a tenth more or less.
 * - `max_age_ms`, 40 to 2147483647, 2 to 1000 intervals (3 intervals): how old an allow may be.
 * @param client    Not NULL; may be freed before the guard.
 * @param device_id See Operations.
 * @param options   A JSON object of options; NULL for the defaults.
 * @param guard     Where to put the guard, for mid_guard_stop(); not NULL. Set to NULL on failure.
 * @param json      See Texts: the reply to the first validate.
 * @retval MID_OK There is a guard; after a denial it is denied from the start.
 * @retval MID_INVALID_OPTIONS The options cannot be used.
 * @return Otherwise see Operations.
 */
mid_status mid_guard_start(mid_client *client, const char *device_id, const char *options, mid_guard **guard,
                           char **json);

/**
 * May the device run now? Takes no lock, some 30 ns, and goes by CLOCK_BOOTTIME, which runs on during suspend.
 * @param guard NULL is 0.
 * @return 1 while the guard is on, otherwise 0.
 */
int mid_guard_allowed(const mid_guard *guard);

/**
 * A descriptor for poll, epoll and the like. It becomes readable, and stays so, when the guard is denied or ended, but
 * not by a lapse. Do not read from it, close it or pass it on. mid_guard_stop() closes it without making it readable:
 * take it out of what polls it before.
 * @param guard The guard.
 * @return The same each time, unless somebody closed it. -1 when `guard` is NULL or no descriptor is left.
 */
int mid_guard_fd(mid_guard *guard);

/**
 * Waits until the guard is off: lapsed, denied or ended. MID_OK is no permission: gate on mid_guard_allowed(). Join a
 * thread that waits repeatedly before mid_guard_stop(); mid_client_cancel() makes its waits return: docs/guards.md.
 * @param guard      Not NULL.
 * @param timeout_ms Milliseconds to wait at most; 0 only looks, less than 0 has no limit.
 * @retval MID_OK The guard is off.
 * @retval MID_TIMEOUT It is still on.
 * @retval MID_INVALID_ARGUMENT `guard` is NULL.
 */
mid_status mid_guard_wait(mid_guard *guard, int32_t timeout_ms);

/**
 * What the guard knows. After MID_OK the text is
 * `{"allowed":true,"state":"on","age_ms":1234,"checks":17,"failures":0,"decision":{...},"failure":null}`: `age_ms` ago
 * the question was sent whose answer is `decision`, the authority's last. `checks` counts all, `failures` those since
 * that brought no decision. `failure` is null, or why the last check brought none: the object of mid_validate(), or the
 * authority's error; in a forked child, why the guard is ended.
 * @param guard   Not NULL.
 * @param allowed As mid_guard_allowed(); not NULL. 0 on failure.
 * @param json    See Texts.
 * @return MID_OK, MID_OUT_OF_MEMORY, or MID_INVALID_ARGUMENT where `guard` or `allowed` is NULL.
 */
mid_status mid_guard_decision(mid_guard *guard, int *allowed, char **json);

/**
 * Stops and frees a guard, in 250 ms at most. Threads inside mid_guard_wait() return; no other call may begin or be
 * going on. In a forked child some memory stays.
 * @param guard NULL does nothing.
 */
void mid_guard_stop(mid_guard *guard);

/**
 * Frees a text from a `json` parameter; never use free().
 * @param json NULL does nothing.
 */
void mid_free(char *json);

#ifdef __cplusplus
}
#endif

#endif
