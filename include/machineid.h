/*
 * machineid.h - the client of the MachineID execution authority
 *
 * MachineID decides outside your process whether a device (an agent, a worker, a scheduler) may run. This library asks
 * it one question, "may this device run now?", and fails closed: `allowed` is 1 only after a complete, verified answer
 * that says so. A time-out, a broken reply, a redirect, a bad certificate or a bad argument all leave it 0 and say why.
 *
 *     #include <machineid.h>
 *     #include <stdio.h>
 *
 *     int main(void) {
 *         mid_client *client = NULL;
 *         char *json = NULL;
 *         int allowed = 0;
 *         mid_status status = mid_client_from_env(NULL, &client, &json);
 *         if (status == MID_OK) status = mid_validate(client, "worker:prod:queue-consumer:07", &allowed, &json);
 *         fprintf(stderr, "%s %s\n", mid_status_name(status), json ? json : "");
 *         mid_free(json);
 *         mid_client_free(client);
 *         return allowed ? 0 : 1;
 *     }
 *
 * The rule of the service is Register. Validate. Work. Register once at start, validate at each boundary (start-up, each
 * unit of work, each side effect), and stop at once when not allowed.
 *
 * Strings
 *   Every string is UTF-8 and ends with NUL. Strings passed in are copied before the function returns. A function that
 *   returns `const char *` returns a static string: never free it. A `char *` that comes out through `json` is yours:
 *   free it with mid_free(), never with free().
 *
 * json
 *   Every `json` parameter may be NULL: then no text is made and none of its cost is paid. Otherwise *json is set on
 *   every return; what it held before is not read and not freed.
 *     MID_OK, MID_REFUSED   the authority's reply, byte for byte (NULL after MID_OK from a function that asks nothing).
 *     any other status      {"allowed":false,"code":"CLIENT_TIMEOUT","request_id":null,"message":"..."}
 *                           always these four keys; the code is the status name with CLIENT_ in place of MID_, and the
 *                           message is one line for a person. The wording of messages may change.
 *   The org key appears in no json of this library's making and in no message, and neither does any text that a server, a
 *   proxy or a certificate sent: messages are the library's own words, constant names of errors, and what the host gave.
 *   Do not write into the text: when memory has run out it is a static one, with MID_OUT_OF_MEMORY. mid_free() knows it.
 *
 * Memory
 *   Where memory is refused, a call says so, mostly with MID_OUT_OF_MEMORY, allows nothing, and the client works on. The
 *   libraries below are asked to read a reply, and to make themselves ready in the first call of the process, only when all that
 *   they may take is there. What they do when they are refused memory in the middle of their work, as where other threads take
 *   it meanwhile, is theirs: some versions of jansson, libcurl and OpenSSL end the process, or hang in its first call.
 *   docs/reliability.md names them.
 *
 * Blocking
 *   A call blocks the calling thread until it has an answer or `timeout_ms` has passed, whichever comes first. The limit
 *   is wall clock over everything: waiting for other threads, DNS, TLS, retries. In a runtime with a global lock,
 *   release the lock around the call; do not call from an event loop. mid_client_cancel() ends calls early. When the
 *   machine is suspended during a call, what is left of the limit is waited for once it runs again, but an answer that is
 *   then older than timeout_ms decides nothing: it is MID_TIMEOUT. The first call of the process makes libcurl and OpenSSL
 *   ready, some milliseconds that no limit cuts short.
 *
 * Threads
 *   A client may be used by any number of threads at once; they share its connections. The library starts no thread
 *   unless it is asked for a guard: see Guards. (Where a host name cannot be resolved, it starts one that ends at once, to
 *   see whether the system refuses threads. libcurl uses a short-lived one to resolve a host name; from 8.20 on it
 *   keeps that for two seconds. Of those that a silent nameserver holds, eight may be left behind by calls whose time was over,
 *   and one a second from then on: a call that needs another one waits for its turn, within its own time.)
 *
 * Descriptors
 *   Close none but your own: the sockets of a client, the pipe that wakes its callers, and the descriptors with which
 *   libcurl wakes itself are the library's until mid_client_free(). Where a host has closed them all the same, as
 *   closefrom(3) does, the next call notices, leaves alone what has been opened under their numbers since, and connects
 *   anew; memory is lost, and a call that is going on at that moment may fail, in its time.
 *
 * fork
 *   A client made before fork() may be used in the child and in the parent. The child drops the inherited connections
 *   without a word to the server and makes its own; the parent's calls go on undisturbed. Calls that other threads had
 *   in flight at the fork exist in the parent only; what they and its guards held stays in the child: memory, in which
 *   the client with its org key is, and descriptors. The inherited connections do not: the child's first call drops them,
 *   or its mid_client_free(). The descriptors with which libcurl wakes itself, two of each client and eight at most, stay
 *   open. fork() waits until no thread is in the middle of a step of this library (some milliseconds, 250 at most), so
 *   that no lock of OpenSSL's stays held in the child; calls of other threads wait for the fork, 250 ms at most. Handlers of
 *   pthread_atfork() may call, and do not wait. A bare clone() or _Fork() does not wait; a process that forks so while other
 *   threads are in calls must not call in the child.
 *   How a child is told from its parent: by a page of memory that the kernel wipes in every child, however it was forked.
 *   Where the system does not (older kernels, some sandboxes, qemu-user 7.2), by handlers of pthread_atfork(), and after a
 *   bare clone() or _Fork() by the process id: there a child that has its parent's, as the first process of a new PID
 *   namespace can, must not call. What shares the parent's memory (vfork(), CLONE_VM) is not told apart and must not call.
 *   A handler of a signal that interrupts a call may fork, though fork() then can take 250 ms. A child that returns into the
 *   call ends it there with MID_CANCELLED, no device allowed, and can make new ones; the parent's goes on. What the call
 *   held stays in the child. Where the handler came just while libcurl was at work, the parent's call may fail, or the
 *   child's not come back; nor may a mid_guard_wait() or mid_client_free() that was interrupted, in the child of a process
 *   whose other threads are in calls. An answer that was there before the fork counts in both.
 *
 * Signals and other process state
 *   The library installs no signal handler, raises no SIGPIPE, and prints nothing. It changes no locale or environment
 *   variable. Signals never cut a call short; pthread_cancel() during a call is not supported. The environment is read
 *   only inside mid_client_new() and mid_client_from_env(), and not at all in a program with elevated privileges
 *   (set-user-ID, set-group-ID, file capabilities). OpenSSL reads its own variables, such as OPENSSL_CONF, as the first
 *   call of the process makes it ready, though not in such a program; libcurl reads SSLKEYLOGFILE and CURL_SSL_BACKEND in
 *   any: while one of them is set in such a program, its calls are MID_INTERNAL. Sockets are closed on exec, but
 *   not the descriptors with which libcurl wakes itself, two of each client and eight at most.
 *
 * Silence
 *   Networks forget connections without a word, and a request on one that was forgotten is never answered. So what only asks
 *   (to validate, be it by a guard, to list, the usage) is asked a second time on a new connection, beside the first, when
 *   not a byte has come for eight times what answers to this client usually take, and whichever answer comes first counts.
 *   Not before half a second, nor before a quarter of timeout_ms where that is less; at a quarter of timeout_ms at the
 *   latest, and then where no answer has come yet. Eight such questions may be open at once, for each of the threads that
 *   work for the others (see max_connections); and after the first eight there is one for ten answers, so that an authority
 *   that has become slow is not asked everything twice. One that brought the answer does not count. All connections that
 *   were idle when the first question was sent then take no further request. Where the second question comes to nothing,
 *   the first goes on, and a third one is asked after as much time again.
 *   What changes something is not sent a second time for silence: the first might be carried out late, after what the caller
 *   does next, such as an unrevoke after a revoke.
 *   While connecting, an address of the authority's name that does not answer leaves at least half of connect_timeout_ms to
 *   the next one.
 *
 * Everything here is since version 0.1.0 unless it says otherwise.
 */
