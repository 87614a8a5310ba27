/*
 * program.c - the process for the program. It is forked before the client is made, waits, and runs the program when the
 * authority has allowed the device. So nothing that belongs to the client is ever copied into the program.
 */
#define _GNU_SOURCE /* pipe2 */
#include "program.h"

#include "messages.h"
#include "statuses.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void forwarded(sigset_t *set) {
    static const int others[] = {SIGABRT, SIGBUS,  SIGFPE,  SIGILL,  SIGSEGV, SIGSYS,  SIGTRAP,  SIGXCPU,
                                 SIGXFSZ, SIGCHLD, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGURG};
    sigfillset(set);
    for (size_t n = 0; n < sizeof others / sizeof *others; n++) sigdelset(set, others[n]);
}

pid_t prepare_program(const struct settings *settings, const struct inherited *inherited, int *go) {
    int pipes[2];
    pid_t parent = getpid();
    pid_t child;
    if (pipe2(pipes, O_CLOEXEC) != 0) fail("pipe");
    child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        char byte;
        int error;
        /* The program must not run without a supervisor, which could stop it. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(FAILED);
        (void)close(pipes[1]);
        if (read(pipes[0], &byte, 1) != 1) _exit(FAILED);
        (void)signal(SIGCHLD, inherited->on_child_end);
        if (sigprocmask(SIG_SETMASK, &inherited->mask, NULL) != 0) _exit(FAILED);
        execvp(settings->program[0], settings->program);
        error = errno;
        say("%s: %s", settings->program[0], strerror(error));
        _exit(error == ENOENT ? NOT_FOUND : CANNOT_RUN);
    }
    (void)close(pipes[0]);
    *go = pipes[1];
    return child;
}

void send_signal(const struct settings *settings, pid_t child, int signal) {
    (void)kill(child, signal);
    if (settings->foreground) return;
    /* Signals the rest of the process group, which machineid-exec leads. supervise() does not pass its own copy of
     * the signal on. */
    (void)kill(0, signal);
    /* A stopped process handles the signal only after SIGCONT. */
    if (signal != SIGCONT) send_signal(settings, child, SIGCONT);
}

int end_as(int status) {
    sigset_t one;
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (!WIFSIGNALED(status)) return FAILED;
    (void)signal(WTERMSIG(status), SIG_DFL);
    sigemptyset(&one);
    sigaddset(&one, WTERMSIG(status));
    (void)raise(WTERMSIG(status));
    (void)sigprocmask(SIG_UNBLOCK, &one, NULL);
    return 128 + WTERMSIG(status);
}
