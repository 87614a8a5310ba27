/*
 * scripted.h - an authority that follows a script: how it treats the first request, the second and so on, on any
 * connection. It runs in this process, with a thread for each connection.
 */
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include "endpoint.h"

#include <poll.h>
#include <pthread.h>

enum { SCRIPT_CONNECTIONS = 512, SCRIPT_ACTS = 32, SCRIPT_REQUEST = 4096 };

/* How one request is treated. A body without a status is sent as it is; without both there is no reply. */
struct act {
    const char *status, *body;
    int after;  /* wait until this many requests have come */
    int gate;   /* wait until the test has opened this many gates */
    int closes; /* close the connection afterwards */
};

#define ALLOWS_IT "{\"allowed\":true,\"code\":\"ALLOW\",\"request_id\":\"1\",\"deviceId\":\"agent\"}"
#define DENIES_IT "{\"allowed\":false,\"code\":\"DEVICE_REVOKED\",\"request_id\":\"2\",\"deviceId\":\"agent\"}"
#define ALLOWS_ANOTHER "{\"allowed\":true,\"code\":\"ALLOW\",\"request_id\":\"3\",\"deviceId\":\"another\"}"

struct scripted {
    int listener, port, stop[2];
    pthread_t thread;
    pthread_mutex_t mutex; /* protects the members below */
    pthread_cond_t changed;
    struct act acts[SCRIPT_ACTS];
    struct act rest; /* how later requests are treated */
    int acts_count;
    const char *mute; /* a request that contains this is never answered, whatever the script says */
    int muted;        /* the number of such requests */
    int requests, answers, gates;
    int connections; /* accepted so far */
    int is_over;
    int open[SCRIPT_CONNECTIONS];
    pthread_t threads[SCRIPT_CONNECTIONS];
};

struct scripted_connection {
    struct scripted *scripted;
    int number;
};

static inline void scripted_lock(struct scripted *scripted) {
    check_need(pthread_mutex_lock(&scripted->mutex) == 0, "pthread_mutex_lock");
}

static inline void scripted_unlock(struct scripted *scripted) {
    check_need(pthread_cond_broadcast(&scripted->changed) == 0, "pthread_cond_broadcast");
    check_need(pthread_mutex_unlock(&scripted->mutex) == 0, "pthread_mutex_unlock");
}

static inline int scripted_send(int connection, const struct act *act) {
    char reply[1024];
    int length;
    if (act->status == NULL)
        length = snprintf(reply, sizeof reply, "%s", act->body);
    else
        length = snprintf(reply, sizeof reply, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", act->status,
                          strlen(act->body), act->body);
    return send(connection, reply, (size_t)length, MSG_NOSIGNAL) == length && !act->closes;
}

/* Returns whether the connection stays open. */
static inline int scripted_play(struct scripted *scripted, int connection) {
    struct act act;
    int goes_on = 1;
    scripted_lock(scripted);
    act = scripted->requests < scripted->acts_count ? scripted->acts[scripted->requests] : scripted->rest;
    scripted->requests++;
    check_need(pthread_cond_broadcast(&scripted->changed) == 0, "pthread_cond_broadcast");
    while (!scripted->is_over && (scripted->requests < act.after || scripted->gates < act.gate))
        check_need(pthread_cond_wait(&scripted->changed, &scripted->mutex) == 0, "pthread_cond_wait");
    if (scripted->is_over) goes_on = 0;
    if (goes_on && act.body != NULL) {
        goes_on = scripted_send(connection, &act);
        scripted->answers++;
    }
    scripted_unlock(scripted);
    return goes_on;
}

static inline int scripted_is_mute(struct scripted *scripted, const char *request) {
    int is_mute;
    scripted_lock(scripted);
    is_mute = scripted->mute != NULL && strstr(request, scripted->mute) != NULL;
    scripted->muted += is_mute;
    scripted_unlock(scripted);
    return is_mute;
}

static inline void *scripted_serve(void *argument) {
    struct scripted_connection served = *(struct scripted_connection *)argument;
    int connection = served.scripted->open[served.number];
    char request[SCRIPT_REQUEST];
    size_t have = 0;
    free(argument);
    for (;;) {
        ssize_t count = recv(connection, request + have, sizeof request - 1 - have, 0);
        const char *end;
        if (count <= 0) break;
        have += (size_t)count;
        request[have] = '\0';
        end = strstr(request, "\r\n\r\n");
        if (end == NULL || (*request == 'P' && strchr(end + 4, '}') == NULL)) continue; /* a POST has a body */
        have = 0;
        if (scripted_is_mute(served.scripted, request)) continue;
        if (!scripted_play(served.scripted, connection)) break;
    }
    /* scripted_stop() closes the descriptor after it has joined this thread. */
    (void)shutdown(connection, SHUT_RDWR);
    return NULL;
}

