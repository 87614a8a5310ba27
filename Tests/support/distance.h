/*
 * distance.h - a distant authority: a relay in a process of its own, in front of an emulator, that delays each answer
 * by a given number of milliseconds after its request.
 */
#ifndef DISTANCE_H
#define DISTANCE_H

#include "check.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Lives in memory that both processes share. */
struct distance {
    pid_t process;
    int port, behind;
    atomic_int answer_ms;
    atomic_int busy; /* connections with a request now */
    atomic_int answers;
};

static struct distance *distance_here;

static inline void distance_listen(int listener) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    check_need(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 64) == 0, "listen");
    check_need(getsockname(listener, (struct sockaddr *)&address, &size) == 0, "getsockname");
    distance_here->port = ntohs(address.sin_port);
}

/* Forwards available bytes. Returns 0 when the connection has ended. */
static inline int distance_pass(int from, int to) {
    char bytes[16384];
    ssize_t count = recv(from, bytes, sizeof bytes, 0);
    return count > 0 && send(to, bytes, (size_t)count, MSG_NOSIGNAL) == count;
}

/* When the answer to a request that arrives now must be passed on. */
static inline struct timespec distance_due(void) {
    struct timespec due;
    check_need(clock_gettime(CLOCK_MONOTONIC, &due) == 0, "clock_gettime");
    due.tv_nsec += atomic_load(&distance_here->answer_ms) * 1000000L;
    due.tv_sec += due.tv_nsec / 1000000000;
    due.tv_nsec %= 1000000000;
    return due;
}

/* Requests and answers alternate on a connection, so nothing is missed while an answer is delayed. */
static inline void *distance_relay(void *argument) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int near = (int)(intptr_t)argument;
    int far = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1, is_asked = 0;
    struct timespec due = {0, 0};
    address.sin_port = htons((uint16_t)distance_here->behind);
    if (far < 0 || connect(far, (struct sockaddr *)&address, sizeof address) != 0) _exit(1);
    (void)setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (;;) {
        struct pollfd polled[] = {{near, POLLIN, 0}, {far, POLLIN, 0}};
        if (poll(polled, 2, -1) < 0) break;
        if (polled[0].revents != 0) {
            if (!is_asked) {
                due = distance_due();
                atomic_fetch_add(&distance_here->busy, 1);
            }
            is_asked = 1;
            if (!distance_pass(near, far)) break;
        }
        if (polled[1].revents != 0) {
            while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0) continue;
            if (is_asked) {
                atomic_fetch_sub(&distance_here->busy, 1);
                atomic_fetch_add(&distance_here->answers, 1);
            }
            is_asked = 0;
            if (!distance_pass(far, near)) break;
        }
    }
    if (is_asked) atomic_fetch_sub(&distance_here->busy, 1);
    (void)close(near);
    (void)close(far);
    return NULL;
}

static inline _Noreturn void distance_run(int listener) {
    for (;;) {
        pthread_t thread;
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) _exit(1);
        if (pthread_create(&thread, NULL, distance_relay, (void *)(intptr_t)connection) != 0) _exit(1);
        if (pthread_detach(thread) != 0) _exit(1);
    }
}

/* Starts a relay in front of the authority of MACHINEID_BASE_URL, on http. At first it delays nothing. */
static inline struct distance *distance_start(void) {
    const char *port = strrchr(check_environment("MACHINEID_BASE_URL"), ':');
    struct distance *distance =
        mmap(NULL, sizeof *distance, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check_need(distance != MAP_FAILED && listener >= 0 && port != NULL, "a relay");
    distance_here = distance;
    distance->behind = atoi(port + 1);
    distance_listen(listener);
    (void)fflush(NULL);
    pid_t process = fork();
    check_need(process >= 0, "fork");
    if (process == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        distance_run(listener);
    }
    distance->process = process;
    check_need(close(listener) == 0, "close");
    return distance;
}

static inline void distance_stop(struct distance *distance) {
    check_need(kill(distance->process, SIGKILL) == 0, "kill");
    check_need(waitpid(distance->process, NULL, 0) == distance->process, "waitpid");
    check_need(munmap(distance, sizeof *distance) == 0, "munmap");
}

#endif
