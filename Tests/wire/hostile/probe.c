/*
 * probe BASE_URL OPERATION DEVICE [OPTIONS]
 *
 * Makes one call of the library in a process of its own, and shows whether its client works afterwards. OPERATION is
 * the name of a function without mid_; OPTIONS is a JSON object for mid_client_new(), without base_url. validate_many
 * also asks about "DEVICE:2". guard_start stops its guard at once; its "allowed" is that of the guard.
 *
 * PROBE_LOCALE in the environment is the locale of the process.
 *
 * It prints a line of JSON for each call as soon as the call has returned. After the first call it waits for a line on
 * stdin, so that the caller can change what the authority does. Then it makes three more calls with the same client: a
 * validate of "denied:DEVICE", a validate of "good:DEVICE", and the operation again for "good:DEVICE". The last line is
 * about the process.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <jansson.h>
#include <locale.h>
#include <machineid.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of longer replies, only the length and the checksum are printed. */
enum { LONGEST_TEXT = 65536 };

static const struct {
    const char *name;
    mid_status (*with_device)(mid_client *, const char *, char **);
    mid_status (*without)(mid_client *, char **);
} operations[] = {
    {"register", mid_register, NULL}, {"validate", NULL, NULL},
    {"revoke", mid_revoke, NULL},     {"unrevoke", mid_unrevoke, NULL},
    {"restore", mid_restore, NULL},   {"remove", mid_remove, NULL},
    {"usage", NULL, mid_usage},       {"list_devices", NULL, mid_list_devices},
    {"validate_many", NULL, NULL},    {"guard_start", NULL, NULL},
};

enum { OPERATIONS = sizeof operations / sizeof *operations };

static void fail(const char *what) {
    fprintf(stderr, "probe: %s\n", what);
    exit(2);
}

static void need(int holds, const char *what) {
    if (!holds) fail(what);
}

