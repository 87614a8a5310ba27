/*
 * The authority ends while a request is on a kept connection. libcurl sends such a request again by itself, on a new
 * connection, which cannot be made. The call reports that, as if there had been no kept connection.
 */
#include "authority.h"

static mid_client *client;

static void *ask(void *unused) {
    int allowed = 1;
    char *json = NULL;
    (void)unused;
    CHECK_STATUS(MID_CONNECT_FAILED, mid_validate(client, "w:1", &allowed, &json));
    CHECK(allowed == 0);
    CHECK(json != NULL && strstr(json, "no connection to the authority 127.0.0.1:") != NULL);
    mid_free(json);
    return NULL;
}

int main(void) {
    pthread_t thread;
    int allowed = 0, requests;
    struct authority *authority = authority_start();
    client = authority_client(authority, ",\"timeout_ms\":20000,\"max_retries\":0");
    atomic_store(&authority->mood, ALLOWS);
    /* After such an answer the next request is not sent a second time for 2.4 s. */
    atomic_store(&authority->delay_ms, 300);
    CHECK_STATUS(MID_OK, mid_validate(client, "w:1", &allowed, NULL));
    CHECK(allowed == 1);
    atomic_store(&authority->delay_ms, 0);
    atomic_store(&authority->mood, ENDS);
    requests = atomic_load(&authority->requests);
    check_need(pthread_create(&thread, NULL, ask, NULL) == 0, "pthread_create");
    check_need(pthread_join(thread, NULL) == 0, "pthread_join");
    CHECK(atomic_load(&authority->requests) == requests + 1);
    authority_stop(authority);
    mid_client_free(client);
    return check_done();
}
