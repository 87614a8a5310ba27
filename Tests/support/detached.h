/* detached.h - counts the threads that the library detaches. Nobody can know when a detached thread has ended. */
#ifndef DETACHED_H
#define DETACHED_H

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static atomic_int detached;

/* Replaces libc's function when the library calls it. */
int pthread_detach(pthread_t thread) {
    int (*libc_detach)(pthread_t);
    memcpy(&libc_detach, (void *[]){dlsym(RTLD_NEXT, "pthread_detach")}, sizeof libc_detach);
    atomic_fetch_add(&detached, 1);
    return libc_detach(thread);
}

#endif
