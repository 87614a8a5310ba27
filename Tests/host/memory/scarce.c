/*
 * Memory is limited throughout: a fixed amount is available, from none at all to as much as is needed. The library asks
 * the libraries below only for what there is memory for, so none of their faults is met: see faults.h, which is not in
 * effect here.
 *
 *     scarce replies      reads replies
 *     scarce first        makes the first client of a process and its first call, in a new process for each amount
 *
 * Needs refuse.so preloaded, and base_url in CLIENT_OPTIONS.
 */
#include "children.h"
#include "decisions.h"
#include "server.h"

#include <dlfcn.h>

enum { BODY_BYTES = 100000, ALL_NEEDED = 100, MOST_BYTES = 100000000 };

static union {
    void *data;
    void (*function)(long);
} refuse_beyond;
static union {
    void *data;
    long (*function)(void);
} refuse_end;

static int times, enough;

static void say_where(const char *what, long bytes) {
    static char text[160];
    (void)snprintf(text, sizeof text, "%s, %ld bytes", what, bytes);
    check_about = text;
    times++;
}

static void expect_failure(mid_status status, char *json) {
    CHECK(status != MID_OK && status != MID_REFUSED);
    /* If jansson were refused memory, it would at best report that the text is not JSON. */
    if (!CHECK(json != NULL && strstr(json, "JSON") == NULL)) fprintf(stderr, "    %s\n", json != NULL ? json : "no text");
    check_failure(status, json, NULL);
}

/* ---- Replies ---- */

static char body[BODY_BYTES], reply[BODY_BYTES + 128];

/* Writes `part` this many times, separated by commas. A %d in it stands for its number. */
static void compose(const char *begin, const char *part, int parts, const char *end) {
    size_t length = (size_t)snprintf(body, sizeof body, "%s", begin);
    for (int n = 0; n < parts; n++) {
        const char *number = strstr(part, "%d");
        int before = number != NULL ? (int)(number - part) : (int)strlen(part);
        length += (size_t)snprintf(body + length, sizeof body - length, "%s%.*s", n > 0 ? "," : "", before, part);
        if (number != NULL) length += (size_t)snprintf(body + length, sizeof body - length, "%d%s", n, number + 2);
    }
    length += (size_t)snprintf(body + length, sizeof body - length, "%s", end);
    check_need(length < sizeof body - 1, "a shorter reply");
    (void)snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", length, body);
}

/* Reads a reply on an established connection, with more memory each time until it suffices. */
static void read_with_little(const char *what) {
    struct server server;
    mid_client *client;
    mid_status status = MID_OUT_OF_MEMORY;
    long bytes = 0, step = 64 + (long)strlen(body) / 4;
    server_start(&server, reply);
    server.closes = 0;
    client = server_client(&server, ",\"max_retries\":0");
    for (; status != MID_OK && bytes < MOST_BYTES; bytes += step) {
        char *json = NULL;
        say_where(what, bytes);
        CHECK_STATUS(MID_OK, mid_list_devices(client, NULL));
        refuse_beyond.function(bytes);
        status = mid_list_devices(client, &json);
        (void)refuse_end.function();
        if (status == MID_OK) {
            CHECK(json != NULL && strcmp(json, body) == 0);
            mid_free(json);
        } else {
            expect_failure(status, json);
        }
    }
    if (CHECK_STATUS(MID_OK, status)) enough++;
    printf("%s: %zu bytes of JSON, %ld of memory\n", what, strlen(body), bytes - step);
    mid_client_free(client);
    server_stop(&server);
}

static void replies(void) {
    static const struct {
        const char *what, *begin, *part;
        int parts;
        const char *end;
    } texts[] = {
        {"a small reply", "{\"a key of more than sixteen bytes\":", "\"and a text of more than thirty-two bytes\"", 1, "}"},
        {"empty objects", "[", "{}", 500, "]"},
        {"objects in objects", "[", "{\"\":{\"\":{\"\":{}}}}", 200, "]"},
        {"empty arrays", "[", "[]", 500, "]"},
        {"arrays in arrays", "[", "[[[[]]]]", 200, "]"},
        {"numbers", "[", "0", 1000, "]"},
        {"long numbers", "[", "12345678901234567890123456789012345678901", 200, "]"},
        {"a long text", "[\"", "%d", 5000, "\"]"},
        {"texts", "[", "\"seventeen bytes !\"", 500, "]"},
        {"keys", "{", "\"seventeen bytes and a number, %d\":0", 500, "}"},
        /* One more key than its hash table has room for, which takes the most memory for the size of the text. */
        {"keys of texts", "{", "\"%d\":\"\"", 513, "}"},
    };
    for (size_t n = 0; n < sizeof texts / sizeof *texts; n++) {
        compose(texts[n].begin, texts[n].part, texts[n].parts, texts[n].end);
        read_with_little(texts[n].what);
    }
}

/* ---- The first call ---- */

/* Returns whether the memory sufficed. Afterwards everything must work. */
static int first_call(long bytes) {
    mid_client *client = NULL;
    char *json = NULL;
    int allowed = 1;
    mid_status status;
    refuse_beyond.function(bytes);
    status = mid_client_from_env(getenv("CLIENT_OPTIONS"), &client, &json);
    if (status == MID_OK) status = mid_validate(client, "scarce:yes", &allowed, &json);
    (void)refuse_end.function();
    if (status == MID_OK) {
        CHECK(allowed == 1);
        json_decref(check_reply(json));
    } else {
        CHECK_STATUS(MID_OUT_OF_MEMORY, status);
        CHECK(client == NULL || allowed == 0);
        expect_failure(status, json);
    }
    mid_client_free(client);
    client = decisions_client();
    decide(client, "scarce:yes", 1);
    decide(client, "scarce:no", 0);
    mid_client_free(client);
    return status == MID_OK;
}

static void register_device(void) {
    pid_t child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) {
        mid_client *client = decisions_client();
        ask_about(mid_register, client, "scarce:yes");
        mid_client_free(client);
        child_done();
    }
    child_await(child, "the child that registers");
}

static void first_calls(void) {
    int status = 0;
    register_device();
    for (long bytes = 0; bytes < MOST_BYTES && enough == 0; bytes += 8192) {
        pid_t child = fork();
        check_need(child >= 0, "fork");
        say_where("the first call", bytes);
        if (child == 0) {
            atomic_store(&check_failed, 0);
            if (first_call(bytes) && atomic_load(&check_failed) == 0) _exit(ALL_NEEDED);
            child_done();
        }
        if (!CHECK(child_wait(child, &status) && WIFEXITED(status))) return;
        if (WEXITSTATUS(status) == ALL_NEEDED) enough++;
        else CHECK(WEXITSTATUS(status) == 0);
    }
    CHECK(enough == 1);
}

int main(int argument_count, char **arguments) {
    const char *what = argument_count > 1 ? arguments[1] : "";
    refuse_beyond.data = dlsym(RTLD_DEFAULT, "refuse_beyond");
    refuse_end.data = dlsym(RTLD_DEFAULT, "refuse_end");
    check_need(refuse_beyond.data && refuse_end.data, "refuse.so preloaded");
    if (strcmp(what, "replies") == 0) replies();
    if (strcmp(what, "first") == 0) first_calls();
    check_about = "";
    CHECK(enough > 0);
    printf("%d amounts, too little or just enough; %d checks failed\n", times, atomic_load(&check_failed));
    return atomic_load(&check_failed) == 0 ? 0 : 1;
}
