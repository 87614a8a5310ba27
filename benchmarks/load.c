/*
 * load.c - measures the microseconds until there is a first client, in a process that had nothing loaded, and KB of
 * memory: everything that has become resident, and the part of it that is no page of another file. Pages of other files
 * are shared by all processes, and the kernel brings in 16 of them around each that is touched.
 *
 *     load empty        a library with nothing in it, empty.so
 *     load libraries    libcurl and jansson, initialised, with an easy and a multi handle, which any such program needs
 *     load ours         this library and mid_client_new()
 *     load both         what this library adds after libcurl and jansson
 *     load call         the same, with a first call of each to MACHINEID_BASE_URL
 *     load first        this library, and its first call
 *     load libraries-call   libcurl and jansson, and a first call with libcurl
 *
 * With CA_FILE, that file has the certificate authorities.
 */
#include <curl/curl.h>
#include <dlfcn.h>
#include <machineid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double microseconds(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* In KB. Own memory is the pages of empty.so or libmachineid.so, and those that belong to no file. */
struct memory {
    long resident, own;
};

static struct memory memory_now(void) {
    struct memory memory = {0, 0};
    char line[4096];
    int is_own = 0;
    FILE *file = fopen("/proc/self/smaps", "r");
    if (file == NULL) return memory;
    while (fgets(line, sizeof line, file) != NULL) {
        long amount;
        if (strchr("0123456789abcdef", *line) != NULL) /* the line of a mapping, which ends with its file's path */
            is_own = strstr(line, "/empty.so") != NULL || strstr(line, "/libmachineid.so") != NULL;
        if (sscanf(line, "Rss: %ld", &amount) == 1) memory.resident += amount;
        if (sscanf(line, is_own ? "Rss: %ld" : "Anonymous: %ld", &amount) == 1) memory.own += amount;
    }
    (void)fclose(file);
    return memory;
}

/* Whether a call is to be made. */
static int calls;

/* Finds a function of a library, with its own type. */
#define FIND(library, name) memcpy(&name, (void *[]){dlsym(library, #name)}, sizeof name)

static size_t forget(const char *bytes, size_t size, size_t count, void *unused) {
    (void)bytes;
    (void)unused;
    return size * count;
}

static int call_with(void *curl, CURL *easy) {
    CURLcode (*curl_easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*curl_easy_perform)(CURL *);
    FIND(curl, curl_easy_setopt);
    FIND(curl, curl_easy_perform);
    if (getenv("CA_FILE") != NULL && curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("CA_FILE")) != CURLE_OK) return 0;
    return curl_easy_setopt(easy, CURLOPT_URL, getenv("MACHINEID_BASE_URL")) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, forget) == CURLE_OK && curl_easy_perform(easy) == CURLE_OK;
}

static int load_libraries(void) {
    void *curl = dlopen("libcurl.so.4", RTLD_NOW), *jansson = dlopen("libjansson.so.4", RTLD_NOW);
    CURLcode (*curl_global_init)(long);
    CURL *(*curl_easy_init)(void);
    CURLM *(*curl_multi_init)(void);
    void (*json_object_seed)(size_t);
    CURL *easy;
    if (curl == NULL || jansson == NULL) return 0;
    FIND(curl, curl_global_init);
    FIND(curl, curl_easy_init);
    FIND(curl, curl_multi_init);
    FIND(jansson, json_object_seed);
    json_object_seed(0);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 0;
    easy = curl_easy_init();
    return easy != NULL && curl_multi_init() != NULL && (!calls || call_with(curl, easy));
}

static int load_ours(void) {
    void *ours = dlopen("libmachineid.so.0", RTLD_NOW);
    mid_status (*mid_client_new)(const char *, const char *, mid_client **, char **);
    mid_status (*mid_validate)(mid_client *, const char *, int *, char **);
    mid_client *client = NULL;
    const char *ca_file = getenv("CA_FILE");
    char options[1024];
    int allowed = 0;
    if (ours == NULL) return 0;
    FIND(ours, mid_client_new);
    FIND(ours, mid_validate);
    (void)snprintf(options, sizeof options, "{\"base_url\":\"%s\"%s%s%s}", getenv("MACHINEID_BASE_URL"),
                   ca_file != NULL ? ",\"ca_file\":\"" : "", ca_file != NULL ? ca_file : "",
                   ca_file != NULL ? "\"" : "");
    if (mid_client_new("org_bench", calls ? options : NULL, &client, NULL) != MID_OK) return 0;
    return !calls || (mid_validate(client, "agent-01", &allowed, NULL) == MID_OK && allowed);
}

static int load_empty(void) { return dlopen("empty.so", RTLD_NOW) != NULL; }

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    int (*load)(void) = strcmp(what, "empty") == 0           ? load_empty
                        : strncmp(what, "libraries", 9) == 0 ? load_libraries
                                                             : load_ours;
    struct memory before, after;
    double from;
    calls = strcmp(what, "call") == 0 || strcmp(what, "first") == 0 || strcmp(what, "libraries-call") == 0;
    if ((strcmp(what, "call") == 0 || strcmp(what, "both") == 0) && !load_libraries()) return 1;
    /* The memory that this function itself needs is allocated now. */
    (void)memory_now();
    before = memory_now();
    from = microseconds();
    if (!load()) return 1;
    from = microseconds() - from;
    after = memory_now();
    printf("%.1f %ld %ld\n", from, after.resident - before.resident, after.own - before.own);
    return 0;
}