#ifndef MACHINEID_H
#define MACHINEID_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. mid_version() is that of the library that is loaded. */
#define MID_VERSION "0.1.0"

/*
 * What a call came to. Compare with the names below; a later version may add names but never changes a number.
 */
typedef int32_t mid_status;

enum {
    /* The authority answered; for mid_validate() with a decision, be it allow or deny. */
    MID_OK = 0,
    /* The authority answered with an API error, HTTP 4xx other than 408 and 429: unknown org key (401),
     * device_limit_reached (403), unknown device, ... */
    MID_REFUSED = 1,

    /* 100: what the caller gave cannot be used. Nothing was sent. */
    MID_INVALID_ARGUMENT = 100, /* a NULL that must not be, or an org key or device id that cannot be sent */
    MID_INVALID_OPTIONS = 101,  /* options that are not JSON, or an unknown key, wrong type or bad value in them */
    MID_NO_ORG_KEY = 102,       /* the environment variable with the org key is not set, or blank, or may not be read */

    /* 200: there is no answer, because the network gave none or the authority had none to give. */
    MID_RESOLVE_FAILED = 200,  /* the host name of the authority or of the proxy was not found */
    MID_CONNECT_FAILED = 201,  /* none: refused, unreachable, turned away by the proxy, or connect_timeout_ms passed */
    MID_TLS_FAILED = 202,      /* no trusted TLS connection: certificate, host name, pin or handshake */
    MID_TRANSFER_FAILED = 203, /* the connection broke before the reply was complete, or its chunks are wrong */
    MID_TIMEOUT = 204,         /* timeout_ms passed first */
    /* An outage, which is nobody's decision about the device: to the last try too, the authority, or what stands before
     * it, sent HTTP 408, 429 or 5xx. The message has that number, and the seconds that Retry-After asks for. */
    MID_UNAVAILABLE = 205,

