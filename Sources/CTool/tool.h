// The parts of libc that the program machineid uses. The functions below wrap what Swift cannot import: macros and
// variadic functions.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

// errno is a macro.
static inline int tool_errno(void) {
    return errno;
}

// Opens a file for reading. Returns -1 when that fails. /dev/fd/N and /dev/stdin name a descriptor that was handed
// down. Where it cannot be opened again, for example because it is a socket or another user's pipe, it is duplicated.
static inline int tool_open(const char *_Nonnull path) {
    int number = -1, error, descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor >= 0) return descriptor;
    error = errno;
    if (strcmp(path, "/dev/stdin") == 0) number = STDIN_FILENO;
    else if (sscanf(path, "/dev/fd/%d", &number) != 1 && sscanf(path, "/proc/self/fd/%d", &number) != 1) number = -1;
    descriptor = fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    errno = error;
    return descriptor;
}

// Keeps other processes of the same user, except root, from reading this process's memory and environment, and the
// system from writing a core dump. It no longer holds once this process runs another program. Returns 0, or -1.
static inline int tool_become_unreadable(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

// Opens /dev/null in place of each standard stream that is closed. Otherwise a connection could get its number, and
// then the program's output. Reading and writing the stream still fail. Returns 0, or -1 when this cannot be done.
static inline int tool_occupy_streams(void) {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        int flags = stream == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", flags | O_CLOEXEC) != stream) return -1;
    }
    return 0;
}

// Whether two descriptors are of the same file or pipe.
static inline int tool_are_same(int one, int other) {
    struct stat about_one, about_other;
    if (fstat(one, &about_one) != 0 || fstat(other, &about_other) != 0) return 0;
    return about_one.st_dev == about_other.st_dev && about_one.st_ino == about_other.st_ino;
}

// S_ISREG is a macro.
static inline int tool_is_regular(mode_t mode) {
    return S_ISREG(mode);
}

// Whether an open file is on a mount that nobody can write to.
static inline int tool_is_on_read_only_mount(int descriptor) {
    struct statvfs mount;
    return fstatvfs(descriptor, &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
}

// wchar.h declares it only under _XOPEN_SOURCE, which Swift does not define.
extern int wcwidth(wchar_t character);

// Makes tool_columns() know UTF-8. Nothing else that this program prints depends on it.
static inline void tool_use_utf8(void) {
    setlocale(LC_CTYPE, "C.UTF-8");
}

// How many columns of a terminal a text takes up: two for a character such as 倉, none for a combining one.
static inline int tool_columns(const char *_Nonnull text) {
    mbstate_t state = {0};
    wchar_t character;
    int columns = 0;
    for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
        int width = 1;
        length = mbrtowc(&character, text, left, &state);
        if (length == (size_t)-1 || length == (size_t)-2 || length == 0) {
            // Not UTF-8, or the C library has no UTF-8: one column for each character's first byte.
            memset(&state, 0, sizeof state);
            length = 1;
            width = ((unsigned char)*text & 0xc0) != 0x80;
        } else {
            width = wcwidth(character);
        }
        if (width > 0) columns += width;
    }
    return columns;
}

// The width of a terminal; 0 when it does not say, or when the descriptor is no terminal.
static inline int tool_terminal_columns(int descriptor) {
    struct winsize size = {0};
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// Whether a descriptor is the end of a pipe or a socket that nobody reads from.
static inline int tool_has_no_reader(int descriptor) {
    struct pollfd polled = {descriptor, 0, 0};
    return poll(&polled, 1, 0) > 0 && (polled.revents & (POLLERR | POLLHUP)) != 0;
}

// Overwrites memory with zeros, in a way that no compiler may leave out.
static inline void tool_erase(void *_Nonnull memory, size_t size) {
    memset(memory, 0, size);
    __asm__ volatile("" : : "r"(memory) : "memory");
}

// The time in UTC, such as 2026-01-31T09:15:00.123Z, in a buffer of 32 bytes.
static inline void tool_utc_time(char *_Nonnull text) {
    struct timespec now = {0};
    struct tm parts;
    char seconds[24] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &parts) != NULL) strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, 32, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

// Looks up the addresses of a host. SOCK_STREAM is an enumerator in glibc and a macro in musl. Returns 0, or a number
// for gai_strerror().
static inline int tool_look_up(const char *_Nonnull host, const char *_Nonnull port,
                               struct addrinfo *_Nullable *_Nonnull found) {
    struct addrinfo hints = {0};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    int error = getaddrinfo(host, port, &hints, found);
    // AI_ADDRCONFIG leaves out a loopback address where the machine has no other address of that family.
    hints.ai_flags = 0;
    return error == 0 ? 0 : getaddrinfo(host, port, &hints, found);
}

// Writes the numeric address into a buffer of 64 bytes.
static inline void tool_address(const struct addrinfo *_Nonnull at, char *_Nonnull text) {
    if (getnameinfo(at->ai_addr, at->ai_addrlen, text, 64, NULL, 0, NI_NUMERICHOST) != 0) strcpy(text, "?");
}

// Connects to an address and closes the connection. Returns 0, or an errno, which is ETIMEDOUT when time is up.
static inline int tool_connect(const struct addrinfo *_Nonnull to, int milliseconds) {
    int error = 0, descriptor = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->ai_protocol);
    socklen_t size = sizeof error;
    if (descriptor < 0) return errno;
    if (connect(descriptor, to->ai_addr, to->ai_addrlen) != 0) {
        struct pollfd polled = {descriptor, POLLOUT, 0};
        error = errno;
        if (error == EINPROGRESS) {
            int ready = poll(&polled, 1, milliseconds);
            error = ready == 0 ? ETIMEDOUT : errno;
            if (ready > 0) getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
        }
    }
    close(descriptor);
    return error;
}

// Whether the kernel knows that its clock is set by a time server: 1 or 0; -1 when it cannot tell.
static inline int tool_clock_is_synchronised(void) {
    struct timex about = {0};
    return adjtimex(&about) < 0 ? -1 : (about.status & STA_UNSYNC) == 0;
}

// unistd.h declares it only under _GNU_SOURCE, which Swift does not define.
extern char *_Nullable *_Nullable environ;
