/* detached.h - how many threads the library has detached. Of such a one nobody knows when it is done. */
#ifndef DETACHED_H
#define DETACHED_H

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static atomic_int detached;

/* Called by the library in place of libc's. */
int pthread_detach(pthread_t thread) {
    int (*libc_detach)(pthread_t);
    memcpy(&libc_detach, (void *[]){dlsym(RTLD_NEXT, "pthread_detach")}, sizeof libc_detach);
    atomic_fetch_add(&detached, 1);
    return libc_detach(thread);
}

#endif
