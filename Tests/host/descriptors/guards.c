/*
 * A host has closed a guard's descriptor, or its other end, which the host never saw, and has opened files of its own
 * under their numbers, as a program that becomes a daemon does. Whatever happens to the guard, those files stay as they
 * are, and mid_guard_fd() returns none of them.
 */
#include "authority.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { DESCRIPTORS = 256 };

static const char quick[] = "{\"interval_ms\":50,\"max_age_ms\":50000}";
static const char slow[] = "{\"interval_ms\":3600000,\"max_age_ms\":7200000}";

static struct authority *authority;

static int is_socket_of(int family, int descriptor) {
    int domain = 0;
    socklen_t size = sizeof domain;
    return getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == family;
}

static int is_local_socket(int descriptor) { return is_socket_of(AF_UNIX, descriptor); }

/* Counts all but the connections, whose other ends are in this process too: on a busy machine a slow answer brings one
 * more for a while. */
static int count_open(void) {
    int count = 0;
    for (int n = 0; n < DESCRIPTORS; n++) count += fcntl(n, F_GETFD) != -1 && !is_socket_of(AF_INET, n);
    return count;
}

/* Finds the descriptor that the guard gives out, and its other end. */
static void find_ends(mid_guard *guard, int ends[2]) {
    char was_open[DESCRIPTORS];
    for (int n = 0; n < DESCRIPTORS; n++) was_open[n] = is_local_socket(n) != 0;
    ends[0] = mid_guard_fd(guard);
    ends[1] = -1;
    check_need(ends[0] >= 0, "mid_guard_fd");
    for (int n = 0; n < DESCRIPTORS; n++)
        if (n != ends[0] && !was_open[n] && is_local_socket(n)) ends[1] = n;
    check_need(ends[1] >= 0, "the other end of a guard's descriptor");
}

/* A file of the host: a socket, and its peer, from which the host talks to it. */
struct file {
    int number, peer;
    struct stat status;
};

static void file_open(struct file *file, int number) {
    int pair[2];
    check_need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0, "socketpair");
    check_need(dup2(pair[0], number) == number && close(pair[0]) == 0, "dup2");
    file->number = number;
    file->peer = pair[1];
    check_need(fstat(number, &file->status) == 0, "fstat");
}

/* Checks that the file still exists, that nothing has been read or written, and that bytes pass in both directions. */
static void file_check(const struct file *file) {
    struct stat status;
    char byte = 0;
    CHECK(fstat(file->number, &status) == 0 && status.st_ino == file->status.st_ino);
    CHECK(recv(file->peer, &byte, 1, 0) == -1 && errno == EAGAIN);
    CHECK(send(file->peer, "a", 1, MSG_NOSIGNAL) == 1 && recv(file->number, &byte, 1, 0) == 1 && byte == 'a');
    CHECK(send(file->number, "b", 1, MSG_NOSIGNAL) == 1 && recv(file->peer, &byte, 1, 0) == 1 && byte == 'b');
}

static void file_close(const struct file *file) {
    CHECK(close(file->number) == 0);
    check_need(close(file->peer) == 0, "close");
}

/* Checks the files in a child, where the guard is ended. */
static void inherit(mid_guard *guard, const struct file *files, int count) {
    (void)fflush(NULL);
    pid_t child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) {
        atomic_store(&check_failed, 0);
        int descriptor = mid_guard_fd(guard);
        CHECK(descriptor >= 0 && is_readable(descriptor));
        for (int n = 0; n < count; n++) {
            CHECK(descriptor != files[n].number);
            file_check(&files[n]);
        }
        mid_guard_stop(guard);
        for (int n = 0; n < count; n++) file_check(&files[n]);
        child_done();
    }
    child_await(child, "the child");
}

enum fate { DENIED, CANCELLED, STOPPED, ASKED, INHERITED, FATES };

