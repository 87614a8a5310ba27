/*
 * bare.h - a validate as a careful C programmer writes it with libcurl and jansson: a kept handle, the same bytes on
 * the wire as the library sends, and the same strict reading of the reply.
 */
#ifndef BARE_H
#define BARE_H

#include <curl/curl.h>
#include <jansson.h>
#include <machineid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bare {
    CURL *easy;
    struct curl_slist *headers;
    char body[64];
    char reply[8192];
    size_t length;
};

static inline void need(int holds, const char *what) {
    if (holds) return;
    perror(what);
    exit(1);
}

static inline const char *setting(const char *name) {
    const char *value = getenv(name);
    if (value == NULL) {
        fprintf(stderr, "%s is not set: start this through script/bench\n", name);
        exit(2);
    }
    return value;
}

static inline double seconds_now(void) {
    struct timespec now;
    need(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime");
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline size_t bare_receive(char *bytes, size_t size, size_t count, void *data) {
    struct bare *bare = data;
    if (bare->length + size * count >= sizeof bare->reply) return 0;
    memcpy(bare->reply + bare->length, bytes, size * count);
    bare->length += size * count;
    return size * count;
}

static inline void bare_open(struct bare *bare) {
    static const char *const lines[] = {"x-org-key: org_bench", "Content-Type: application/json"};
    char url[256];
    CURL *easy = curl_easy_init();
    need(easy != NULL, "curl_easy_init");
    memset(bare, 0, sizeof *bare);
    bare->easy = easy;
    for (size_t n = 0; n < sizeof lines / sizeof *lines; n++)
        bare->headers = curl_slist_append(bare->headers, lines[n]);
    (void)snprintf(url, sizeof url, "%s/api/v1/devices/validate", setting("MACHINEID_BASE_URL"));
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, bare->headers);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "libmachineid/" MID_VERSION);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* The limits are long because 64 handles that start at once read the certificate authorities for a second, and
     * longer on a busy machine. */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 60000L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 30000L);
    curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("CA_FILE"));
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, bare_receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, bare);
}

/* Makes the body of the next request with jansson, as the library does. */
static inline void bare_prepare(struct bare *bare, const char *device) {
    json_t *object = json_pack("{s:s}", "deviceId", device);
    size_t length = json_dumpb(object, bare->body, sizeof bare->body, JSON_COMPACT);
    need(length > 0 && length <= sizeof bare->body, "json_dumpb");
    json_decref(object);
    bare->length = 0;
    curl_easy_setopt(bare->easy, CURLOPT_POSTFIELDSIZE, (long)length);
    curl_easy_setopt(bare->easy, CURLOPT_POSTFIELDS, bare->body);
}

/* Returns 1 if the reply allows. */
static inline int bare_read(struct bare *bare) {
    long status = 0;
    int allowed;
    json_t *reply;
    curl_easy_getinfo(bare->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 != 2) return 0;
    reply = json_loadb(bare->reply, bare->length, JSON_REJECT_DUPLICATES, NULL);
    allowed = json_is_object(reply) && json_is_true(json_object_get(reply, "allowed"));
    json_decref(reply);
    return allowed;
}

static inline int bare_validate(struct bare *bare, const char *device) {
    bare_prepare(bare, device);
    return curl_easy_perform(bare->easy) == CURLE_OK && bare_read(bare);
}

static inline void bare_close(struct bare *bare) {
    curl_easy_cleanup(bare->easy);
    curl_slist_free_all(bare->headers);
}

static inline void bare_limit(struct bare *bare, long milliseconds, long connect_milliseconds) {
    curl_easy_setopt(bare->easy, CURLOPT_TIMEOUT_MS, milliseconds);
    curl_easy_setopt(bare->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_milliseconds);
}

/* A client of the library for the same authority. `more` holds further options in JSON: "" or "\"name\":value,...". */
static inline mid_client *client_with(const char *more) {
    const char *ca_file = getenv("CA_FILE");
    char options[512];
    char *json = NULL;
    mid_client *client = NULL;
    (void)snprintf(options, sizeof options, "{\"base_url\":\"%s\"%s%s%s%s%s}", setting("MACHINEID_BASE_URL"),
                   ca_file ? ",\"ca_file\":\"" : "", ca_file ? ca_file : "", ca_file ? "\"" : "",
                   *more ? "," : "", more);
    if (mid_client_new("org_bench", options, &client, &json) != MID_OK) {
        fprintf(stderr, "%s\n", json);
        exit(1);
    }
    return client;
}

/* A client with this many connections; 0 stands for the library's default. */
static inline mid_client *client_open(int connections) {
    char more[128];
    int length = snprintf(more, sizeof more, "\"timeout_ms\":60000,\"connect_timeout_ms\":30000");
    if (connections > 0)
        (void)snprintf(more + length, sizeof more - (size_t)length, ",\"max_connections\":%d", connections);
    return client_with(more);
}

#endif
