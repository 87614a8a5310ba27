/* sockets.h - the TCP connections and descriptors that this process holds. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "check.h"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { SOCKETS = 512 };

struct sockets {
    int count;       /* of TCP connections */
    int descriptors; /* of all kinds */
    ino_t inodes[SOCKETS];
};

static inline int sockets_is_tcp(int descriptor) {
    int type = 0, domain = 0;
    socklen_t size = sizeof type;
    if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) return 0;
    size = sizeof type;
    if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return 0;
    return (domain == AF_INET || domain == AF_INET6) && type == SOCK_STREAM;
}

static inline void sockets_look(struct sockets *found) {
    DIR *stream = opendir("/proc/self/fd");
    const struct dirent *entry;
    check_need(stream != NULL, "/proc/self/fd");
    found->count = found->descriptors = 0;
    while ((entry = readdir(stream)) != NULL) {
        struct stat status;
        int descriptor = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || descriptor == dirfd(stream)) continue;
        found->descriptors++;
        if (!sockets_is_tcp(descriptor) || fstat(descriptor, &status) != 0) continue;
        check_need(found->count < SOCKETS, "fewer sockets");
        found->inodes[found->count++] = status.st_ino;
    }
    check_need(closedir(stream) == 0, "closedir");
}

static inline int sockets_has(const struct sockets *sockets, ino_t inode) {
    for (int n = 0; n < sockets->count; n++) {
        if (sockets->inodes[n] == inode) return 1;
    }
    return 0;
}

/* How many of `some` are among `others`. */
static inline int sockets_shared(const struct sockets *some, const struct sockets *others) {
    int count = 0;
    for (int n = 0; n < some->count; n++) count += sockets_has(others, some->inodes[n]);
    return count;
}

#endif