/* `closed` has a bit for each end that the host has closed. */
static void taken(enum fate fate, int closed) {
    mid_client *client = authority_client(authority, ",\"max_connections\":1");
    /* This guard keeps the thread and its descriptors alive. */
    mid_guard *other = guard_start(client, quick);
    mid_guard *guard = guard_start(client, quick);
    struct file files[2];
    int ends[2], count = 0, descriptor = -1;
    int before = count_open();
    find_ends(guard, ends);
    for (int n = 0; n < 2; n++)
        if (closed & 1 << n) file_open(&files[count++], ends[n]);
    if (fate == DENIED) {
        atomic_store(&authority->mood, DENIES);
        AWAIT(mid_guard_allowed(guard) == 0);
    }
    if (fate == CANCELLED) mid_client_cancel(client);
    if (fate == INHERITED) inherit(guard, files, count);
    for (int n = 0; n < count; n++) file_check(&files[n]);
    if (fate != STOPPED) {
        descriptor = mid_guard_fd(guard);
        CHECK(descriptor >= 0 && descriptor == mid_guard_fd(guard));
        CHECK((descriptor == ends[0]) == !(closed & 1));
        for (int n = 0; n < count; n++) CHECK(descriptor != files[n].number);
        /* If the host itself has closed the other end, ours is at the end of its input. */
        if (closed & 1) CHECK(is_readable(descriptor) == (fate == DENIED || fate == CANCELLED));
        if (fate == DENIED || fate == CANCELLED) CHECK(is_readable(descriptor));
    }
    mid_guard_stop(guard);
    if (descriptor >= 0) CHECK(fcntl(descriptor, F_GETFD) == -1);
    for (int n = 0; n < count; n++) file_check(&files[n]);
    for (int n = 0; n < count; n++) file_close(&files[n]);
    if (fate != CANCELLED && fate != DENIED) CHECK(count_open() == before);
    mid_guard_stop(other);
    mid_client_free(client);
    atomic_store(&authority->mood, ALLOWS);
}

/* The host has closed only the other end of the descriptor, but still holds a copy of it. */
static void copied(void) {
    mid_client *client = authority_client(authority, "");
    mid_guard *guard = guard_start(client, slow);
    int ends[2], copy;
    find_ends(guard, ends);
    /* Cancelling must still make the guard's descriptor readable. */
    copy = fcntl(ends[1], F_DUPFD_CLOEXEC, 0);
    check_need(copy >= 0 && close(ends[1]) == 0, "close");
    CHECK(!is_readable(ends[0]));
    mid_client_cancel(client);
    CHECK(is_readable(ends[0]) && mid_guard_fd(guard) == ends[0]);
    mid_guard_stop(guard);
    check_need(close(copy) == 0, "close");
    mid_client_free(client);
}

/* The host closes everything and takes every number again. The descriptors of the client itself are not checked
 * here. */
static void daemonised(enum fate fate) {
    (void)fflush(NULL);
    pid_t child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) {
        atomic_store(&check_failed, 0);
        mid_client *client = authority_client(authority, "");
        mid_guard *guard = guard_start(client, slow);
        struct stat opened[DESCRIPTORS], now;
        int ends[2], highest = 2, pair[2];
        find_ends(guard, ends);
        for (int n = 3; n < DESCRIPTORS; n++)
            if (close(n) == 0) highest = n;
        do check_need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
        while (pair[1] < highest);
        for (int n = 3; n <= highest; n++) check_need(fstat(n, &opened[n]) == 0, "fstat");
        if (fate == CANCELLED) mid_client_cancel(client);
        if (fate == ASKED) CHECK(mid_guard_fd(guard) > highest);
        mid_guard_stop(guard);
        for (int n = 3; n <= highest; n++) {
            struct pollfd polled = {n, POLLRDHUP, 0};
            CHECK(fstat(n, &now) == 0 && now.st_ino == opened[n].st_ino);
            CHECK(poll(&polled, 1, 0) == 0);
        }
        child_done();
    }
    child_await(child, "the daemon");
}

int main(void) {
    authority = authority_start();
    for (int fate = 0; fate < FATES; fate++)
        for (int closed = 0; closed < 4; closed++) taken((enum fate)fate, closed);
    copied();
    daemonised(CANCELLED);
    daemonised(STOPPED);
    daemonised(ASKED);
    authority_stop(authority);
    return check_done();
}
