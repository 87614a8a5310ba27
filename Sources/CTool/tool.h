// The parts of libc that the program machineid uses. The functions below wrap what Swift cannot import: macros and
// variadic functions.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

// errno is a macro.
static inline int tool_errno(void) {
    return errno;
}

// open() is variadic. O_NONBLOCK keeps a pipe in the place of a file from blocking the program.
static inline int tool_open(const char *_Nonnull path) {
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

// S_ISREG is a macro.
static inline int tool_is_regular(mode_t mode) {
    return S_ISREG(mode);
}

// Overwrites memory with zeros, and no compiler may leave that out.
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

// unistd.h declares it only under _GNU_SOURCE, which Swift does not define.
extern char *_Nullable *_Nullable environ;