static double now_ms(void) {
    struct timespec now;
    need(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime failed");
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int entries(const char *path) {
    DIR *directory = opendir(path);
    int count = 0;
    need(directory != NULL, path);
    while (readdir(directory) != NULL) count++;
    need(closedir(directory) == 0, "closedir failed");
    return count;
}

static int open_descriptors(void) { return entries("/proc/self/fd"); }

/* mid_guard_stop() does not wait longer than 250 ms for a guard's thread that gets no processor, and the thread keeps
 * the client until it ends. */
static void await_threads(int count) {
    double limit = now_ms() + 10000;
    while (entries("/proc/self/task") > count && now_ms() < limit) (void)sched_yield();
}

/* CRC-32, as zlib computes it. */
static uint32_t checksum(const char *text, size_t length) {
    uint32_t value = UINT32_MAX;
    for (size_t n = 0; n < length; n++) {
        value ^= (unsigned char)text[n];
        for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ ((value & 1) != 0 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~value;
}

static void set(json_t *object, const char *key, json_t *value) {
    need(json_object_set_new(object, key, value) == 0, "out of memory");
}

static void print(json_t *line) {
    char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
    need(text != NULL, "the line cannot be written as JSON");
    need(puts(text) >= 0 && fflush(stdout) == 0, "stdout cannot be written");
    free(text);
    json_decref(line);
}

static int operation_named(const char *name) {
    for (int n = 0; n < OPERATIONS; n++)
        if (strcmp(operations[n].name, name) == 0) return n;
    fprintf(stderr, "probe: there is no operation \"%s\"; there are", name);
    for (int n = 0; n < OPERATIONS; n++) fprintf(stderr, " %s", operations[n].name);
    fprintf(stderr, "\n");
    exit(2);
}

static char *joined(const char *one, const char *other) {
    size_t size = strlen(one) + strlen(other) + 1;
    char *text = malloc(size);
    need(text != NULL, "out of memory");
    (void)snprintf(text, size, "%s%s", one, other);
    return text;
}

/* Makes the call. `allowed` is 1 on entry, so that a call that forgets to clear it is caught. */
static void call(mid_client *client, int which, const char *device) {
    int is_many = strcmp(operations[which].name, "validate_many") == 0;
    int is_guard = strcmp(operations[which].name, "guard_start") == 0;
    int decides = is_many || is_guard || strcmp(operations[which].name, "validate") == 0;
    char *second = joined(device, ":2");
    const char *devices[] = {device, second};
    int allowed[] = {1, 1};
    mid_guard *guard = (mid_guard *)client;
    char *reply = NULL;
    mid_status status;
    json_t *line = json_object();
    double began = now_ms();
    double took;

    if (operations[which].with_device != NULL)
        status = operations[which].with_device(client, device, &reply);
    else if (operations[which].without != NULL)
        status = operations[which].without(client, &reply);
    else if (is_many)
        status = mid_validate_many(client, devices, 2, allowed, &reply);
    else if (is_guard)
        status = mid_guard_start(client, device, "{\"interval_ms\":3600000}", &guard, &reply);
    else
        status = mid_validate(client, device, allowed, &reply);
    took = now_ms() - began;
    if (is_guard) {
        need((guard != NULL) == (status == MID_OK), "there is a guard without a decision, or none with one");
        *allowed = mid_guard_allowed(guard);
        mid_guard_stop(guard);
    }

    need(line != NULL, "out of memory");
    set(line, "status", json_string(mid_status_name(status)));
    set(line, "allowed", is_many ? json_pack("[ii]", allowed[0], allowed[1])
                         : decides ? json_integer(*allowed)
                                   : json_null());
    set(line, "ms", json_real(took));
    if (reply != NULL) {
        size_t length = strlen(reply);
        json_t *object = json_loadb(reply, length, JSON_REJECT_DUPLICATES, NULL);
        json_t *code = json_object_get(object, "code");
        json_t *message = json_object_get(object, "message");
        set(line, "code", code != NULL ? json_deep_copy(code) : json_null());
        set(line, "message", message != NULL ? json_deep_copy(message) : json_null());
        set(line, "bytes", json_integer((json_int_t)length));
        set(line, "checksum", json_integer(checksum(reply, length)));
        if (length <= LONGEST_TEXT) {
            json_t *whole = json_stringn(reply, length);
            set(line, "text", whole != NULL ? whole : json_null());
        }
        json_decref(object);
    }
    print(line);
    mid_free(reply);
    free(second);
}

static mid_client *client_for(const char *base_url, const char *options) {
    json_error_t error;
    json_t *object = json_loads(options, JSON_REJECT_DUPLICATES, &error);
    char *text;
    char *reason = NULL;
    mid_client *client = NULL;
    need(json_is_object(object), "OPTIONS is not a JSON object");
    set(object, "base_url", json_string(base_url));
    text = json_dumps(object, JSON_COMPACT);
    need(text != NULL, "out of memory");
    if (mid_client_new("org_hostile_test", text, &client, &reason) != MID_OK) fail(reason);
    mid_free(reason);
    free(text);
    json_decref(object);
    return client;
}

/* The peak of resident memory. getrusage() would also count the parent's memory before exec(). */
static long peak_kb(void) {
    char text[256];
    long kb = -1;
    FILE *status = fopen("/proc/self/status", "r");
    need(status != NULL, "/proc/self/status cannot be read");
    while (fgets(text, sizeof text, status) != NULL)
        if (strncmp(text, "VmHWM:", 6) == 0) kb = strtol(text + 6, NULL, 10);
    need(fclose(status) == 0 && kb > 0, "/proc/self/status has no VmHWM");
    return kb;
}

/* Prints what the calls left behind. */
static void print_process(double free_ms, int descriptors) {
    json_t *line = json_object();
    need(line != NULL, "out of memory");
    set(line, "free_ms", json_real(free_ms));
    set(line, "descriptors_left", json_integer(descriptors));
    set(line, "peak_kb", json_integer(peak_kb()));
    print(line);
}

int main(int count, char **arguments) {
    int which, validate, descriptors, threads, character;
    mid_client *client;
    char *denied, *good;
    double began, free_ms;
    if (getenv("PROBE_LOCALE") != NULL) need(setlocale(LC_ALL, getenv("PROBE_LOCALE")) != NULL, "there is no such locale");
    if (count != 4 && count != 5) fail("usage: probe BASE_URL OPERATION DEVICE [OPTIONS]");
    which = operation_named(arguments[2]);
    validate = operation_named("validate");
    denied = joined("denied:", arguments[3]);
    good = joined("good:", arguments[3]);

    descriptors = open_descriptors();
    threads = entries("/proc/self/task");
    client = client_for(arguments[1], count == 5 ? arguments[4] : "{}");
    call(client, which, arguments[3]);
    do character = getchar();
    while (character != '\n' && character != EOF);
    call(client, validate, denied);
    call(client, validate, good);
    call(client, which, good);
    began = now_ms();
    mid_client_free(client);
    free_ms = now_ms() - began;
    await_threads(threads);
    print_process(free_ms, open_descriptors() - descriptors);
    free(denied);
    free(good);
    return 0;
}