    /* 300: there is no answer, because what came back is not one. */
    /* Not strict HTTP or JSON, no boolean `allowed`, a redirect, about another device, too large. Of a reply whose chunks are
     * wrong either this or MID_TRANSFER_FAILED is right: libcurl reports some such faults as a connection that broke. */
    MID_BAD_REPLY = 300,

    /* 400: there is no answer, for a reason on this side. */
    MID_CANCELLED = 400,     /* mid_client_cancel() or mid_client_free(); or a fork in the middle of the call, in the child */
    MID_OUT_OF_MEMORY = 401, /* memory was refused */
    MID_INTERNAL = 402       /* the system or a library below refused what cannot be done without; the message says what */
};

/*
 * A connection to one authority on behalf of one organisation.
 * Made by mid_client_new() or mid_client_from_env(), freed by mid_client_free(). Thread-safe.
 */
typedef struct mid_client mid_client;

/* ---- Version and names ------------------------------------------------------------------------------------------ */

/* The version of the loaded library, for example "0.1.0". Static; never NULL. */
const char *mid_version(void);

/* The name of a status, for example "MID_TIMEOUT"; "MID_UNKNOWN_STATUS" for any other number. Static; never NULL. */
const char *mid_status_name(mid_status status);

/* ---- Clients ---------------------------------------------------------------------------------------------------- */

/*
 * Makes a client. Sends and opens nothing: its first call does, and the first call of the process makes libcurl ready,
 * by curl_global_init(), and never undoes it.
 *
 * org_key   The organisation's key, "org_...". Not NULL. White space around it is trimmed; what is left must be 1 to
 *           512 bytes of printable ASCII without spaces. It is sent in the header x-org-key and nowhere else, and wiped
 *           from the library's own memory when the client goes; libcurl's buffers are not wiped.
 * options   NULL for the defaults, or a JSON object with any of these keys. An unknown or repeated key, a wrong type or
 *           a value outside its range is MID_INVALID_OPTIONS.
 *             "base_url"           string; "https://machineid.io". The authority. https, or http to a loopback address
 *                                  or localhost. No user, query or fragment; a path goes before those of the operations.
 *                                  White space around it is trimmed. A host name beyond ASCII is to be written xn--...
 *             "timeout_ms"         1 to 3600000; 10000. Wall clock over one call, everything included.
 *             "connect_timeout_ms" 1 to 3600000; 3000. For name, TCP, proxy and TLS of one attempt.
 *             "max_retries"        0 to 10; 2. Further attempts after a transport failure or an outage (HTTP 408, 429 or
 *                                  5xx, but for 501 and 505, which the next try gets too), with growing, jittered pauses.
 *                                  Retry-After is honoured: when it does not fit into timeout_ms, the call ends at once.
 *                                  An answer is never retried. A request that is lost with a kept connection is sent
 *                                  again at once and not counted, even with 0: all operations are idempotent.
 *             "ca_file"            string. A PEM file with certificate authorities; a regular file that can be read.
 *             "ca_path"            string. A directory of them, hashed as by "openssl rehash", or several joined by ":".
 *                                  Only the authorities in ca_file and ca_path are trusted. Without both, those in the
 *                                  file CURL_CA_BUNDLE, or else in SSL_CERT_FILE and SSL_CERT_DIR, as they are now; without
 *                                  these too, those in the system's file. A variable that names what cannot be used is
 *                                  MID_INVALID_OPTIONS, as an option is, unless no TLS is spoken.
 *             "pinned_public_key"  string, "sha256//BASE64" or several joined by ";". Accept no other server key.
 *             "proxy"              string, such as "http://proxy.example:3128", an http, https, socks4, socks4a, socks5
 *                                  or socks5h URL; "" for none. Default: https_proxy, HTTPS_PROXY, all_proxy or ALL_PROXY
 *                                  as they are now. An http base_url takes no proxy from the environment, and only a
 *                                  loopback one from here. White space around it is trimmed, as around no_proxy.
 *             "no_proxy"           string: hosts, comma-separated, that are reached without the proxy: names, which
 *                                  bring those below them along, addresses, and IPv4 networks such as 10.0.0.0/8; or "*"
 *                                  alone for all. No ports, and no other "*". Default: no_proxy or NO_PROXY as they are
 *                                  now.
 *             "user_agent"         string, printable ASCII, 1 to 256 bytes, not blank; "libmachineid/VERSION".
 *             "max_connections"    1 to 256; 64. Connections open at once, each made when it is needed; more calls than
 *                                  that wait their turn. Of many callers one works for all; once they need more than half
 *                                  of the connections, up to four do, on as many processors. For each of these up to
 *                                  eight connections more, for questions asked a second time: see "Silence" above.
 *             "max_connection_age_ms"  1000 to 86400000; 300000. An older connection takes no further request, so that
 *                                  a change of the authority's address takes effect; in whole seconds, rounded up, and it
 *                                  may be one more. A name's addresses are remembered for as long, a minute at most. A
 *                                  connection that has been idle for 30 s takes no further request either.
 * client    Where to put the client. Not NULL. *client is NULL unless the status is MID_OK.
 * json      See "json" above. NULL after MID_OK.
 *
 * MID_OK, MID_INVALID_ARGUMENT, MID_INVALID_OPTIONS, MID_OUT_OF_MEMORY.
 */
