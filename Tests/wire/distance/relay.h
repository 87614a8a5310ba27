/*
 * relay.h - a relay in a process of its own, between a client and an authority, that imitates a distant network: it
 * delays requests, silently forgets connections, and can leave connection attempts unanswered.
 *
 * Only one thread of a test may give orders. An order has been carried out when relay_tell() returns.
 */
#ifndef RELAY_H
#define RELAY_H

#include "endpoint.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum relay_order {
    FORGET,  /* all existing connections, for good: no byte, no FIN and no RST gets through any more */
    SWALLOW, /* new connections get no reply */
    ANSWER,  /* new connections get replies again */
    OPEN,    /* returns the number of open connections that are not forgotten */
    ACCEPTED, /* returns the number of connections ever accepted */
    CARRIED  /* returns how often bytes of a client were forwarded to the authority */
};

struct relay {
    pid_t process;
    int channel;
    int port;
};

enum { RELAY_PAIRS = 1024, RELAY_BYTES = 32768, RELAY_HEAD = 4096 };

struct relay_pair {
    int client, authority; /* -1: none; the authority's end of a forgotten pair is closed */
    int is_forgotten;
    double due; /* when the bytes from the client are forwarded; 0: there are none */
    size_t held;
    char head[RELAY_HEAD]; /* the head of a request to a proxy, or the held bytes */
};

/* The state of the relay's process. */
static struct {
    struct relay_pair pairs[RELAY_PAIRS];
    int used; /* the pairs from here on were never used */
    int listener, channel, target, is_proxy, delay_ms, swallows;
    struct hole hole;
    int accepted, carried;
} relay_here;

static inline void relay_send(int to, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = send(to, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes += sent;
        count -= (size_t)sent;
    }
}

static inline void relay_close(int *descriptor) {
    if (*descriptor >= 0) (void)close(*descriptor);
    *descriptor = -1;
}

