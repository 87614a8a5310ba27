/*
 * relay.c - imitates a distant network on loopback: it accepts connections on one port, and passes their bytes to
 * another port and back, each DELAY_US microseconds later.
 *
 *     relay PORT TARGET_PORT DELAY_US [SILENT_PER_MILLE SEED]
 *
 * The kernel accepts a connection at once, whereas over a network a handshake takes a round trip. So the first bytes
 * are read only a round trip after that, as if they had been sent then.
 *
 * With SILENT_PER_MILLE, this many of 1000 requests are lost, and with each everything that follows on its connection,
 * in both directions, as in a network that has forgotten it: the kernel still acknowledges the bytes, but nothing else
 * happens. A request is what the client sends after the server has spoken; the first bytes of a connection belong to
 * TLS and do not count. SEED determines which requests are lost.
 *
 * On SIGTERM it prints the number of connections, of requests, and of connections that went silent.
 */
#include "relay_wire.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Anything shorter than SHORTEST_REQUEST is the close_notify of TLS. */
enum { READ_SIZE = 65536, EVENTS = 256, SHORTEST_REQUEST = 32 };

static uint64_t silent_per_mille, seed;
static long connections, requests, silenced;
static int events, target_port;
static volatile sig_atomic_t is_over;

/* The pairs whose handshake is in progress, ordered by time. */
static struct pair *opening, **opening_last = &opening;

/* Whether the request with this number is lost (splitmix64). */
static int is_lost(long request) {
    uint64_t bits = seed + (uint64_t)request * 0x9e3779b97f4a7c15;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    return (bits ^ (bits >> 31)) % 1000 < silent_per_mille;
}

static void note_clients_bytes(struct pair *pair, ssize_t count) {
    if (!pair->is_clients_turn || pair->is_silent || count < SHORTEST_REQUEST) return;
    pair->is_clients_turn = 0;
    if (pair->turns++ == 0) {
        connections++;
    } else if (is_lost(requests++)) {
        pair->is_silent = 1;
        silenced++;
    }
}

static void receive(struct end *end) {
    static char bytes[READ_SIZE];
    struct pair *pair = end->pair;
    while (!end->has_ended) {
        ssize_t count = recv(end->fd, bytes, sizeof bytes, 0);
        if (count < 0 && errno == EAGAIN) return;
        end->has_ended = count <= 0;
        if (end->has_ended) count = 0;
        else if (end == &pair->client) note_clients_bytes(pair, count);
        if (!pair->is_silent) send_chunk(end->other, bytes, (size_t)count);
        else if (pair->client.has_ended) close_pair(pair);
    }
}

static void watch(struct end *end) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = end};
    need(epoll_ctl(events, EPOLL_CTL_ADD, end->fd, &event) == 0, "epoll_ctl");
}

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int socket_without_waiting(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    need(fd >= 0, "socket");
    return fd;
}

static void send_at_once(int fd) {
    int one = 1;
    need(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0, "TCP_NODELAY");
}

static void accept_all(int listener) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct pair *pair = calloc(1, sizeof *pair);
        need(pair != NULL, "calloc");
        send_at_once(fd);
        pair->client = (struct end){.fd = fd, .pair = pair, .other = &pair->server};
        pair->server = (struct end){.fd = -1, .pair = pair, .other = &pair->client};
        pair->client.backlog_last = &pair->client.backlog;
        pair->server.backlog_last = &pair->server.backlog;
        pair->is_clients_turn = 1;
        pair->opens = now() + 2 * delay;
        *opening_last = pair;
        opening_last = &pair->next;
    }
    need(errno == EAGAIN || errno == ECONNABORTED, "accept4");
}

