/*
 * A nameserver that never answers, and calls with short timeouts: libcurl leaves a thread with two descriptors behind
 * for each look-up, until the system's resolver gives up. Their number in the process is bounded; a call that needs one
 * more waits, within its time. A call that needs no look-up does not wait.
 *
 * Needs a nameserver that never answers.
 */
#include "decisions.h"
#include "server.h"

#include <curl/curl.h>
#include <dirent.h>

enum { CALLS = 150, TIMEOUT_MS = 50, MOST = 40 };

static int entries(const char *folder) {
    DIR *listed = opendir(folder);
    int count = 0;
    check_need(listed != NULL, folder);
    while (readdir(listed) != NULL) count++;
    check_need(closedir(listed) == 0, "closedir");
    return count;
}

static void ask(mid_client *client, mid_status expected) {
    int allowed = 1;
    char *json = NULL;
    double took, began = check_now_ms();
    mid_status status = mid_validate(client, "lookups", &allowed, &json);
    took = check_now_ms() - began;
    if (expected == MID_OK) {
        CHECK_STATUS(MID_OK, status);
        mid_free(json);
        return;
    }
    CHECK_STATUS(expected, status);
    check_failure(status, json, "not connected yet");
    CHECK(allowed == 0);
    if (!CHECK(took <= TIMEOUT_MS + check_slack_ms())) fprintf(stderr, "    it took %.0f ms\n", took);
}

/* Spreads the calls over this many clients, one after the other. */
static void pile_up(int clients, const char *options, mid_status expected) {
    mid_client *client = NULL;
    int threads = entries("/proc/self/task"), descriptors = entries("/proc/self/fd");
    int most_threads = 0, most_descriptors = 0;
    for (int n = 0; n < CALLS; n++) {
        if (n % (CALLS / clients) == 0) {
            mid_client_free(client);
            client = check_client(options);
        }
        ask(client, expected);
        if (entries("/proc/self/task") > most_threads) most_threads = entries("/proc/self/task");
        if (entries("/proc/self/fd") > most_descriptors) most_descriptors = entries("/proc/self/fd");
    }
    mid_client_free(client);
    printf("at most %d more threads, %d more descriptors\n", most_threads - threads, most_descriptors - descriptors);
    CHECK(most_threads - threads <= MOST && most_descriptors - descriptors <= 2 * MOST + 8);
}

static atomic_int has_ended;

static void *ask_many(void *client) {
    enum { DEVICES = 64 };
    const char *devices[DEVICES];
    int allowed[DEVICES];
    for (int n = 0; n < DEVICES; n++) devices[n] = "lookups";
    CHECK_STATUS(MID_TIMEOUT, mid_validate_many(client, devices, DEVICES, allowed, NULL));
    for (int n = 0; n < DEVICES; n++) CHECK(allowed[n] == 0);
    atomic_store(&has_ended, 1);
    return NULL;
}

/* How many threads resolve one name: from 8.20 on libcurl asks for IPv4 and for IPv6 addresses in a thread each. */
static int threads_of_a_lookup(void) {
    return curl_version_info(CURLVERSION_NOW)->version_num >= 0x081400 ? 2 : 1;
}

/* As many calls at once as the client has connections: four look the name up, and the others wait for their result. */
static void at_once(void) {
    mid_client *client = check_client("{\"base_url\":\"https://silent.example\",\"timeout_ms\":500,\"max_retries\":0}");
    int threads = entries("/proc/self/task"), most = 0;
    pthread_t thread;
    check_need(pthread_create(&thread, NULL, ask_many, client) == 0, "pthread_create");
    while (!atomic_load(&has_ended)) {
        int more = entries("/proc/self/task") - threads;
        if (more > most) most = more;
    }
    check_need(pthread_join(thread, NULL) == 0, "pthread_join");
    mid_client_free(client);
    /* One thread more is the one that calls. */
    CHECK(most >= 2 && most <= 1 + 4 * threads_of_a_lookup());
}

int main(void) {
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"allowed\":false}";
    struct server server;
    char options[128];
    mid_client *local;
    server_start(&server, reply);
    server.closes = 0;
    (void)snprintf(options, sizeof options, "{\"base_url\":\"http://127.0.0.1:%d\"}", server.port);
    local = check_client(options);
    check_about = "at once";
    at_once();
    check_about = "short timeouts";
    pile_up(1, "{\"base_url\":\"https://silent.example\",\"timeout_ms\":50,\"max_retries\":0}", MID_TIMEOUT);
    ask(local, MID_OK);
    check_about = "several clients";
    pile_up(5, "{\"base_url\":\"https://silent.example\",\"timeout_ms\":50,\"max_retries\":0}", MID_TIMEOUT);
    ask(local, MID_OK);
    check_about = "";
    mid_client_free(local);
    server_stop(&server);
    return check_done();
}
