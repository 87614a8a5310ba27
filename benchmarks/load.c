/*
 * load.c - microseconds and KB until there is a first client, in a process that had nothing loaded.
 *
 *     load libraries    libcurl and jansson, initialised, with an easy and a multi handle: what any such program needs
 *     load ours         this library and mid_client_new
 *     load both         the first, timed; then the second, which is what is printed: what this library adds
 */
#include <curl/curl.h>
#include <dlfcn.h>
#include <machineid.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double microseconds(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static long resident_kb(void) {
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    (void)fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* A function of a library, as what it is. */
#define FIND(library, name) memcpy(&name, (void *[]){dlsym(library, #name)}, sizeof name)

static int load_libraries(void) {
    void *curl = dlopen("libcurl.so.4", RTLD_NOW), *jansson = dlopen("libjansson.so.4", RTLD_NOW);
    CURLcode (*curl_global_init)(long);
    CURL *(*curl_easy_init)(void);
    CURLM *(*curl_multi_init)(void);
    void (*json_object_seed)(size_t);
    if (curl == NULL || jansson == NULL) return 0;
    FIND(curl, curl_global_init);
    FIND(curl, curl_easy_init);
    FIND(curl, curl_multi_init);
    FIND(jansson, json_object_seed);
    json_object_seed(0);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK && curl_easy_init() != NULL && curl_multi_init() != NULL;
}

static int load_ours(void) {
    void *ours = dlopen("libmachineid.so.0", RTLD_NOW);
    mid_status (*mid_client_new)(const char *, const char *, mid_client **, char **);
    mid_client *client = NULL;
    if (ours == NULL) return 0;
    FIND(ours, mid_client_new);
    return mid_client_new("org_bench", NULL, &client, NULL) == MID_OK;
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    long memory = resident_kb();
    double from = microseconds();
    if (strcmp(what, "ours") != 0 && !load_libraries()) return 1;
    if (strcmp(what, "both") == 0) {
        memory = resident_kb();
        from = microseconds();
    }
    if (strcmp(what, "libraries") != 0 && !load_ours()) return 1;
    from = microseconds() - from;
    printf("%.1f %ld\n", from, resident_kb() - memory);
    return 0;
}