static inline void scripted_accept(struct scripted *scripted) {
    struct scripted_connection *served = malloc(sizeof *served);
    int one = 1, number, connection = accept4(scripted->listener, NULL, NULL, SOCK_CLOEXEC);
    check_need(connection >= 0 && served != NULL, "accept");
    (void)setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    scripted_lock(scripted);
    number = scripted->connections++;
    check_need(number < SCRIPT_CONNECTIONS, "fewer connections");
    scripted->open[number] = connection;
    *served = (struct scripted_connection){scripted, number};
    check_need(pthread_create(&scripted->threads[number], NULL, scripted_serve, served) == 0, "pthread_create");
    scripted_unlock(scripted);
}

static inline void *scripted_run(void *argument) {
    struct scripted *scripted = argument;
    struct pollfd polled[2] = {{scripted->stop[0], POLLIN, 0}, {scripted->listener, POLLIN, 0}};
    for (;;) {
        check_need(poll(polled, 2, -1) > 0, "poll");
        if (polled[0].revents != 0) return NULL;
        scripted_accept(scripted);
    }
}

/* Accepts no further connection. Afterwards the listener may be closed, or made a hole. */
static inline void scripted_accept_no_more(struct scripted *scripted) {
    if (scripted->stop[1] < 0) return;
    check_need(write(scripted->stop[1], "", 1) == 1, "write");
    check_need(pthread_join(scripted->thread, NULL) == 0, "pthread_join");
    check_need(close(scripted->stop[0]) == 0 && close(scripted->stop[1]) == 0, "close");
    scripted->stop[1] = -1;
}

static inline void scripted_close(struct scripted *scripted) {
    if (scripted->listener >= 0) check_need(close(scripted->listener) == 0, "close");
    scripted->listener = -1;
}

static inline struct scripted *scripted_start(void) {
    struct scripted *scripted = calloc(1, sizeof *scripted);
    pthread_condattr_t monotonic;
    check_need(scripted != NULL, "calloc");
    scripted->listener = endpoint_listen("127.0.0.1", 0);
    scripted->port = endpoint_port(scripted->listener);
    scripted->rest = (struct act){.status = "200 OK", .body = ALLOWS_IT};
    check_need(pthread_mutex_init(&scripted->mutex, NULL) == 0, "pthread_mutex_init");
    check_need(pthread_condattr_init(&monotonic) == 0, "pthread_condattr_init");
    check_need(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0, "pthread_condattr_setclock");
    check_need(pthread_cond_init(&scripted->changed, &monotonic) == 0, "pthread_cond_init");
    check_need(pipe(scripted->stop) == 0, "pipe");
    check_need(pthread_create(&scripted->thread, NULL, scripted_run, scripted) == 0, "pthread_create");
    return scripted;
}

static inline void scripted_stop(struct scripted *scripted) {
    scripted_accept_no_more(scripted);
    scripted_close(scripted);
    scripted_lock(scripted);
    scripted->is_over = 1;
    scripted_unlock(scripted);
    for (int n = 0; n < scripted->connections; n++) {
        (void)shutdown(scripted->open[n], SHUT_RDWR);
        check_need(pthread_join(scripted->threads[n], NULL) == 0, "pthread_join");
        check_need(close(scripted->open[n]) == 0, "close");
    }
    free(scripted);
}

/* Sets a new script, and counts requests from 0 again. */
static inline void scripted_set(struct scripted *scripted, const struct act *acts, int count, struct act rest) {
    check_need(count <= SCRIPT_ACTS, "fewer acts");
    scripted_lock(scripted);
    memcpy(scripted->acts, acts, (size_t)count * sizeof *acts);
    scripted->acts_count = count;
    scripted->rest = rest;
    scripted->requests = scripted->answers = scripted->gates = 0;
    scripted_unlock(scripted);
}

static inline void scripted_open_gate(struct scripted *scripted) {
    scripted_lock(scripted);
    scripted->gates++;
    scripted_unlock(scripted);
}

/* Waits until *count, one of the counters above, is this high. Returns 0 if it is not after 20 s. */
static inline int scripted_await(struct scripted *scripted, const int *count, int enough) {
    struct timespec until;
    int holds;
    check_need(clock_gettime(CLOCK_MONOTONIC, &until) == 0, "clock_gettime");
    until.tv_sec += 20;
    scripted_lock(scripted);
    while (*count < enough && pthread_cond_timedwait(&scripted->changed, &scripted->mutex, &until) == 0) continue;
    holds = *count >= enough;
    scripted_unlock(scripted);
    return holds;
}

static inline int scripted_requests(struct scripted *scripted) {
    int requests;
    scripted_lock(scripted);
    requests = scripted->requests;
    scripted_unlock(scripted);
    return requests;
}

/* A client of this authority. `more` holds further options, such as ",\"max_retries\":0". */
static inline mid_client *scripted_client(struct scripted *scripted, const char *more) {
    char options[512];
    (void)snprintf(options, sizeof options, "{\"base_url\":\"http://127.0.0.1:%d\"%s}", scripted->port, more);
    return check_client(options);
}

#endif