mid_status mid_client_new(const char *org_key, const char *options, mid_client **client, char **json);

/*
 * Makes a client with the org key from the environment variable MACHINEID_ORG_KEY.
 *
 * options   As for mid_client_new(), and one more key:
 *             "env_var"            string; "MACHINEID_ORG_KEY". The variable to read the org key from.
 *           Without "base_url", the variable MACHINEID_BASE_URL is used when it is set and not blank.
 * client, json   As for mid_client_new().
 *
 * MID_NO_ORG_KEY when the variable is not set or holds only white space, and always in a program with elevated privileges,
 * where the environment is not read; otherwise as mid_client_new().
 */
mid_status mid_client_from_env(const char *options, mid_client **client, char **json);

/*
 * Ends every call in flight on this client, and every call to come, with MID_CANCELLED. Returns at once; any thread may
 * call it, any number of times. There is no way back: make a new client. NULL does nothing.
 *
 * Not for signal handlers (it takes a lock). To stop many threads in order: cancel, join them, free.
 */
void mid_client_cancel(mid_client *client);

/*
 * Frees a client. Calls still in flight are cancelled and waited for, 250 ms at most; one that takes longer keeps what it
 * uses until it returns. No call may begin on the client afterwards, nor be just beginning: where threads may
 * be about to call, cancel, join them, free. NULL does nothing.
 */
void mid_client_free(mid_client *client);

/* ---- Operations --------------------------------------------------------------------------------------------------
 *
 * client      Not NULL.
 * device_id   Not NULL. Recommended form: service:env:role:instance. White space around it is trimmed; what is left must
 *             be 1 to 512 bytes of UTF-8.
 * json        See "json" above.
 *
 * Each returns MID_OK or MID_REFUSED when the authority answered, and otherwise MID_INVALID_ARGUMENT,
 * MID_RESOLVE_FAILED, MID_CONNECT_FAILED, MID_TLS_FAILED, MID_TRANSFER_FAILED, MID_TIMEOUT, MID_UNAVAILABLE,
 * MID_BAD_REPLY, MID_CANCELLED, MID_OUT_OF_MEMORY or MID_INTERNAL. After a failure the client works on.
 *
 * What the replies hold is the service's to say; the notes below are from the vendor's public pages. A reply to a question
 * about a device whose "deviceId" is a string must name that device, in any case of ASCII letters: any other is
 * MID_BAD_REPLY, since it may be the late or repeated answer to another question.
 */

/*
 * Registers a device with the organisation. Registering it again changes nothing, and does not restore a revoked device.
 * Over the plan's limit of devices: MID_REFUSED, with "error":"device_limit_reached".
 */
