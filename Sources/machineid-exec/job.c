/*
 * job.c - job control. The program's process group is not the one that the shell knows, so machineid-exec stops when
 * the program does, and passes SIGCONT on.
 *
 * A process that is stopped does not stop its program when the device is denied. So machineid-exec stops only for a
 * terminal, or for a SIGTSTP that came to itself, and only when the program and what belongs to it are stopped as well:
 * the program may have stopped itself alone, while its children work on.
 *
 * The terminal stays with the group of machineid-exec until the program uses it. A program that reads the terminal
 * while its group does not have it is stopped, and machineid-exec then lends it the terminal. Until then ^C reaches all
 * of the job, such as the other programs of a pipeline or the script that runs machineid-exec.
 */
#define _GNU_SOURCE /* sigset_t */
#include "job.h"

#include "descendants.h"
#include "messages.h"
#include "process.h"
#include "stopping.h"

#include <signal.h>
#include <unistd.h>

/* Stops what belongs to the program. Returns 0, or -1 if some of it goes on. */
static int freeze(struct supervision *supervision) {
    supervision->has_frozen = 1;
    if (supervision->settings->kills_group) return stop_descendants(0, supervision->watcher->pid);
    if (signal_program(supervision->program, supervision->settings, SIGSTOP) == 0) return 0;
    return is_stopped(supervision->program->pid) ? 0 : -1;
}

static void thaw(struct supervision *supervision) {
    if (supervision->has_frozen && supervision->settings->kills_group)
        (void)signal_descendants(0, supervision->watcher->pid, SIGCONT);
    else
        (void)signal_program(supervision->program, supervision->settings, SIGCONT);
    supervision->has_frozen = 0;
}

void on_program_stopped(struct supervision *supervision, int number) {
    struct terminal *terminal = supervision->terminal;
    pid_t group = supervision->program->pid;
    int wants_terminal = number == SIGTTIN || number == SIGTTOU;
    int has_terminal = terminal->is_lent && tcgetpgrp(terminal->file) == group;
    int is_job = wants_terminal ? terminal->file >= 0 : number == SIGTSTP && (has_terminal || supervision->must_stop);
    sigset_t pending;
    supervision->must_stop = 0;
    if (wants_terminal && lend_terminal(terminal, group)) {
        (void)signal_program(supervision->program, supervision->settings, SIGCONT);
        return;
    }
    if (supervision->result != 0 || !is_job) {
        /* Somebody has stopped only the program. If a signal has just been passed on, the program must handle it. */
        if (now() < supervision->passed_on_at + 1) wake_program(supervision->program, supervision->settings);
        return;
    }
    if (freeze(supervision) != 0) {
        /* Somebody would work on while nobody asks. */
        thaw(supervision);
        return;
    }
    if (has_terminal) {
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
    else thaw(supervision);
}
