/*
 * Between two calls the host closes nothing but the library's connection, and has a socket of its own under that
 * number, with bytes that wait there. The next call works, and the socket is as it was. Needs CLIENT_OPTIONS.
 */
#include "decisions.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 1024 };

/* The descriptor of the only connection of this process. */
static int find_connection(void) {
    int found = -1;
    for (int n = 3; n < MOST; n++) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        if (getpeername(n, (struct sockaddr *)&peer, &size) != 0) continue;
        if (peer.ss_family != AF_INET && peer.ss_family != AF_INET6) continue;
        check_need(found < 0, "one connection alone");
        found = n;
    }
    check_need(found >= 0, "a connection");
    return found;
}

int main(void) {
    static const char waiting[] = "waiting";
    char bytes[64];
    int ends[2], flags, own;
    mid_client *client = decisions_client();
    decide(client, "connection", 0);
    own = find_connection();
    check_need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    check_need(send(ends[1], waiting, sizeof waiting, 0) == sizeof waiting, "send");
    check_need(dup2(ends[0], own) == own && close(ends[0]) == 0, "dup2");
    flags = fcntl(own, F_GETFL);
    for (int n = 0; n < 3; n++) decide(client, "connection", 0);
    CHECK(fcntl(own, F_GETFL) == flags);
    CHECK(recv(own, bytes, sizeof bytes, MSG_DONTWAIT) == sizeof waiting && strcmp(bytes, waiting) == 0);
    CHECK(recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT) < 0);
    mid_client_free(client);
    CHECK(fcntl(own, F_GETFL) == flags);
    check_need(close(own) == 0 && close(ends[1]) == 0, "close");
    return check_done();
}