mid_status mid_register(mid_client *client, const char *device_id, char **json);

/*
 * May this device run now?
 *
 * allowed   Set to 0 on entry, and to 1 only with MID_OK after a complete 2xx reply that is a strict JSON object with
 *           "allowed":true. Not NULL. It is the one thing to gate on.
 *
 * MID_OK is a decision: with *allowed 0 it is a denial, and the reply's "code" ("DEVICE_REVOKED", "PLAN_FROZEN", ...)
 * and "request_id" belong in your log. With any other status there is no decision, and *allowed is 0.
 */
mid_status mid_validate(mid_client *client, const char *device_id, int *allowed, char **json);

/*
 * May each of these devices run now? Validates any number of devices in one call, within one `timeout_ms` for all of them:
 * `max_connections` at a time, less those that calls of other threads have taken meanwhile.
 *
 * device_ids  `count` device ids. Not NULL. One that is NULL or cannot be sent costs only that device its decision.
 * count       As many as you like; 0 asks nothing. timeout_ms is to be chosen for the number: with the default, 10000 devices
 *             have 8 ms each. A count that is impossible, such as a negative number converted to size_t, is
 *             MID_INVALID_ARGUMENT.
 * allowed     A row of `count` flags, each as with mid_validate(): 0 on entry, whatever else is wrong, and 1 only after the
 *             authority allowed that device. Not NULL. Each device fails closed on its own. Only with an impossible count are
 *             the flags not touched.
 * json        See "json" above, but for this: it is an array "[...]" of what mid_validate() would have given for each
 *             device, in order. Together the replies may take 64 MiB, or 1 KiB for each device where that is more; a device
 *             whose reply has no room has no decision, and MID_BAD_REPLY. Once time is over, writing it takes up to a
 *             microsecond more for each device without a decision.
 *
 * MID_OK when there is a decision for every device, be it allow or deny. Otherwise the status of the first device that has
 * none; the decisions of the others stand. But where the call as a whole fails, json is an object and no device is allowed:
 * when client, device_ids, allowed or count cannot be used (MID_INVALID_ARGUMENT), after MID_CANCELLED, and when the call
 * itself lacks memory or a descriptor (MID_OUT_OF_MEMORY, MID_INTERNAL).
 */
mid_status mid_validate_many(mid_client *client, const char *const *device_ids, size_t count, int *allowed, char **json);

/* Lists the organisation's devices, active and revoked. */
mid_status mid_list_devices(mid_client *client, char **json);

/* Revokes a device: from now on it is denied. */
mid_status mid_revoke(mid_client *client, const char *device_id, char **json);

/* Takes a revocation back. */
mid_status mid_unrevoke(mid_client *client, const char *device_id, char **json);

/* The same as mid_unrevoke(), under the name that the vendor's SDKs also give it. */
mid_status mid_restore(mid_client *client, const char *device_id, char **json);

/* Removes a device for good. */
mid_status mid_remove(mid_client *client, const char *device_id, char **json);

/* The organisation's plan: tier, state, limit, devices used. */
mid_status mid_usage(mid_client *client, char **json);

/* ---- Guards -------------------------------------------------------------------------------------------------------
 *
 * A guard keeps one device's permission fresh in the background, so that a hot loop can ask for it in nanoseconds.
 *
 *     mid_guard *guard = NULL;
 *     if (mid_guard_start(client, "worker:prod:queue-consumer:07", NULL, &guard, NULL) == MID_OK) {
 *         while (mid_guard_allowed(guard)) work();
 *     }
 *     mid_guard_stop(guard);
 *
 * A guard is one of:
 *   on      The last allow is younger than `max_age_ms`. Its age counts from the moment the question was sent.
 *   lapsed  It is older, because the authority could not be reached, was too slow or out, or answered with an error. The
 *           guard asks on, with growing, jittered pauses and heeding Retry-After, and is on again after the next allow.
 *   denied  The authority said no. This is final: a later unrevoke does not bring the guard back. Start a new one.
 *   ended   mid_client_cancel(), mid_client_free() or exit(); or this is a forked child. Final too.
 *
 * Threads: all guards of a client share one background thread, which comes with the first guard and goes with the last,
 * and is joined at exit(). It blocks all signals and calls nothing of yours. Any function here may be called from any
 * thread.
 * fork: in the child every guard is ended, at once and without a call, and its descriptor is readable (after fork();
 * after a bare clone() the descriptor is not). Start new guards there, on the same client. mid_guard_stop() in the child
 * does not free all memory.
 */

