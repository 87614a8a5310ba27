/* For LD_PRELOAD: stops machineid-exec (SIGSTOP) right before it writes the eight bytes that start the program. */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t write(int file, const void *data, size_t size) {
    static int is_done;
    if (size == 8 && !is_done && syscall(SYS_gettid) == getpid()) {
        is_done = 1;
        (void)kill(getpid(), SIGSTOP);
    }
    return syscall(SYS_write, file, data, size);
}
