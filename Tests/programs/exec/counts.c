/*
 * Counts the signals that it gets, and prints "got" for each. At SIGUSR1 it prints the counts and ends with status 0.
 *
 *     counts [reads|group]
 *
 * With "reads" it first reads a line from the terminal. With "group" it answers each SIGHUP by one to its own process
 * group, which it ignores itself meanwhile, as servers do that pass a signal on to their workers.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t counts[65], must_signal;

static void count(int number) {
    counts[number]++;
    if (number != SIGUSR1) (void)!write(STDOUT_FILENO, "got\n", 4);
    if (number == SIGHUP) must_signal = 1;
}

int main(int argc, char **argv) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCONT, SIGWINCH, SIGUSR1};
    const char *what = argc > 1 ? argv[1] : "";
    const char *there = getenv("THERE");
    sigset_t all, none;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = count;
    action.sa_flags = SA_RESTART;
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) (void)sigaction(numbers[n], &action, NULL);
    sigemptyset(&none);
    sigfillset(&all);
    if (strcmp(what, "reads") == 0) {
        char line[64] = "";
        int terminal = open("/dev/tty", O_RDONLY);
        ssize_t length = read(terminal, line, sizeof line - 1);
        printf("read %.*s\n", length > 0 ? (int)length - 1 : 0, line);
        /* The terminal was lent by SIGCONT. */
        counts[SIGCONT] = 0;
    }
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    if (there != NULL) {
        FILE *file = fopen(there, "w");
        if (file != NULL) fprintf(file, "%d\n", (int)getpid());
        if (file != NULL) (void)fclose(file);
    }
    printf("ready\n");
    (void)fflush(stdout);
    while (counts[SIGUSR1] == 0) {
        (void)sigsuspend(&none);
        if (must_signal && strcmp(what, "group") == 0) {
            must_signal = 0;
            (void)signal(SIGHUP, SIG_IGN);
            (void)sigprocmask(SIG_SETMASK, &none, NULL); /* A signal that is blocked is not ignored. */
            (void)kill(0, SIGHUP);
            (void)sigprocmask(SIG_SETMASK, &all, NULL);
            (void)sigaction(SIGHUP, &action, NULL);
        }
    }
    printf("INT=%d TERM=%d HUP=%d QUIT=%d CONT=%d WINCH=%d\n", (int)counts[SIGINT], (int)counts[SIGTERM],
           (int)counts[SIGHUP], (int)counts[SIGQUIT], (int)counts[SIGCONT], (int)counts[SIGWINCH]);
    return 0;
}
