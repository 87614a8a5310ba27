/*
 * For LD_PRELOAD: a libcurl whose curl_version_info() takes two milliseconds and aborts if two threads call it at the
 * same time. OTHER_CURL makes it look like another build: with "TLS", "AsynchDNS" or "threadsafe" it lacks that
 * feature, and with "age" it is libcurl 7.86.0.
 */
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static atomic_int inside;

/* In a forked child no thread is inside curl_version_info(). */
static void forget(void) { atomic_store(&inside, 0); }

__attribute__((constructor)) static void begin(void) {
    if (pthread_atfork(NULL, NULL, forget) != 0) abort();
}

static void tell(curl_version_info_data *other, const char *lacks) {
    if (strcmp(lacks, "TLS") == 0) other->features &= ~CURL_VERSION_SSL;
    if (strcmp(lacks, "AsynchDNS") == 0) other->features &= ~CURL_VERSION_ASYNCHDNS;
    if (strcmp(lacks, "threadsafe") == 0) other->features &= ~CURL_VERSION_THREADSAFE;
    if (strcmp(lacks, "age") == 0) {
        other->version = "7.86.0";
        other->version_num = 0x075600;
    }
}

curl_version_info_data *curl_version_info(CURLversion version) {
    static curl_version_info_data other;
    union {
        void *data;
        curl_version_info_data *(*function)(CURLversion);
    } real = {dlsym(RTLD_NEXT, "curl_version_info")};
    struct timespec pause = {0, 2000000};
    const char *lacks = getenv("OTHER_CURL");
    if (atomic_fetch_add(&inside, 1) != 0 || real.data == NULL || nanosleep(&pause, NULL) != 0) {
        fprintf(stderr, "other_curl: two threads at once, or no libcurl, or a signal\n");
        abort();
    }
    other = *real.function(version);
    if (lacks != NULL) tell(&other, lacks);
    atomic_fetch_sub(&inside, 1);
    return &other;
}
