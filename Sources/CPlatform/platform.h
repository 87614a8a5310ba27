// The parts of libc that this library uses. The functions below wrap what Swift cannot import: macros, variadic
// functions, casts, and declarations that need _GNU_SOURCE.
#pragma once
#include "../../include/machineid.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The version is defined only in machineid.h. Swift would import the macro as a String, which the release build avoids.
static inline const char *_Nonnull platform_version(void) {
    return MID_VERSION;
}

// The C library and the processor that this was compiled for. The headers of glibc define __GLIBC__, and those of musl
// define nothing of the kind.
static inline const char *_Nonnull platform_libc(void) {
#ifdef __GLIBC__
    return "glibc";
#else
    return "musl";
#endif
}

static inline const char *_Nonnull platform_arch(void) {
#if defined __x86_64__
    return "amd64";
#elif defined __aarch64__
    return "arm64";
#else
#error "The names of the other architectures are not listed in machineid.h."
#endif
}

// The versions of the source packages that a portable build has inside, which its script defines; otherwise NULL.
#ifndef MACHINEID_SOURCE_CURL
#define MACHINEID_SOURCE_CURL NULL
#define MACHINEID_SOURCE_OPENSSL NULL
#define MACHINEID_SOURCE_JANSSON NULL
#endif
static inline const char *_Nullable platform_source_curl(void) {
    return MACHINEID_SOURCE_CURL;
}
static inline const char *_Nullable platform_source_openssl(void) {
    return MACHINEID_SOURCE_OPENSSL;
}
static inline const char *_Nullable platform_source_jansson(void) {
    return MACHINEID_SOURCE_JANSSON;
}

// errno is a macro.
static inline int platform_errno(void) {
    return errno;
}

