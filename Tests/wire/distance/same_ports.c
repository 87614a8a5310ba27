/*
 * For LD_PRELOAD: a connection to 127.0.0.3 leaves from the same port as an attempt to connect to 127.0.0.2 that began
 * some moments before, as happens by chance where many connections are made at the same time.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __GLIBC__
#define ADDRESS __CONST_SOCKADDR_ARG
#else
#define ADDRESS const struct sockaddr *
#endif

enum { LEAST_PORT = 10000, PORTS = 20000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* The ports of attempts to connect to 127.0.0.2 that no connection to 127.0.0.3 has had. */
static int ports[PORTS], held;

static void leave_from(int descriptor, int port) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    here.sin_port = htons((unsigned short)port);
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0) abort();
    if (bind(descriptor, (struct sockaddr *)&here, sizeof here) != 0) abort();
}

/* A new port for 127.0.0.2; for 127.0.0.3 the one of the latest attempt, or any when there is none left. */
static int port_for(int is_first) {
    static int given;
    int port = 0;
    (void)pthread_mutex_lock(&lock);
    if (is_first && given < PORTS) ports[held++] = port = LEAST_PORT + given++;
    if (!is_first && held > 0) port = ports[--held];
    (void)pthread_mutex_unlock(&lock);
    return port;
}

int connect(int descriptor, ADDRESS address, socklen_t size) {
    const struct sockaddr_in *there = *(const void **)&address;
    in_addr_t host = there->sin_family == AF_INET ? ntohl(there->sin_addr.s_addr) : 0;
    int is_first = host == INADDR_LOOPBACK + 1, is_second = host == INADDR_LOOPBACK + 2;
    if (is_first || is_second) leave_from(descriptor, port_for(is_first));
    return (int)syscall(SYS_connect, descriptor, there, size);
}
