/*
 * two - a program with two libcurls: its own, and the one inside libmachineid.a. It asks by both, in turn, from two
 * threads, each over TLS connections of its own. Exit status: 0 if each call of both had its answer.
 *
 *     two URL CA_FILE
 *
 * It prints the version of its own libcurl, and what mid_build_info() says of the other.
 */
#include <curl/curl.h>
#include <machineid.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { ROUNDS = 50, THREADS = 2 };

static const char *url, *ca_file;
static mid_client *client;
static atomic_int failed;

static size_t forget(char *bytes, size_t size, size_t count, void *unused) {
    (void)bytes;
    (void)unused;
    return size * count;
}

static void *ask_by_both(void *unused) {
    CURL *easy = curl_easy_init();
    if (easy == NULL || curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, forget) != CURLE_OK) {
        atomic_fetch_add(&failed, 1);
        return NULL;
    }
    for (int n = 0; n < ROUNDS; n++) {
        int allowed = 0;
        char *json = NULL;
        CURLcode code = curl_easy_perform(easy);
        mid_status status = mid_validate(client, "agent-01", &allowed, &json);
        if (code != CURLE_OK || status != MID_OK || allowed != 1) {
            fprintf(stderr, "its own: %s; libmachineid: %s\n", curl_easy_strerror(code), json != NULL ? json : "");
            atomic_fetch_add(&failed, 1);
        }
        mid_free(json);
    }
    curl_easy_cleanup(easy);
    return unused;
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    char options[4096];
    char *json = NULL;
    if (count != 3 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 2;
    url = arguments[1];
    ca_file = arguments[2];
    (void)snprintf(options, sizeof options, "{\"ca_file\":\"%s\"}", ca_file);
    if (mid_client_from_env(options, &client, &json) != MID_OK ||
        mid_register(client, "agent-01", NULL) != MID_OK) {
        fprintf(stderr, "%s\n", json != NULL ? json : "it is not registered");
        return 2;
    }
    mid_free(json);
    printf("%s\n%s\n", curl_version(), mid_build_info());
    for (int n = 0; n < THREADS; n++) {
        if (pthread_create(&threads[n], NULL, ask_by_both, NULL) != 0) return 2;
    }
    for (int n = 0; n < THREADS; n++) (void)pthread_join(threads[n], NULL);
    mid_client_free(client);
    curl_global_cleanup();
    return atomic_load(&failed) == 0 ? 0 : 1;
}
