/*
 * After a client has been freed, its org key is gone from all of the library's memory: the library frees no block that
 * holds the key, and keeps none. What libcurl and the C library leave behind is counted and printed. Needs watch.so
 * preloaded.
 *
 *     wiped KEYFILE
 */
#include "operations.h"
#include "server.h"

#include <dlfcn.h>
#include <fcntl.h>

enum { MASK = 0xA5, MOST = 64, PLACES = 4 };

static unsigned char masked[MOST]; /* the masked key, so that the search does not find this copy */
static size_t length;
static struct server silent;

static void (*watch_for)(unsigned char, const unsigned char *, size_t);
static int (*watch_freed)(const char *);
static int (*watch_live)(const char *);
static void (*watch_report)(void);

static void find_watch(void) {
    union {
        void *data;
        void (*watch_for)(unsigned char, const unsigned char *, size_t);
        int (*count)(const char *);
        void (*report)(void);
    } found;
    found.data = dlsym(RTLD_DEFAULT, "watch_for");
    check_need(found.data != NULL, "watch.so preloaded");
    watch_for = found.watch_for;
    found.data = dlsym(RTLD_DEFAULT, "watch_freed");
    watch_freed = found.count;
    found.data = dlsym(RTLD_DEFAULT, "watch_live");
    watch_live = found.count;
    found.data = dlsym(RTLD_DEFAULT, "watch_report");
    watch_report = found.report;
}

static void read_key(const char *path) {
    int file = open(path, O_RDONLY);
    ssize_t count = read(file, masked, MOST - 1);
    check_need(count > 8 && close(file) == 0, path);
    length = (size_t)count;
    for (size_t n = 0; n < length; n++) masked[n] ^= MASK;
    watch_for(MASK, masked, length);
}

/* Makes the plain key, only for the duration of a call that takes it. */
static void unmask(char *text) {
    for (size_t n = 0; n < length; n++) text[n] = (char)(masked[n] ^ MASK);
    text[length] = '\0';
}

static mid_client *make(const char *options, mid_status expected) {
    char key[MOST];
    mid_client *client = NULL;
    unmask(key);
    CHECK_STATUS(expected, mid_client_new(key, options, &client, NULL));
    explicit_bzero(key, sizeof key);
    return client;
}

/* Does as a host does that reads its key from the environment; the copy in the environment is the host's. */
static mid_client *make_from_environment(const char *options) {
    char variable[MOST + 16] = "ORG_KEY=";
    mid_client *client = NULL;
    unmask(variable + strlen(variable));
    check_need(putenv(variable) == 0, "putenv");
    CHECK_STATUS(MID_OK, mid_client_from_env(options, &client, NULL));
    check_need(unsetenv("ORG_KEY") == 0, "unsetenv");
    explicit_bzero(variable, sizeof variable);
    return client;
}

static void use(mid_client *client) {
    for (int n = 0; n < OPERATIONS * 2; n++) {
        int allowed = 0;
        char *json = NULL;
        mid_status status = operation_call(&operations[n % OPERATIONS], client, "wiped", &allowed, &json);
        CHECK(status == MID_OK || status == MID_REFUSED);
        mid_free(json);
    }
}

static void *call_the_silent(void *client) {
    CHECK_STATUS(MID_CANCELLED, mid_usage(client, NULL));
    return NULL;
}

/* ---- The ways in which a client can be used and freed ---- */

static void used(void) {
    mid_client *client = make(getenv("CLIENT_OPTIONS"), MID_OK);
    use(client);
    mid_client_free(client);
}

static void unused(void) { mid_client_free(make(getenv("CLIENT_OPTIONS"), MID_OK)); }

static void from_environment(void) {
    char options[512];
    mid_client *client;
    (void)snprintf(options, sizeof options, "{\"env_var\":\"ORG_KEY\",%s", getenv("CLIENT_OPTIONS") + 1);
    client = make_from_environment(options);
    use(client);
    mid_client_free(client);
}

static void refused(void) {
    CHECK(make("{\"base_url\":\"http://192.0.2.1\"}", MID_INVALID_OPTIONS) == NULL);
    CHECK(make("{\"timeout_ms\":0}", MID_INVALID_OPTIONS) == NULL);
    CHECK(make("{\"ca_file\":\"/nowhere\"}", MID_INVALID_OPTIONS) == NULL);
    CHECK(make("{\"proxy\":\"ftp://x\"}", MID_INVALID_OPTIONS) == NULL);
}

