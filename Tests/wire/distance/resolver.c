/*
 * A resolver for LD_PRELOAD that looks up names ending in ".example" in the file RESOLVER_FILE, which it reads again
 * each time. Each line has a name and its addresses in order. Other names go to the real resolver.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static lookup *real_lookup(void) {
    union {
        void *data;
        lookup *function;
    } real = {dlsym(RTLD_NEXT, "getaddrinfo")};
    if (real.function == NULL) abort();
    return real.function;
}

/* Returns the addresses of a line in order, without those of another family than requested. */
static int find(char *addresses, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    struct addrinfo numeric = hints != NULL ? *hints : (struct addrinfo){0};
    struct addrinfo **end = found;
    numeric.ai_flags |= AI_NUMERICHOST;
    numeric.ai_flags &= ~AI_ADDRCONFIG;
    *found = NULL;
    for (char *rest = NULL, *one = strtok_r(addresses, " \n", &rest); one != NULL; one = strtok_r(NULL, " \n", &rest)) {
        if (real_lookup()(one, service, &numeric, end) != 0) *end = NULL;
        while (*end != NULL) end = &(*end)->ai_next;
    }
    return *found != NULL ? 0 : EAI_NONAME;
}

static int is_ours(const char *host) {
    size_t length = host != NULL ? strlen(host) : 0;
    return length > 8 && strcmp(host + length - 8, ".example") == 0;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    const char *path = getenv("RESOLVER_FILE");
    char line[512];
    int code = EAI_NONAME;
    FILE *file;
    if (!is_ours(host) || path == NULL) return real_lookup()(host, service, hints, found);
    file = fopen(path, "re");
    if (file == NULL) abort();
    while (code != 0 && fgets(line, sizeof line, file) != NULL) {
        char *addresses = strchr(line, ' ');
        if (addresses == NULL || strncmp(line, host, strlen(host)) != 0 || line + strlen(host) != addresses) continue;
        code = find(addresses, service, hints, found);
    }
    (void)fclose(file);
    return code;
}
