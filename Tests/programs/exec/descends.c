/*
 * Starts processes that are hard to find, and writes the id of each to a line of the file $FOUND: one in a session of
 * its own, an orphan in a session of its own, and an orphan in the program's group. All of them ignore SIGTERM, and
 * none ends by itself. Then it writes its own id to $THERE, and waits for the end, or ends at once with status 5 if it
 * is told "ends".
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *variable) {
    char line[24];
    int file = open(getenv(variable), O_WRONLY | O_APPEND);
    if (file < 0) _exit(1);
    (void)!write(file, line, (size_t)snprintf(line, sizeof line, "%d\n", (int)getpid()));
    (void)close(file);
}

static void start(int is_orphan, int has_session) {
    int ready[2], status;
    char byte;
    pid_t child;
    if (pipe(ready) != 0 || (child = fork()) < 0) _exit(1);
    if (child == 0) {
        (void)signal(SIGTERM, SIG_IGN);
        if (is_orphan && fork() != 0) _exit(0);
        if (has_session && setsid() < 0) _exit(1);
        tell("FOUND");
        (void)!write(ready[1], "", 1);
        (void)close(ready[0]);
        (void)close(ready[1]);
        for (;;) (void)pause();
    }
    if (is_orphan) (void)waitpid(child, &status, 0);
    (void)close(ready[1]);
    if (read(ready[0], &byte, 1) != 1) _exit(1);
    (void)close(ready[0]);
}

int main(int argc, char **argv) {
    start(0, 1);
    start(1, 1);
    start(1, 0);
    tell("THERE");
    if (argc > 1 && strcmp(argv[1], "ends") == 0) return 5;
    for (;;) (void)pause();
}