// LC_ALL_MASK is an expression of macros. NULL when memory is refused.
static inline locale_t _Nullable platform_c_locale(void) {
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

// MAP_FAILED is a cast. NULL when memory is refused.
static inline void *_Nullable platform_map_page(int sharing) {
    void *page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

static inline void platform_free_page(void *_Nonnull page) {
    munmap(page, (size_t)sysconf(_SC_PAGESIZE));
}

// Overwrites memory with zeros, and no compiler may leave that out. glibc has explicit_bzero() only from 2.25 on.
static inline void platform_erase(void *_Nonnull memory, size_t size) {
    memset(memory, 0, size);
    __asm__ volatile("" : : "r"(memory) : "memory");
}

// Whether this much memory is available now. More than 64 KiB is tried with mmap(): malloc() would also map it, but
// after the free() glibc raises its threshold and keeps that much memory for good. Without the volatile a compiler may
// remove malloc() and free().
static inline int platform_has_memory(size_t bytes) {
    if (bytes > 65536) {
        void *much = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return much != MAP_FAILED && munmap(much, bytes) == 0;
    }
    void *volatile little = malloc(bytes);
    int is_there = little != NULL;
    free(little);
    return is_there;
}

// Whether the system reports that it will wipe this page in every forked child.
static inline int platform_wipes_on_fork(void *_Nonnull page) {
    return madvise(page, (size_t)sysconf(_SC_PAGESIZE), MADV_WIPEONFORK) == 0;
}

// A page that the kernel wipes in every forked child; NULL when the system cannot provide one. Old kernels and some
// sandboxes refuse the advice. qemu-user 7.2 ignores all advice and still returns 0, so a success is believed only when
// the system refuses the same advice for shared memory, which no fork can wipe for the child alone.
static inline void *_Nullable platform_page_wiped_on_fork(void) {
    void *shared = platform_map_page(MAP_SHARED);
    void *page = platform_map_page(MAP_PRIVATE);
    int is_wiped = shared != NULL && page != NULL && !platform_wipes_on_fork(shared) && platform_wipes_on_fork(page);
    if (shared != NULL) platform_free_page(shared);
    if (page != NULL && !is_wiped) platform_free_page(page);
    return is_wiped ? page : NULL;
}

// A pthread_t is a number in glibc and a pointer in musl; here it is always a number, and never 0.
static inline uintptr_t platform_this_thread(void) {
    return (uintptr_t)pthread_self();
}

// Starts a thread. Returns its number; 0 when the system refuses it.
static inline uintptr_t platform_start_thread(void *_Nullable (*_Nonnull body)(void *_Nullable),
                                              void *_Nullable argument) {
    pthread_t thread;
    return pthread_create(&thread, NULL, body, argument) == 0 ? (uintptr_t)thread : 0;
}

static inline void platform_join_thread(uintptr_t thread) {
    pthread_join((pthread_t)thread, NULL);
}

static inline void platform_detach_thread(uintptr_t thread) {
    pthread_detach((pthread_t)thread);
}

// stdlib.h declares it only under _GNU_SOURCE, which Swift does not define.
char *_Nullable secure_getenv(const char *_Nonnull name);

// A semaphore on CLOCK_MONOTONIC, which is a word with the number of posts. glibc has one from 2.30 on (sem_clockwait),
// musl has none. This function returns when it was posted, at the moment `until`, or because of a signal.
static inline void platform_semaphore_wait(uint32_t *_Nonnull posts, const struct timespec *_Nonnull until) {
    uint32_t count = __atomic_load_n(posts, __ATOMIC_RELAXED);
    for (;;) {
        while (count > 0) {
            if (__atomic_compare_exchange_n(posts, &count, count - 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
        }
        // The kernel returns at once, with EAGAIN, when the word is not 0 any more.
        if (syscall(SYS_futex, posts, FUTEX_WAIT_BITSET_PRIVATE, 0, until, NULL, FUTEX_BITSET_MATCH_ANY) != 0
            && errno != EAGAIN) return;
        count = __atomic_load_n(posts, __ATOMIC_RELAXED);
    }
}

static inline void platform_semaphore_post(uint32_t *_Nonnull posts) {
    __atomic_fetch_add(posts, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, posts, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

// Also returns NULL in a program with elevated privileges (set-user-ID, set-group-ID or file capabilities).
static inline const char *_Nullable platform_getenv(const char *_Nonnull name) {
    return secure_getenv(name);
}

// unistd.h declares it only under _GNU_SOURCE, which Swift does not define.
extern char *_Nullable *_Nullable environ;

// Whether a variable is set and not empty, also in a program with elevated privileges. Allocates nothing, so that a
// lack of memory cannot hide a variable.
static inline int platform_has_env(const char *_Nonnull name) {
    size_t length = strlen(name);
    for (char **line = environ; line != NULL && *line != NULL; line++) {
        if (strncmp(*line, name, length) == 0 && (*line)[length] == '=' && (*line)[length + 1] != 0) {
            return 1;
        }
    }
    return 0;
}

// The files in which systems keep the certificates of the authorities that they trust, by number; NULL after the last.
static inline const char *_Nullable platform_certificate_file(int number) {
    static const char *const files[] = {
        "/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine, Arch, distroless images
        "/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL, Amazon Linux
        "/etc/ssl/ca-bundle.pem",                            // SUSE
        "/etc/pki/tls/cacert.pem",                           // OpenELEC
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL
        "/etc/ssl/cert.pem",                                 // Alpine without ca-certificates
    };
    return number >= 0 && (size_t)number < sizeof files / sizeof *files ? files[number] : NULL;
}

// The port at this end of a connection; 0 while a socket is not connected, although an attempt to connect already has
// a port. Swift cannot access the structs behind a sockaddr pointer.
static inline int platform_port_of_connection(int socket) {
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    if (getpeername(socket, (struct sockaddr *)&address, &size) != 0) return 0;
    size = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &size) != 0) return 0;
    if (address.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return 0;
}

// Resets a TCP connection and discards the data that it has received. The descriptor stays open.
static inline void platform_disconnect(int socket) {
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    connect(socket, &nobody, sizeof nobody);
}

// SOCK_CLOEXEC is an enumerator in glibc and a macro in musl.
static inline int platform_open_socket(int family, int type, int protocol) {
    return socket(family, type | SOCK_CLOEXEC, protocol);
}

// socketpair() returns an array, which Swift cannot take. Returns 0 on success.
static inline int platform_socket_pair(int *_Nonnull one, int *_Nonnull other) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) return -1;
    *one = pair[0];
    *other = pair[1];
    return 0;
}

// fcntl() is variadic. Returns the lowest free descriptor from `least` on, so it never replaces an open file; -1 when
// none is free.
static inline int platform_duplicate(int descriptor, int least) {
    return fcntl(descriptor, F_DUPFD_CLOEXEC, least);
}

// open() is variadic. Never waits, and makes no terminal the controlling one. Returns -1 and sets errno on failure.
static inline int platform_open_to_read(const char *_Nonnull path) {
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

// ST_RDONLY is an enumerator in glibc and a macro in musl. Returns 0 also when that cannot be determined.
static inline int platform_is_on_read_only_mount(int descriptor) {
    struct statvfs mount;
    return fstatvfs(descriptor, &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
}

// pipe2() returns an array, which Swift cannot take, and the headers declare it only under _GNU_SOURCE. Returns 0 on
// success.
int pipe2(int *_Nonnull pair, int flags);
static inline int platform_pipe(int *_Nonnull reader, int *_Nonnull writer) {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    *reader = pair[0];
    *writer = pair[1];
    return 0;
}

// prctl() is variadic. The kernel keeps at most 15 characters of the name.
static inline void platform_name_thread(const char *_Nonnull name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

// The headers declare these, and cpu_set_t, only under _GNU_SOURCE, which Swift does not define.
int sched_getcpu(void);
int sched_getaffinity(pid_t process, size_t size, void *_Nonnull set);

// How many processors this thread may use; 1 when that cannot be determined.
static inline int platform_processors(void) {
    unsigned long set[1024 / 8 / sizeof(long)] = {0};
    int count = 0;
    if (sched_getaffinity(0, sizeof set, set) != 0) return 1;
    for (size_t n = 0; n < sizeof set / sizeof *set; n++) count += __builtin_popcountl(set[n]);
    return count;
}