static void failing(void) {
    mid_client *client = make("{\"base_url\":\"http://127.0.0.1:1\",\"max_retries\":1}", MID_OK);
    CHECK_STATUS(MID_CONNECT_FAILED, mid_usage(client, NULL));
    mid_client_free(client);
    client = make("{\"base_url\":\"https://127.0.0.1:1\",\"max_retries\":0}", MID_OK);
    CHECK_STATUS(MID_CONNECT_FAILED, mid_usage(client, NULL));
    mid_client_free(client);
}

static void freed_during_a_call(void) {
    char options[64];
    pthread_t thread;
    int before = server_requests(&silent);
    mid_client *client;
    (void)snprintf(options, sizeof options, "{\"base_url\":\"http://127.0.0.1:%d\"}", silent.port);
    client = make(options, MID_OK);
    check_need(pthread_create(&thread, NULL, call_the_silent, client) == 0, "pthread_create");
    server_await(&silent, before + 1);
    mid_client_free(client);
    check_need(pthread_join(thread, NULL) == 0, "pthread_join");
}

/* ---- The search ---- */

/* Counts the copies of the key in one mapping. It reads them in place, because a copy of the mapping would be found
 * too. */
static int copies(const unsigned char *start, const unsigned char *end) {
    int count = 0;
    for (const unsigned char *at = start; at + length <= end; at++) {
        size_t n = 0;
        while (n < length && at[n] == (masked[n] ^ MASK)) n++;
        count += n == length;
    }
    return count;
}

/* Asks the kernel whether a page can be read. Not everything in /proc/self/maps can: from glibc 2.42 on, a thread's
 * stack and the guard page at its end are one mapping. */
static int is_readable(int memory, unsigned long page) {
    char byte;
    return pread(memory, &byte, 1, (off_t)page) == 1;
}

/* Counts the copies of the key in the readable part of a mapping. */
static int copies_in_mapping(int memory, unsigned long start, unsigned long end) {
    unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE);
    int count = 0;
    while (start < end) {
        unsigned long stop = start;
        while (stop < end && is_readable(memory, stop)) stop += page;
        count += copies((const unsigned char *)start, (const unsigned char *)stop);
        start = stop + page;
    }
    return count;
}

/* Searches all writable memory of this process. The authority in this process receives the key, of course: its buffer
 * is on the heap. */
static void search(int found[PLACES]) {
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    check_need(maps != NULL && memory >= 0, "/proc/self/maps and mem");
    memset(found, 0, PLACES * sizeof *found);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        char rights[8];
        const char *name = strchr(line, '/');
        int place;
        check_need(sscanf(line, "%lx-%lx %7s", &start, &end, rights) == 3, "a mapping");
        if (strncmp(rights, "rw", 2) != 0) continue;
        place = strstr(line, "[stack]") != NULL ? 1 : name != NULL ? 2 : strstr(line, "[heap]") != NULL ? 0 : 3;
        found[place] += copies_in_mapping(memory, start, end);
    }
    check_need(fclose(maps) == 0 && close(memory) == 0, "close");
}

int main(int count, char **arguments) {
    static void (*const lives[])(void) = {used, unused, from_environment, refused, failing, freed_during_a_call};
    static const char *const names[] = {"used", "unused", "from the environment", "refused", "failing",
                                        "freed during a call"};
    int found[PLACES];
    check_need(count == 2, "a file with the key");
    find_watch();
    read_key(arguments[1]);
    server_start(&silent, NULL);
    for (size_t n = 0; n < sizeof lives / sizeof *lives; n++) {
        int freed_by_libcurl = watch_freed("libcurl");
        check_about = names[n];
        lives[n]();
        /* Without a call, libcurl has no data of its own yet: the lists of headers that it frees are the library's. */
        if (lives[n] == unused || lives[n] == refused) CHECK(watch_freed("libcurl") == freed_by_libcurl);
        CHECK(watch_freed("libmachineid") == 0);
        CHECK(watch_live("libmachineid") == 0);
        CHECK(watch_live("libcurl") == 0);
        CHECK(watch_live("libjansson") == 0);
    }
    check_about = "";
    server_stop(&silent);
    search(found);
    CHECK(found[2] == 0); /* the global variables of libraries */
    if (atomic_load(&check_failed) > 0) {
        watch_report();
        (void)check_done();
        return 1;
    }
    printf("none in the library's memory; freed by libcurl with the key inside: %d blocks; remaining copies: "
           "%d in the heap, %d in other anonymous memory, %d on the stack\n",
           watch_freed("libcurl"), found[0], found[3], found[1]);
    return 0;
}
