/*
 * server.h - an authority that answers every request with the same bytes, or reads requests and stays silent.
 *
 * It is for replies that no well-behaved server sends. It runs in one thread. server_start() makes it close a
 * connection after the reply; set `closes` to 0 to make it keep each connection until the client closes it.
 */
#ifndef SERVER_H
#define SERVER_H

#include "check.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* By default a client has up to 64 connections, and each of up to four threads may have eight more for requests that it
 * sends a second time. A reply of server_answer() has to fit into `http`. */
enum { SERVER_CONNECTIONS = 96, SERVER_REQUEST_BYTES = 8192 };

struct server {
    int listener;
    int stop[2];
    int port;
    pthread_t thread;
    pthread_mutex_t mutex; /* protects the members below */
    pthread_cond_t received;
    const char *reply; /* NULL: stay silent */
    char http[512];    /* the reply that server_answer() composes */
    int greets;        /* send the reply when a connection opens, before any request */
    int closes;        /* close the connection after the reply; server_start() sets it */
    int requests;
    int connections;
};

/* A request is complete when its head is, and as much of its body as Content-Length gives. */
static inline int server_is_whole(const char *request) {
    const char *end = strstr(request, "\r\n\r\n");
    const char *length = strstr(request, "Content-Length:");
    if (end == NULL) return 0;
    if (length == NULL || length > end) return 1;
    return strlen(end + 4) >= (size_t)strtoul(length + strlen("Content-Length:"), NULL, 10);
}

static inline void server_send(int connection, const char *bytes) {
    size_t left = strlen(bytes);
    while (left > 0) {
        ssize_t sent = send(connection, bytes, left, MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes += sent;
        left -= (size_t)sent;
    }
}

/* Reads available bytes of a request, and answers it once it is complete. Returns 0 when the connection is finished. */
static inline int server_serve(struct server *server, int connection, char *request) {
    size_t have = strlen(request);
    ssize_t count = recv(connection, request + have, SERVER_REQUEST_BYTES - 1 - have, 0);
    int closes = 0;
    if (count <= 0) return 0;
    request[have + (size_t)count] = '\0';
    if (!server_is_whole(request)) return 1;
    *request = '\0';

    check_need(pthread_mutex_lock(&server->mutex) == 0, "pthread_mutex_lock");
    server->requests++;
    if (server->reply != NULL) {
        server_send(connection, server->reply);
        closes = server->closes;
    }
    check_need(pthread_cond_broadcast(&server->received) == 0, "pthread_cond_broadcast");
    check_need(pthread_mutex_unlock(&server->mutex) == 0, "pthread_mutex_unlock");
    return !closes;
}

static inline void *server_run(void *argument) {
    struct server *server = argument;
    struct pollfd polled[2 + SERVER_CONNECTIONS] = {{server->stop[0], POLLIN, 0}, {server->listener, POLLIN, 0}};
    char(*requests)[SERVER_REQUEST_BYTES] = calloc(SERVER_CONNECTIONS, sizeof *requests);
    nfds_t count = 2;
    check_need(requests != NULL, "calloc");
    for (;;) {
        check_need(poll(polled, count, -1) > 0, "poll");
        if (polled[0].revents) break;
        for (nfds_t n = count; n-- > 2;) {
            if (!polled[n].revents || server_serve(server, polled[n].fd, requests[n - 2])) continue;
            check_need(close(polled[n].fd) == 0, "close");
            count--;
            polled[n] = polled[count];
            memmove(requests[n - 2], requests[count - 2], sizeof *requests);
        }
        if (polled[1].revents) {
            int connection = accept(server->listener, NULL, NULL);
            check_need(connection >= 0 && count < 2 + SERVER_CONNECTIONS, "accept");
            polled[count] = (struct pollfd){connection, POLLIN, 0};
            requests[count - 2][0] = '\0';
            count++;
            check_need(pthread_mutex_lock(&server->mutex) == 0, "pthread_mutex_lock");
            server->connections++;
            if (server->greets) server_send(connection, server->reply);
            check_need(pthread_mutex_unlock(&server->mutex) == 0, "pthread_mutex_unlock");
        }
    }
    while (count-- > 2) check_need(close(polled[count].fd) == 0, "close");
    free(requests);
    return NULL;
}

static inline void server_start(struct server *server, const char *reply) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    memset(server, 0, sizeof *server);
    server->reply = reply;
    server->closes = 1;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    check_need(server->listener >= 0, "socket");
    check_need(bind(server->listener, (struct sockaddr *)&address, size) == 0, "bind");
    check_need(listen(server->listener, SERVER_CONNECTIONS) == 0, "listen");
    check_need(getsockname(server->listener, (struct sockaddr *)&address, &size) == 0, "getsockname");
    server->port = ntohs(address.sin_port);
    check_need(pipe(server->stop) == 0, "pipe");
    check_need(pthread_mutex_init(&server->mutex, NULL) == 0, "pthread_mutex_init");
    check_need(pthread_cond_init(&server->received, NULL) == 0, "pthread_cond_init");
    check_need(pthread_create(&server->thread, NULL, server_run, server) == 0, "pthread_create");
}

/* From now on, replies with this body under this HTTP status. */
static inline void server_answer(struct server *server, const char *status, const char *type, const char *body) {
    int length;
    check_need(pthread_mutex_lock(&server->mutex) == 0, "pthread_mutex_lock");
    length = snprintf(server->http, sizeof server->http,
                      "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                      status, type, strlen(body), body);
    check_need(length > 0 && (size_t)length < sizeof server->http, "snprintf");
    server->reply = server->http;
    check_need(pthread_mutex_unlock(&server->mutex) == 0, "pthread_mutex_unlock");
}

/* Returns once it has received this many requests in all. */
static inline void server_await(struct server *server, int requests) {
    check_need(pthread_mutex_lock(&server->mutex) == 0, "pthread_mutex_lock");
    while (server->requests < requests)
        check_need(pthread_cond_wait(&server->received, &server->mutex) == 0, "pthread_cond_wait");
    check_need(pthread_mutex_unlock(&server->mutex) == 0, "pthread_mutex_unlock");
}

static inline int server_requests(struct server *server) {
    int requests;
    check_need(pthread_mutex_lock(&server->mutex) == 0, "pthread_mutex_lock");
    requests = server->requests;
    check_need(pthread_mutex_unlock(&server->mutex) == 0, "pthread_mutex_unlock");
    return requests;
}

static inline void server_stop(struct server *server) {
    check_need(write(server->stop[1], "", 1) == 1, "write");
    check_need(pthread_join(server->thread, NULL) == 0, "pthread_join");
    check_need(close(server->stop[0]) == 0 && close(server->stop[1]) == 0, "close");
    check_need(close(server->listener) == 0, "close");
}

/* A client of this authority. `more` holds further options, such as ",\"max_retries\":0". */
static inline mid_client *server_client(struct server *server, const char *more) {
    char options[512];
    (void)snprintf(options, sizeof options, "{\"base_url\":\"http://127.0.0.1:%d\"%s}", server->port, more);
    return check_client(options);
}

#endif
