/*
 * An authority that accepts no connection, and calls that time out while they connect: each starts a new attempt,
 * however many there were. (libcurl before 8.0 does not report the sockets that it closes then, and the library counts
 * sockets.)
 */
#include "check.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILLERS = 16, CALLS = 20 };

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int fillers[FILLERS];
    char options[160];
    mid_client *client;
    check_need(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0, "bind");
    check_need(listen(listener, 0) == 0 && getsockname(listener, (struct sockaddr *)&address, &size) == 0, "listen");
    for (int n = 0; n < FILLERS; n++) {
        fillers[n] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        check_need(fillers[n] >= 0, "socket");
        (void)connect(fillers[n], (struct sockaddr *)&address, size);
    }
    (void)snprintf(options, sizeof options,
                   "{\"base_url\":\"http://127.0.0.1:%d\",\"timeout_ms\":30,\"max_retries\":0,\"max_connections\":2}",
                   ntohs(address.sin_port));
    client = check_client(options);
    for (int n = 0; n < CALLS; n++) {
        int allowed = 1;
        char *json = NULL;
        CHECK_STATUS(MID_TIMEOUT, mid_validate(client, "given-up", &allowed, &json));
        check_failure(MID_TIMEOUT, json, "not connected yet");
        CHECK(allowed == 0);
    }
    mid_client_free(client);
    for (int n = 0; n < FILLERS; n++) check_need(close(fillers[n]) == 0, "close");
    check_need(close(listener) == 0, "close");
    return check_done();
}
