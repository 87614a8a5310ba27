/*
 * A resolver for LD_PRELOAD with two special names:
 *
 *     authority.example   is this machine, through the real resolver
 *     stalled.example     is answered after RESOLVER_STALL_MS (default 30000), with "not found"
 *
 * resolver_stalled() returns how many lookups are waiting.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int resolver_stalled(void);
static atomic_int stalled;

int resolver_stalled(void) { return atomic_load(&stalled); }

static int keep_waiting(void) {
    const char *given = getenv("RESOLVER_STALL_MS");
    long milliseconds = given != NULL ? atol(given) : 30000;
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    atomic_fetch_add(&stalled, 1);
    while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
    atomic_fetch_sub(&stalled, 1);
    return EAI_NONAME;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    union {
        void *data;
        lookup *function;
    } real = {dlsym(RTLD_NEXT, "getaddrinfo")};
    if (real.function == NULL) abort();
    if (host != NULL && strcmp(host, "stalled.example") == 0) return keep_waiting();
    if (host != NULL && strcmp(host, "authority.example") == 0) host = "localhost";
    return real.function(host, service, hints, found);
}
