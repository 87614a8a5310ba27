/* supervise.c - the loop that waits for signals, for the guard, and for the ends of processes. */
#define _GNU_SOURCE /* sigset_t */
#include "supervise.h"

#include "descendants.h"
#include "job.h"
#include "messages.h"
#include "process.h"
#include "statuses.h"
#include "stopping.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Milliseconds until a moment, for poll(). */
static int until(double moment) {
    double left = moment - now();
    return left <= 0 ? 0 : left > 3600 ? 3600000 : (int)(left * 1000) + 1;
}

/* How many signals and ends one round handles. Where processes end all the time there are always more, and the loop
 * has other work too. */
enum { MOST_SIGNALS = 100, MOST_ENDS = 1000 };

/* Takes note of children that have ended, orphans among them, and of the program's stops. Returns whether there may be
 * more of them. */
static int reap(struct supervision *supervision) {
    for (int n = 0; n < MOST_ENDS; n++) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED);
        if (pid <= 0) return 0;
        if (pid == supervision->program->pid && WIFSTOPPED(status)) {
            on_program_stopped(supervision, WSTOPSIG(status));
        } else if (pid == supervision->program->pid && !supervision->has_ended) {
            supervision->has_ended = 1;
            supervision->status = status;
        } else if (pid == supervision->watcher->pid) {
            /* A stopped watcher does not watch, so it counts as killed. */
            if (WIFSTOPPED(status)) (void)kill(pid, SIGKILL);
            supervision->watcher->pid = 0;
            if (!supervision->has_ended) stop_without_watcher(supervision);
        }
    }
    return 1;
}

static void read_signals(struct supervision *supervision) {
    const struct settings *settings = supervision->settings;
    struct signalfd_siginfo signal;
    for (int n = 0; n < MOST_SIGNALS; n++) {
        int number;
        if (read(supervision->signals, &signal, sizeof signal) != (ssize_t)sizeof signal) return;
        number = (int)signal.ssi_signo;
        if (number == SIGCHLD) continue;
        (void)reap(supervision); /* The program may have ended before the signal was sent. */
        if (supervision->has_ended) {
            /* Only what the program started is still there: whoever asks for the end need not wait for the grace. */
            if (number == SIGTERM || number == SIGINT) supervision->kill_at = now();
        } else if (number == SIGCONT) {
            on_continued(supervision);
        } else if (number != SIGTSTP || (pid_t)signal.ssi_pid != getpid()) {
            (void)signal_program(supervision->program, settings, number);
            if (number == SIGTSTP) supervision->must_stop = 1;
            if (number == SIGTSTP || number == SIGWINCH) continue;
            supervision->passed_on_at = now();
            wake_program(supervision->program, settings);
        }
    }
}

/* Notes the end of a program that is traced, perhaps by a process that it started: it stays a zombie, which waitpid()
 * does not return, until its tracer waits for it. */
static void look_for_zombie(struct supervision *supervision, int is_zombie) {
    pid_t pid = supervision->program->pid;
    struct process process;
    if (supervision->has_ended || (!is_zombie && !has_died(pid))) return;
    supervision->has_ended = 1;
    if (waitpid(pid, &supervision->status, WNOHANG) == pid) return; /* It has ended just now, and is not traced. */
    supervision->status = read_process(pid, &process) == 0 ? process.status : FAILED << 8;
}

static struct ending ending_of(const struct supervision *supervision) {
    struct ending ending = {supervision->result, 0};
    if (*supervision->watcher->has_killed) {
        say_until(now() + 1, EVENT_FAILED, NULL, FAILED,
                  "the program was killed because machineid-exec stood still for too long");
        ending.status = FAILED;
    } else if (*supervision->program->was_too_late) {
        ending.status = UNDECIDED;
    } else if (supervision->result != 0 && supervision->is_refused && supervision->has_said_refused) {
        ending.status = NOT_STOPPABLE;
    } else if (supervision->result == 0) {
        if (WIFSIGNALED(supervision->status)) ending.signal = WTERMSIG(supervision->status);
        ending.status = ending.signal != 0 ? 128 + ending.signal : WEXITSTATUS(supervision->status);
    }
    return ending;
}

/* poll() fails if somebody has taken the right to open descriptors from this process. It then cannot search /proc
 * either; the watcher can, and kills all when it sees the end of the pipe. */
static _Noreturn void kill_and_fail(struct supervision *supervision) {
    int reason = errno;
    (void)close(supervision->watcher->pipe);
    if (supervision->watcher->pid != 0) (void)waitpid(supervision->watcher->pid, NULL, 0);
    (void)signal_process(supervision->program->pidfd, supervision->program->pid, SIGKILL);
    errno = reason;
    fail("poll");
}

struct ending supervise(struct supervision *supervision) {
    struct pollfd polled[3] = {
        {supervision->signals, POLLIN, 0}, {supervision->bell, POLLIN, 0}, {supervision->program->pidfd, POLLIN, 0}};
    double tick = supervision->settings->interval < 0.5 ? 0.5 : supervision->settings->interval;
    double next_tick = 0;
    int is_busy = 0;
    for (;;) {
        double moment =
            supervision->kill_at != 0 && supervision->kill_at < next_tick ? supervision->kill_at : next_tick;
        if (poll(polled, 3, is_busy ? 0 : until(moment)) < 0 && errno != EINTR) {
            kill_and_fail(supervision);
        }
        /* This comes first, since processes that replace themselves go on doing so meanwhile. */
        if (supervision->killed_at != 0 && now() >= supervision->kill_at) kill_all(supervision);
        read_signals(supervision);
        is_busy = reap(supervision);
        look_for_zombie(supervision, polled[2].revents != 0);
        if (supervision->has_ended) polled[2].fd = -1;
        if (supervision->has_ended && !stop_rest(supervision)) return ending_of(supervision);
        if (supervision->result == 0 && !supervision->has_ended &&
            (polled[1].revents != 0 || !mid_guard_allowed(supervision->asking->guard)))
            stop_for_guard(supervision);
        if (supervision->result != 0) polled[1].fd = -1;
        if (supervision->kill_at != 0 && now() >= supervision->kill_at) kill_all(supervision);
        /* This comes after the look at the guard, so a program gains nothing by letting this process run rarely. */
        if (now() >= next_tick) {
            tell_alive(supervision->watcher);
            next_tick = now() + (tick < 5 ? tick : 5);
        }
    }
}