/*
 * A guard for one device. Made by mid_guard_start(), freed by mid_guard_stop(). Thread-safe.
 */
typedef struct mid_guard mid_guard;

/*
 * Validates once, in the call, and when the authority has decided makes a guard that goes on validating in the background.
 *
 * client     Not NULL. It may be freed before the guard, which ends it.
 * device_id  As for the operations above.
 * options    NULL for the defaults, or a JSON object with any of these keys; anything else is MID_INVALID_OPTIONS.
 *              "interval_ms"  20 to 3600000; 5000. From one check to the next, a tenth more or less by chance; the first
 *                             comes at any moment of the interval, so that many guards spread out. A check that takes
 *                             longer delays the next one, where max_age_ms leaves time for that.
 *              "max_age_ms"   40 to 2147483647, and 2 to 1000 times interval_ms; 3 times. How old an allow may be. A check is
 *                             one attempt, given the client's timeout_ms, and max_age_ms at most. Where it has no answer by
 *                             the time at which another one is needed, or the guard would lapse if this one hangs, that one
 *                             is made beside it; in its place where about half of the client's connections are in use. Two at a
 *                             time: a third takes the place of the first.
 * guard      Where to put the guard. Not NULL. *guard is NULL unless the status is MID_OK.
 * json       See "json" above: the reply to the first validate.
 *
 * MID_OK when there is a decision. When that was to deny, the guard is denied from the start: gate on
 * mid_guard_allowed(). Any other status is one of mid_validate()'s or MID_INVALID_OPTIONS, and there is no guard.
 */
mid_status mid_guard_start(mid_client *client, const char *device_id, const char *options, mid_guard **guard,
                           char **json);

/*
 * May the device run now? 1 while the guard is on, otherwise 0; NULL is 0. Takes no lock and costs one read of
 * CLOCK_BOOTTIME, some 30 ns; that is a system call only on a machine whose counter programs may not read. The clock goes on
 * while the machine is suspended, and no change of the wall clock moves it. Where the kernel wipes no memory on fork, a look
 * costs a getpid() as well.
 */
int mid_guard_allowed(const mid_guard *guard);

/*
 * A descriptor that becomes readable once the guard is denied or ended, and stays so, for poll, epoll, asyncio, libuv and
 * the like. A lapse does not make it readable. It is the guard's: do not read from it, close it or pass it on; it is
 * closed by mid_guard_stop(), which does not make it readable first: take it out of what polls it before. -1 when guard is
 * NULL or no descriptor is left. The same one each time, unless somebody has closed it all the same: then a new one, and what
 * stands under the old number now is left alone.
 */
int mid_guard_fd(mid_guard *guard);

/*
 * Waits until mid_guard_allowed() is 0.
 *
 * timeout_ms  How long to wait at most; 0 looks only, and less than 0 waits without limit.
 *
 * MID_OK when the guard is off (lapsed, denied or ended); MID_TIMEOUT when timeout_ms passed and it is on;
 * MID_INVALID_ARGUMENT when guard is NULL.
 */
mid_status mid_guard_wait(mid_guard *guard, int32_t timeout_ms);

/*
 * What the guard knows.
 *
 * allowed   As mid_guard_allowed(). Not NULL.
 * json      See "json" above; after MID_OK
 *             {"allowed":true,"state":"on","age_ms":1234,"checks":17,"failures":0,"decision":{...},"failure":null}
 *           state     "on", "lapsed", "denied" or "ended"
 *           age_ms    since the question was sent whose answer is `decision`
 *           checks    that were made, the first one included
 *           failures  checks since then that brought no decision
 *           decision  the authority's last decision, as it came
 *           failure   null, or why the last check brought none: the object that mid_validate() gives, or the authority's
 *                     error. In a forked child: why the guard is ended there.
 *
 * MID_OK, MID_INVALID_ARGUMENT or MID_OUT_OF_MEMORY.
 */
mid_status mid_guard_decision(mid_guard *guard, int *allowed, char **json);

/*
 * Stops a guard and frees it. A check under way is given up. Where it was the client's last guard, it waits for the
 * thread, 250 ms at most. Threads inside mid_guard_wait() return; no other call may begin or be going on. NULL does nothing.
 */
void mid_guard_stop(mid_guard *guard);

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

/* Frees a text that came out through a `json` parameter. NULL does nothing. */
void mid_free(char *json);

#ifdef __cplusplus
}
#endif

#endif
