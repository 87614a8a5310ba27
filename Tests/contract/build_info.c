/*
 * mid_build_info: called before anything else, by several threads at once, it gives one text, also in a child, in which
 * everything is as docs/security-updates.md says and as it is in this process.
 */
#include "check.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8 };

static pthread_barrier_t barrier;

static void *ask(void *unused) {
    (void)unused;
    (void)pthread_barrier_wait(&barrier);
    return (void *)(uintptr_t)mid_build_info();
}

/* Returns the text, which is the same for all threads. */
static const char *ask_on_threads(void) {
    pthread_t threads[THREADS];
    void *texts[THREADS];
    check_need(pthread_barrier_init(&barrier, NULL, THREADS) == 0, "pthread_barrier_init");
    for (int n = 0; n < THREADS; n++) check_need(pthread_create(&threads[n], NULL, ask, NULL) == 0, "pthread_create");
    for (int n = 0; n < THREADS; n++) check_need(pthread_join(threads[n], &texts[n]) == 0, "pthread_join");
    for (int n = 0; n < THREADS; n++) CHECK(texts[n] == texts[0]);
    return texts[0];
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* Checks that an object has exactly these keys, in this order. */
static void expect_keys(json_t *object, const char *const *keys) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (!CHECK(*keys != NULL && strcmp(key, *keys) == 0)) return;
        keys++;
    }
    CHECK(*keys == NULL);
}

/* Returns what the text says of a library below. */
static const char *version_of(const json_t *info, const char *library, int is_inside) {
    static const char *const keys[] = {"version", "where", "source", NULL};
    json_t *object = json_object_get(info, library);
    check_about = library;
    expect_keys(object, keys);
    CHECK(strcmp(text_of(object, "where"), is_inside ? "inside" : "system") == 0);
    CHECK(is_inside ? strlen(text_of(object, "source")) > 0 : json_is_null(json_object_get(object, "source")));
    CHECK(strlen(text_of(object, "version")) > 0);
    check_about = "";
    return text_of(object, "version");
}

static void expect_true(const char *text) {
    static const char *const keys[] = {"version", "libc", "arch", "libcurl", "tls", "jansson", NULL};
    union {
        void *data;
        const char *(*function)(void);
    } curl_version, jansson_version;
    json_t *info = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const char *version, *tls, *jansson;
    if (!CHECK(json_is_object(info))) return;
    expect_keys(info, keys);
    CHECK(strcmp(text_of(info, "version"), mid_version()) == 0);
#ifdef __GLIBC__
    CHECK(strcmp(text_of(info, "libc"), "glibc") == 0);
#else
    CHECK(strcmp(text_of(info, "libc"), "musl") == 0);
#endif
#ifdef __aarch64__
    CHECK(strcmp(text_of(info, "arch"), "arm64") == 0);
#else
    CHECK(strcmp(text_of(info, "arch"), "amd64") == 0);
#endif
    /* This program is not linked to libcurl, so a libcurl that it finds is the one that the library has loaded. */
    curl_version.data = dlsym(RTLD_DEFAULT, "curl_version");
    jansson_version.data = dlsym(RTLD_DEFAULT, "jansson_version_str");
    version = version_of(info, "libcurl", curl_version.data == NULL);
    tls = version_of(info, "tls", curl_version.data == NULL);
    jansson = version_of(info, "jansson", curl_version.data == NULL);
    if (curl_version.data != NULL) { /* "libcurl/7.88.1 OpenSSL/3.0.17 zlib/..." */
        char beginning[256];
        (void)snprintf(beginning, sizeof beginning, "libcurl/%s %s ", version, tls);
        CHECK(strncmp(curl_version.function(), beginning, strlen(beginning)) == 0);
        check_need(jansson_version.data != NULL, "jansson_version_str");
        CHECK(strcmp(jansson, jansson_version.function()) == 0);
    }
    json_decref(info);
}

int main(void) {
    const char *text = ask_on_threads();
    pid_t child;
    int status = 0;
    expect_true(text);
    mid_client_free(check_client(NULL));
    CHECK(mid_build_info() == text);
    child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) _exit(mid_build_info() == text ? 0 : 1);
    check_need(waitpid(child, &status, 0) == child, "waitpid");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    printf("%s\n", text);
    return check_done();
}
