/*
 * Starts lines of processes, LINES of them, of which each starts the next one and ends, a millisecond later. (Without
 * that millisecond, the ended ones of 16 lines once filled the machine's table of processes.) All ignore
 * SIGTERM, lead sessions of their own, and hold the pipe $HELD open for writing, so that its reader sees when none is
 * left. A line ends by itself after half a minute.
 *
 *     replaces LINES [ends]
 *
 * The program itself writes its id to $THERE, and waits, or ends with status 5.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void go_on(time_t end) {
    while (time(NULL) < end) {
        static const struct timespec step = {.tv_nsec = 1000000};
        if (fork() > 0) _exit(0);
        (void)setsid();
        (void)nanosleep(&step, NULL);
    }
    _exit(0);
}

int main(int argc, char **argv) {
    int lines = argc > 1 ? atoi(argv[1]) : 1;
    time_t end = time(NULL) + 30;
    FILE *there;
    (void)signal(SIGTERM, SIG_IGN);
    if (getenv("HELD") == NULL || open(getenv("HELD"), O_WRONLY) < 0) return 1;
    for (int n = 0; n < lines; n++)
        if (fork() == 0) go_on(end);
    there = getenv("THERE") == NULL ? NULL : fopen(getenv("THERE"), "w");
    if (there == NULL || fprintf(there, "%d\n", (int)getpid()) < 0 || fclose(there) != 0) return 1;
    if (argc > 2) return 5;
    for (;;) (void)pause();
}