static void open_pair(struct pair *pair) {
    struct sockaddr_in address = loopback(target_port);
    pair->server.fd = socket_without_waiting();
    send_at_once(pair->server.fd);
    if (connect(pair->server.fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
        close_pair(pair);
        return;
    }
    watch(&pair->server);
    watch(&pair->client);
}

/* Does everything that is due. Returns the nanoseconds until something else is due; 0 if nothing is. */
static uint64_t run_due(void) {
    uint64_t time = now();
    while (opening != NULL && opening->opens <= time) {
        struct pair *pair = opening;
        opening = pair->next;
        if (opening == NULL) opening_last = &opening;
        open_pair(pair);
    }
    while (wire != NULL && wire->due <= time) {
        struct chunk *chunk = wire;
        wire = chunk->next;
        if (wire == NULL) wire_last = &wire;
        arrive(chunk);
    }
    free_closed();
    if (wire == NULL && opening == NULL) return 0;
    uint64_t next = opening == NULL || (wire != NULL && wire->due < opening->opens) ? wire->due : opening->opens;
    time = now();
    return next > time ? next - time : 1;
}

static void end_soon(int signal) {
    (void)signal;
    is_over = 1;
}

static int listen_on(int port) {
    struct sockaddr_in address = loopback(port);
    struct epoll_event event = {.events = EPOLLIN};
    int one = 1, listener = socket_without_waiting();
    need(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0, "SO_REUSEADDR");
    need(bind(listener, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    need(listen(listener, 4096) == 0, "listen");
    need(epoll_ctl(events, EPOLL_CTL_ADD, listener, &event) == 0, "epoll_ctl");
    return listener;
}

/* Sets exact timers, allows thousands of descriptors, and takes priority over other programs if that is allowed: a real
 * network needs no processor. */
static void prepare_process(void) {
    struct rlimit descriptors;
    need(prctl(PR_SET_PDEATHSIG, (unsigned long)SIGTERM, 0UL, 0UL, 0UL) == 0, "PR_SET_PDEATHSIG");
    need(prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL) == 0, "PR_SET_TIMERSLACK");
    need(getrlimit(RLIMIT_NOFILE, &descriptors) == 0, "getrlimit");
    descriptors.rlim_cur = descriptors.rlim_max;
    need(setrlimit(RLIMIT_NOFILE, &descriptors) == 0, "setrlimit");
    (void)setpriority(PRIO_PROCESS, 0, -15);
}

int main(int count, char **arguments) {
    static struct epoll_event happened[EVENTS];
    struct sigaction action = {.sa_handler = end_soon};
    sigset_t term, before;
    if (count != 4 && count != 6) return 2;
    target_port = atoi(arguments[2]);
    delay = strtoull(arguments[3], NULL, 10) * 1000;
    if (count == 6) {
        silent_per_mille = strtoull(arguments[4], NULL, 10);
        seed = strtoull(arguments[5], NULL, 10);
    }
    prepare_process();
    need(sigemptyset(&term) == 0 && sigaddset(&term, SIGTERM) == 0, "sigaddset");
    need(sigprocmask(SIG_BLOCK, &term, &before) == 0, "sigprocmask");
    need(sigaction(SIGTERM, &action, NULL) == 0, "sigaction");
    need((events = epoll_create1(EPOLL_CLOEXEC)) >= 0, "epoll_create1");
    int listener = listen_on(atoi(arguments[1]));
    while (!is_over) {
        uint64_t left = run_due();
        struct timespec patience = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
        int ready = epoll_pwait2(events, happened, EVENTS, left > 0 ? &patience : NULL, &before);
        need(ready >= 0 || errno == EINTR, "epoll_pwait2");
        for (int n = 0; n < ready; n++) {
            struct end *end = happened[n].data.ptr;
            if (end == NULL) {
                accept_all(listener);
            } else if (!end->pair->is_closed) {
                flush(end);
                if (!end->pair->is_closed && happened[n].events & ~(uint32_t)EPOLLOUT) receive(end);
            }
        }
    }
    printf("%ld %ld %ld\n", connections, requests, silenced);
    return 0;
}
