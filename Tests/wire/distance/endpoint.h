/* endpoint.h - listeners at addresses of this machine, some of which never answer a SYN. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "check.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

struct endpoint {
    struct sockaddr_storage address;
    socklen_t size;
};

static inline struct endpoint endpoint_at(const char *text, int port) {
    struct endpoint endpoint;
    struct sockaddr_in *four = (struct sockaddr_in *)&endpoint.address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&endpoint.address;
    memset(&endpoint, 0, sizeof endpoint);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        endpoint.size = sizeof *four;
    } else {
        check_need(inet_pton(AF_INET6, text, &six->sin6_addr) == 1, "an address");
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        endpoint.size = sizeof *six;
    }
    return endpoint;
}

static inline int endpoint_port(int socket) {
    struct endpoint endpoint = {.size = sizeof endpoint.address};
    check_need(getsockname(socket, (struct sockaddr *)&endpoint.address, &endpoint.size) == 0, "getsockname");
    if (endpoint.address.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&endpoint.address)->sin_port);
    return ntohs(((struct sockaddr_in6 *)&endpoint.address)->sin6_port);
}

static inline int endpoint_socket(const struct endpoint *endpoint, int more) {
    int made = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | more, 0);
    check_need(made >= 0, "socket");
    return made;
}

static inline int endpoint_listen(const char *text, int port) {
    struct endpoint endpoint = endpoint_at(text, port);
    int listener = endpoint_socket(&endpoint, 0), one = 1;
    check_need(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0, "SO_REUSEADDR");
    check_need(bind(listener, (struct sockaddr *)&endpoint.address, endpoint.size) == 0, text);
    check_need(listen(listener, 256) == 0, "listen");
    return listener;
}

/* ---- Holes: a listener whose queue is full, so that further connections get no reply ---- */

enum { HOLE_FILLERS = 8 };

struct hole {
    int fillers[HOLE_FILLERS];
};

static inline struct hole hole_make(int listener) {
    struct endpoint endpoint = {.size = sizeof endpoint.address};
    struct hole hole;
    check_need(listen(listener, 0) == 0, "listen");
    check_need(getsockname(listener, (struct sockaddr *)&endpoint.address, &endpoint.size) == 0, "getsockname");
    for (int n = 0; n < HOLE_FILLERS; n++) {
        hole.fillers[n] = endpoint_socket(&endpoint, SOCK_NONBLOCK);
        (void)connect(hole.fillers[n], (struct sockaddr *)&endpoint.address, endpoint.size);
    }
    return hole;
}

/* The listener accepts connections again, including those of fillers that were queued. */
static inline void hole_open(const struct hole *hole, int listener) {
    for (int n = 0; n < HOLE_FILLERS; n++) check_need(close(hole->fillers[n]) == 0, "close");
    check_need(listen(listener, 256) == 0, "listen");
}

#endif
