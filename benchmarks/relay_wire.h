/*
 * relay_wire.h - the bytes in flight in the relay, each with the time of its arrival, and the connections to which they
 * belong.
 */
#ifndef RELAY_WIRE_H
#define RELAY_WIRE_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct pair;

/* One end of a connection, the client's or the server's. */
struct end {
    int fd;
    int has_ended; /* it sends nothing more */
    int is_shut;   /* it has received the end of the other one */
    struct pair *pair;
    struct end *other;
    struct chunk *backlog, **backlog_last; /* due, but more than the kernel accepts now */
};

struct pair {
    struct end client, server;
    uint64_t opens; /* in nanoseconds */
    long turns;     /* how often the client has sent after the server */
    int is_clients_turn, is_silent, is_closed;
    int in_flight; /* chunks */
    struct pair *next;
};

/* Bytes in flight. No bytes stand for the end of the stream. */
struct chunk {
    struct chunk *next;
    struct end *to;
    uint64_t due;
    size_t length, sent;
    char bytes[];
};

static uint64_t delay; /* in nanoseconds */

/* Ordered by time, because all chunks have the same delay. */
static struct chunk *wire, **wire_last = &wire;
static struct pair *closed;

static void need(int holds, const char *what) {
    if (holds) return;
    perror(what);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    need(clock_gettime(CLOCK_MONOTONIC, &time) == 0, "clock_gettime");
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void close_pair(struct pair *pair) {
    if (pair->is_closed) return;
    pair->is_closed = 1;
    (void)close(pair->client.fd);
    if (pair->server.fd >= 0) (void)close(pair->server.fd);
    pair->next = closed;
    closed = pair;
}

static void send_chunk(struct end *to, const char *bytes, size_t length) {
    struct chunk *chunk = malloc(sizeof *chunk + length);
    need(chunk != NULL, "malloc");
    *chunk = (struct chunk){.to = to, .due = now() + delay, .length = length};
    memcpy(chunk->bytes, bytes, length);
    *wire_last = chunk;
    wire_last = &chunk->next;
    to->pair->in_flight++;
}

/* Writes bytes that have arrived. Returns 0 if the kernel accepts no more for now. */
static int deliver(struct chunk *chunk) {
    struct end *to = chunk->to;
    if (to->pair->is_closed) return 1;
    if (chunk->length == 0) {
        (void)shutdown(to->fd, SHUT_WR);
        to->is_shut = 1;
        if (to->other->is_shut) close_pair(to->pair);
        return 1;
    }
    while (chunk->sent < chunk->length) {
        ssize_t count = send(to->fd, chunk->bytes + chunk->sent, chunk->length - chunk->sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) return 0;
        if (count < 0) break; /* the read of this end will show that it has gone */
        chunk->sent += (size_t)count;
    }
    if (to == &to->pair->client) to->pair->is_clients_turn = 1;
    return 1;
}

static void flush(struct end *end) {
    struct chunk *chunk;
    while ((chunk = end->backlog) != NULL && deliver(chunk)) {
        end->backlog = chunk->next;
        if (end->backlog == NULL) end->backlog_last = &end->backlog;
        end->pair->in_flight--;
        free(chunk);
    }
}

/* Pairs are freed later, because an event that has already been fetched may still refer to them. */
static void free_closed(void) {
    struct pair **place = &closed;
    while (*place != NULL) {
        struct pair *pair = *place;
        flush(&pair->client);
        flush(&pair->server);
        if (pair->in_flight > 0) {
            place = &pair->next;
            continue;
        }
        *place = pair->next;
        free(pair);
    }
}

static void arrive(struct chunk *chunk) {
    struct end *to = chunk->to;
    chunk->next = NULL;
    *to->backlog_last = chunk;
    to->backlog_last = &chunk->next;
    flush(to);
}

#endif