static inline int relay_reach(void) {
    struct endpoint target = endpoint_at("127.0.0.1", relay_here.target);
    int reached = endpoint_socket(&target, 0), one = 1;
    if (connect(reached, (struct sockaddr *)&target.address, target.size) != 0) relay_close(&reached);
    if (reached >= 0) (void)setsockopt(reached, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return reached;
}

static inline void relay_accept(void) {
    int one = 1, client = accept4(relay_here.listener, NULL, NULL, SOCK_CLOEXEC);
    struct relay_pair *pair = relay_here.pairs;
    if (client < 0) return;
    while (pair < relay_here.pairs + RELAY_PAIRS && pair->client >= 0) pair++;
    check_need(pair < relay_here.pairs + RELAY_PAIRS, "fewer connections");
    if (pair == relay_here.pairs + relay_here.used) relay_here.used++;
    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *pair = (struct relay_pair){.client = client, .authority = relay_here.is_proxy ? -1 : relay_reach()};
    relay_here.accepted++;
    if (!relay_here.is_proxy && pair->authority < 0) relay_close(&pair->client);
}

/* Serves CONNECT to any destination. Returns 0 when the pair is finished. */
static inline int relay_tunnel(struct relay_pair *pair) {
    ssize_t count = recv(pair->client, pair->head + pair->held, sizeof pair->head - 1 - pair->held, 0);
    if (count <= 0) return 0;
    pair->held += (size_t)count;
    pair->head[pair->held] = '\0';
    if (strstr(pair->head, "\r\n\r\n") == NULL) return pair->held < sizeof pair->head - 1;
    pair->held = 0;
    pair->authority = relay_reach();
    if (strncmp(pair->head, "CONNECT ", 8) != 0 || pair->authority < 0) return 0;
    relay_send(pair->client, "HTTP/1.1 200 OK\r\n\r\n", strlen("HTTP/1.1 200 OK\r\n\r\n"));
    return 1;
}

/* Holds bytes from a client until their delay is over. Until then nothing more is read from the client. */
static inline int relay_hold(struct relay_pair *pair) {
    ssize_t count = recv(pair->client, pair->head, sizeof pair->head, 0);
    if (count <= 0) return 0;
    pair->held = (size_t)count;
    pair->due = check_now_ms() + relay_here.delay_ms;
    return 1;
}

static inline int relay_back(struct relay_pair *pair) {
    char bytes[RELAY_BYTES];
    ssize_t count = recv(pair->authority, bytes, sizeof bytes, 0);
    if (count <= 0) return 0;
    relay_send(pair->client, bytes, (size_t)count);
    return 1;
}

static inline int relay_count(void) {
    int count = 0;
    for (int n = 0; n < relay_here.used; n++)
        count += relay_here.pairs[n].client >= 0 && !relay_here.pairs[n].is_forgotten;
    return count;
}

static inline int relay_forget(void) {
    int count = relay_count();
    for (int n = 0; n < relay_here.used; n++) {
        struct relay_pair *pair = &relay_here.pairs[n];
        if (pair->client < 0) continue;
        pair->is_forgotten = 1;
        pair->due = 0;
        relay_close(&pair->authority);
    }
    return count;
}

static inline int relay_obey(enum relay_order order) {
    switch (order) {
    case FORGET: return relay_forget();
    case SWALLOW:
        if (!relay_here.swallows) relay_here.hole = hole_make(relay_here.listener);
        relay_here.swallows = 1;
        return 0;
    case ANSWER:
        if (relay_here.swallows) hole_open(&relay_here.hole, relay_here.listener);
        relay_here.swallows = 0;
        return 0;
    case OPEN: return relay_count();
    case ACCEPTED: return relay_here.accepted;
    default: return relay_here.carried;
    }
}

/* Forwards the bytes whose delay is over; returns how many milliseconds to wait for the next. */
static inline int relay_carry(void) {
    double now = check_now_ms(), first = now + 60000;
    for (int n = 0; n < relay_here.used; n++) {
        struct relay_pair *pair = &relay_here.pairs[n];
        if (pair->client < 0 || pair->due == 0) continue;
        if (pair->due <= now) {
            relay_here.carried++;
            relay_send(pair->authority, pair->head, pair->held);
            pair->due = 0;
        } else if (pair->due < first) {
            first = pair->due;
        }
    }
    return (int)(first - now) + 1;
}

static inline void relay_look(struct relay_pair *pair, const struct pollfd *client, const struct pollfd *authority) {
    int lives = 1;
    /* On a forgotten pair, the relay notices only that the client has closed it. */
    if (pair->is_forgotten) {
        if (client->revents != 0) relay_close(&pair->client);
        return;
    }
    if (authority->revents != 0) lives = relay_back(pair);
    if (lives && client->revents != 0)
        lives = relay_here.is_proxy && pair->authority < 0 ? relay_tunnel(pair) : relay_hold(pair);
    if (lives) return;
    relay_close(&pair->client);
    relay_close(&pair->authority);
}

static inline _Noreturn void relay_run(void) {
    static struct pollfd polled[2 + 2 * RELAY_PAIRS];
    for (;;) {
        int wait = relay_carry(), used = relay_here.used;
        polled[0] = (struct pollfd){relay_here.channel, POLLIN, 0};
        polled[1] = (struct pollfd){relay_here.swallows ? -1 : relay_here.listener, POLLIN, 0};
        for (int n = 0; n < used; n++) {
            const struct relay_pair *pair = &relay_here.pairs[n];
            short events = pair->is_forgotten ? POLLRDHUP : POLLIN;
            polled[2 + 2 * n] = (struct pollfd){pair->due != 0 ? -1 : pair->client, events, 0};
            polled[3 + 2 * n] = (struct pollfd){pair->client < 0 ? -1 : pair->authority, POLLIN, 0};
        }
        if (poll(polled, (nfds_t)(2 + 2 * used), wait) < 0) _exit(errno == EINTR ? 0 : 1);
        for (int n = 0; n < used; n++) {
            if (polled[2 + 2 * n].revents != 0 || polled[3 + 2 * n].revents != 0)
                relay_look(&relay_here.pairs[n], &polled[2 + 2 * n], &polled[3 + 2 * n]);
        }
        if (polled[0].revents != 0) {
            enum relay_order order;
            int found;
            if (recv(relay_here.channel, &order, sizeof order, 0) != sizeof order) _exit(0);
            found = relay_obey(order);
            if (send(relay_here.channel, &found, sizeof found, MSG_NOSIGNAL) != sizeof found) _exit(0);
        }
        if (polled[1].revents != 0 && !relay_here.swallows) relay_accept();
    }
}

static inline void relay_raise_limit(void) {
    struct rlimit limit;
    check_need(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    check_need(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
}

static inline struct relay relay_begin(const char *address, int port, int target, int delay_ms, int is_proxy) {
    int ends[2], listener = endpoint_listen(address, port);
    struct relay relay = {.port = endpoint_port(listener)};
    check_need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    (void)fflush(NULL);
    relay.process = fork();
    check_need(relay.process >= 0, "fork");
    if (relay.process == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        check_need(close(ends[0]) == 0, "close");
        relay_raise_limit();
        relay_here.listener = listener;
        relay_here.channel = ends[1];
        relay_here.target = target;
        relay_here.delay_ms = delay_ms;
        relay_here.is_proxy = is_proxy;
        for (int n = 0; n < RELAY_PAIRS; n++) relay_here.pairs[n].client = relay_here.pairs[n].authority = -1;
        relay_run();
    }
    check_need(close(ends[1]) == 0 && close(listener) == 0, "close");
    relay.channel = ends[0];
    return relay;
}

/* Port 0 stands for any free port. `target` is a port of 127.0.0.1. */
static inline struct relay relay_start(const char *address, int port, int target, int delay_ms) {
    return relay_begin(address, port, target, delay_ms, 0);
}

/* A proxy for CONNECT that leads to `target`, whatever destination the client names. */
static inline struct relay relay_start_proxy(const char *address, int port, int target) {
    return relay_begin(address, port, target, 0, 1);
}

static inline int relay_tell(const struct relay *relay, enum relay_order order) {
    int found = 0;
    check_need(send(relay->channel, &order, sizeof order, MSG_NOSIGNAL) == sizeof order, "send");
    check_need(recv(relay->channel, &found, sizeof found, 0) == sizeof found, "the relay is gone");
    return found;
}

static inline void relay_stop(struct relay *relay) {
    check_need(close(relay->channel) == 0 && kill(relay->process, SIGKILL) == 0, "close");
    check_need(waitpid(relay->process, NULL, 0) == relay->process, "waitpid");
}

/* The port of a URL such as https://localhost:1234. */
static inline int relay_port_of(const char *url) {
    const char *colon = strrchr(url, ':');
    check_need(colon != NULL && atoi(colon + 1) > 0, "a URL with a port");
    return atoi(colon + 1);
}

#endif
