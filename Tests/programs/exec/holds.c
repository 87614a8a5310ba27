/*
 * Traces a process and never waits for it. When that has ended it stays a zombie, which the wait of no other process
 * returns.
 *
 *     holds PID [exit]     prints "ready", and lets go when its input ends. With "exit" the process does not even
 *                          become a zombie before that, whatever signal it gets.
 *     holds self [ends]    starts a process that traces this one and ignores SIGTERM. That one writes its id to a line
 *                          of the file $FOUND. This one writes its own to $THERE, and waits, or ends with status 5.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <unistd.h>

static int trace(pid_t pid, int until_exit) {
    return ptrace(PTRACE_SEIZE, pid, NULL, (void *)(until_exit ? (long)PTRACE_O_TRACEEXIT : 0L)) == 0 ? 0 : -1;
}

static int tell(const char *variable) {
    char line[24];
    const char *path = getenv(variable);
    int length = snprintf(line, sizeof line, "%d\n", (int)getpid());
    int file = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND);
    return file >= 0 && write(file, line, (size_t)length) == length && close(file) == 0 ? 0 : -1;
}

static int start_tracer(void) {
    int ready[2];
    char byte;
    pid_t parent = getpid(), child;
    if (pipe(ready) != 0) return -1;
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    child = fork();
    if (child == 0) {
        (void)signal(SIGTERM, SIG_IGN);
        if (setsid() < 0 || trace(parent, 0) != 0 || tell("FOUND") != 0 || write(ready[1], "", 1) != 1) _exit(1);
        (void)close(ready[0]);
        for (;;) (void)pause();
    }
    (void)close(ready[1]);
    return child > 0 && read(ready[0], &byte, 1) == 1 ? 0 : -1;
}

int main(int argc, char **argv) {
    char byte;
    if (argc < 2) return 1;
    if (strcmp(argv[1], "self") != 0) {
        if (trace((pid_t)atoi(argv[1]), argc > 2) != 0) return 1;
        if (write(STDOUT_FILENO, "ready\n", 6) != 6) return 1;
        return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
    }
    if (start_tracer() != 0 || tell("THERE") != 0) return 1;
    if (argc > 2) return 5;
    for (;;) (void)pause();
}
