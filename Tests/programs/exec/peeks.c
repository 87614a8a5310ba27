/* Looks into another process in every way that there is, and prints for each "yes" or the name of the error. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

static void tell(const char *what, long result) {
    printf("%s=%s ", what, result >= 0 ? "yes" : strerrorname_np(errno));
}

static long reads(pid_t pid, const char *name) {
    char path[64], byte;
    int file;
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    file = open(path, O_RDONLY);
    /* Nothing is mapped at the beginning of mem, so opening it must do. */
    return file < 0 || strcmp(name, "mem") == 0 ? file : read(file, &byte, 1);
}

int main(int argc, char **argv) {
    pid_t pid = argc > 1 ? (pid_t)atoi(argv[1]) : 0;
    char own, *address = &own;
    struct iovec here = {&own, 1}, there = {address, 1};
    long result;
    tell("environ", reads(pid, "environ"));
    tell("mem", reads(pid, "mem"));
    tell("maps", reads(pid, "maps"));
    /* EFAULT: it may look, and there is nothing at this address. */
    result = process_vm_readv(pid, &here, 1, &there, 1, 0);
    tell("readv", result < 0 && errno == EFAULT ? 0 : result);
    tell("ptrace", ptrace(PTRACE_SEIZE, pid, NULL, NULL));
    printf("\n");
    return 0;
}
