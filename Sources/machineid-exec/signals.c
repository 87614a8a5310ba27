/* signals.c - blocks and reads signals, and ends by one. */
#define _GNU_SOURCE /* sigset_t */
#include "signals.h"

#include "messages.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

void catch_signals(sigset_t *caught, struct inherited *inherited) {
    static const int others[] = {SIGABRT, SIGBUS,  SIGFPE,  SIGILL,  SIGSEGV, SIGSYS, SIGTRAP,
                                 SIGXCPU, SIGXFSZ, SIGPIPE, SIGTTIN, SIGTTOU, SIGURG};
    sigfillset(caught);
    for (size_t n = 0; n < sizeof others / sizeof *others; n++) sigdelset(caught, others[n]);
    if (sigprocmask(SIG_BLOCK, caught, &inherited->mask) != 0) fail("sigprocmask");
    /* If the parent had SIGCHLD ignored, a child's end would bring no signal and leave no status. */
    inherited->on_child_end = signal(SIGCHLD, SIG_DFL);
}

void ignore_terminal_signals(void) {
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGTTIN, SIG_IGN);
    (void)signal(SIGTTOU, SIG_IGN);
}

/* Reads the signals that have come. Returns one that is to end this process, and otherwise 0. */
static int ending_signal(int signals) {
    struct signalfd_siginfo signal;
    while (read(signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        int number = (int)signal.ssi_signo;
        struct sigaction action;
        if (number == SIGTSTP) stop_self(number);
        if (number == SIGCHLD || number == SIGCONT || number == SIGWINCH || number == SIGTSTP) continue;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) continue;
        return number;
    }
    return 0;
}

int await_input(int file, int signals) {
    struct pollfd polled[2] = {{signals, POLLIN, 0}, {file, POLLIN, 0}};
    while (polled[1].revents == 0) {
        int number;
        if (poll(polled, 2, -1) < 0 && errno != EINTR) fail("poll");
        number = ending_signal(signals);
        if (number != 0) return number;
    }
    return 0;
}

_Noreturn void end_by(struct ending ending, const struct terminal *terminal) {
    sigset_t one;
    if (ending.signal == 0) exit(ending.status);
    (void)signal(ending.signal, SIG_DFL);
    /* While the program had the terminal, ^C reached it alone, and not the rest of the job. */
    if (terminal->is_lent && (ending.signal == SIGINT || ending.signal == SIGQUIT)) (void)kill(0, ending.signal);
    (void)raise(ending.signal);
    sigemptyset(&one);
    sigaddset(&one, ending.signal);
    (void)sigprocmask(SIG_UNBLOCK, &one, NULL);
    _exit(ending.status); /* The first process of a namespace is not ended by a signal of its own. */
}
