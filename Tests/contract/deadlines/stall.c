/*
 * For LD_PRELOAD: delays a system call of libcurl, as on a machine that thrashes or under a debugger. Where libcurl is
 * inside libmachineid, calls of libmachineid are meant.
 * stall_next("poll", 2000) delays libcurl's next poll() by this many milliseconds; stall_is_on() says whether a call is
 * being delayed now.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void stall_next(const char *function, int milliseconds);
int stall_is_on(void);

static const char *_Atomic wanted;
static atomic_int duration;
static atomic_int waits;

void stall_next(const char *function, int milliseconds) {
    atomic_store(&duration, milliseconds);
    atomic_store(&wanted, function);
}

int stall_is_on(void) { return atomic_load(&waits); }

static void stall(const char *function, void *caller) {
    const char *expected = atomic_load(&wanted);
    const char *meant = dlsym(RTLD_DEFAULT, "curl_version") != NULL ? "libcurl" : "libmachineid";
    struct timespec left;
    Dl_info object;
    if (expected == NULL || strcmp(expected, function) != 0) return;
    if (dladdr(caller, &object) == 0 || strstr(object.dli_fname, meant) == NULL) return;
    if (!atomic_compare_exchange_strong(&wanted, &expected, NULL)) return;
    left = (struct timespec){atomic_load(&duration) / 1000, atomic_load(&duration) % 1000 * 1000000L};
    atomic_store(&waits, 1);
    while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
    atomic_store(&waits, 0);
}

int poll(struct pollfd *polled, nfds_t count, int milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    stall("poll", __builtin_return_address(0));
    /* arm64 has no other. */
    return (int)syscall(SYS_ppoll, polled, count, milliseconds < 0 ? NULL : &time, NULL, 0);
}

#ifdef __GLIBC__
#define ADDRESS __CONST_SOCKADDR_ARG
#else
#define ADDRESS const struct sockaddr *
#endif
int connect(int descriptor, ADDRESS address, socklen_t size) {
    stall("connect", __builtin_return_address(0));
    return (int)syscall(SYS_connect, descriptor, *(const void **)&address, size);
}

ssize_t send(int descriptor, const void *bytes, size_t count, int flags) {
    stall("send", __builtin_return_address(0));
    return syscall(SYS_sendto, descriptor, bytes, count, flags, NULL, 0);
}

ssize_t recv(int descriptor, void *bytes, size_t count, int flags) {
    stall("recv", __builtin_return_address(0));
    return syscall(SYS_recvfrom, descriptor, bytes, count, flags, NULL, NULL);
}
