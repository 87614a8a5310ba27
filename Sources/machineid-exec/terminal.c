/* terminal.c - lends the terminal to the program, and stops as a shell expects of a job. SIGTTOU is ignored. */
#define _GNU_SOURCE /* O_CLOEXEC, sigset_t */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

struct terminal open_terminal(void) {
    struct terminal terminal = {open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), 0};
    return terminal;
}

int lend_terminal(struct terminal *terminal, pid_t group) {
    pid_t has_it = terminal->file < 0 ? -1 : tcgetpgrp(terminal->file);
    if (has_it == group) return 1;
    if (has_it < 0 || has_it != getpgrp() || tcsetpgrp(terminal->file, group) != 0) return 0;
    terminal->is_lent = 1;
    return 1;
}

void take_terminal_back(struct terminal *terminal, pid_t group) {
    pid_t has_it = terminal->file < 0 ? -1 : tcgetpgrp(terminal->file);
    if (!terminal->is_lent || has_it <= 0 || has_it == getpgrp()) return;
    if (has_it == group || (kill(-has_it, 0) != 0 && errno == ESRCH)) (void)tcsetpgrp(terminal->file, getpgrp());
}

void stop_self(int number) {
    sigset_t one;
    void (*before)(int) = signal(number, SIG_DFL);
    sigemptyset(&one);
    sigaddset(&one, number);
    (void)raise(number);
    (void)sigprocmask(SIG_UNBLOCK, &one, NULL); /* It stops here. */
    (void)sigprocmask(SIG_BLOCK, &one, NULL);
    (void)signal(number, before);
}
