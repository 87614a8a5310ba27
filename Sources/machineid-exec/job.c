/*
 * job.c - job control. The program's process group is not the one that the shell knows, so machineid-exec stops when
 * the program does, and passes SIGCONT on.
 *
 * The terminal stays with the group of machineid-exec until the program uses it. A program that reads the terminal
 * while its group does not have it is stopped, and machineid-exec then lends it the terminal. Until then ^C reaches all
 * of the job, such as the other programs of a pipeline or the script that runs machineid-exec.
 */
#define _GNU_SOURCE /* sigset_t */
#include "job.h"

#include "messages.h"
#include "stopping.h"

#include <signal.h>
#include <unistd.h>

void on_program_stopped(struct supervision *supervision, int number) {
    struct terminal *terminal = supervision->terminal;
    pid_t group = supervision->program->pid;
    int wants_terminal = number == SIGTTIN || number == SIGTTOU;
    sigset_t pending;
    if (wants_terminal && lend_terminal(terminal, group)) {
        (void)signal_program(supervision->program, supervision->settings, SIGCONT);
        return;
    }
    if (supervision->result != 0 || (!wants_terminal && number != SIGTSTP)) {
        /* Somebody has stopped only the program. If a signal has just been passed on, the program must handle it. */
        if (now() < supervision->passed_on_at + 1) wake_program(supervision->program, supervision->settings);
        return;
    }
    if (terminal->is_lent && tcgetpgrp(terminal->file) == group) {
        /* The terminal has stopped the program's group, and the rest of the job is to stop with it. */
        take_terminal_back(terminal, group);
        (void)kill(0, number);
    }
    tell_pause(supervision->watcher);
    stop_self(number);
    tell_alive(supervision->watcher);
    /* A SIGCONT that is pending is passed on when it is read. Without one this process was not stopped, because nobody
     * could continue it, so nobody would continue the program either. A program that wants the terminal stays stopped:
     * it would only be stopped again. */
    sigpending(&pending);
    if (!wants_terminal && !sigismember(&pending, SIGCONT)) on_continued(supervision);
}

void on_continued(struct supervision *supervision) {
    struct terminal *terminal = supervision->terminal;
    if (terminal->is_lent || supervision->settings->is_foreground)
        (void)lend_terminal(terminal, supervision->program->pid);
    /* The allow may have run out meanwhile; then the program gets SIGTERM as soon as it goes on. */
    if (supervision->result == 0 && !mid_guard_allowed(supervision->asking->guard)) stop_for_guard(supervision);
    else (void)signal_program(supervision->program, supervision->settings, SIGCONT);
}
