/* stopping.c - stops the program and, with --kill-group, all that it started. */
#define _GNU_SOURCE /* waitid */
#include "stopping.h"

#include "descendants.h"
#include "messages.h"
#include "process.h"
#include "statuses.h"
#include "status_file.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

/* The seconds from one SIGKILL to the next: `soon` while children replace themselves by others, `later` while /proc is
 * searched for the rest, and `much_later` while something cannot be killed. This process sleeps in between, because one
 * that has slept gets a processor sooner than those that work all the time. */
static const double soon = 0.002, later = 0.02, much_later = 0.5;

/* How many seconds after the first SIGKILL a message says what is still there. */
enum { PATIENCE = 5 };

/* Sends a signal to what is to be stopped, and notes whether it was allowed to reach all. */
static struct reach send(struct supervision *to, int signal) {
    struct reach reach = {0, 0, 0};
    if (to->settings->kills_group) reach = signal_descendants(0, to->watcher->pid, signal);
    if (!to->has_ended && signal_program(to->program, to->settings, signal) != 0 && errno == EPERM) reach.refused++;
    to->is_refused = reach.refused > 0;
    return reach;
}

static int is_late(const struct supervision *supervision) {
    return supervision->killed_at != 0 && now() >= supervision->killed_at + PATIENCE;
}

/* Prints once that something cannot be stopped. */
static void say_not_stoppable(struct supervision *supervision) {
    const char *what = supervision->has_ended ? "what the program started" : "the program";
    if ((!supervision->is_refused && !is_late(supervision)) || supervision->has_said_refused) return;
    supervision->has_said_refused = 1;
    status_set(STATE_NOT_STOPPABLE, supervision->asking, supervision->program->pid, -1);
    if (supervision->is_refused)
        say_until(now() + 1, EVENT_NOT_STOPPABLE, NULL, -1,
                  "%s cannot be stopped: it runs as another user; machineid-exec keeps trying until it ends",
                  what);
    else
        say_until(now() + 1, EVENT_NOT_STOPPABLE, NULL, -1,
                  "%s is still there %d seconds after SIGKILL; machineid-exec keeps trying until it ends", what,
                  PATIENCE);
}

static void begin(struct supervision *supervision, int result) {
    supervision->result = result;
    supervision->kill_at = now() + supervision->settings->grace;
    (void)send(supervision, SIGTERM);
    /* A stopped process handles SIGTERM only once it is continued. */
    if (!supervision->is_refused) (void)send(supervision, SIGCONT);
    status_set(STATE_STOPPING, supervision->asking, supervision->program->pid, -1);
}

void stop_for_guard(struct supervision *supervision) {
    struct reason why = reason_now(supervision->asking);
    char text[400];
    begin(supervision, why.is_denial ? STOPPED_DENIED : STOPPED_UNDECIDED);
    say_until(supervision->kill_at, EVENT_STOPPING, &why, -1, "stopping: %s", reason_text(&why, text, sizeof text));
    say_not_stoppable(supervision);
}

void stop_without_watcher(struct supervision *supervision) {
    if (supervision->result == 0) {
        begin(supervision, FAILED);
        say_until(now() + 1, EVENT_STOPPING, NULL, -1,
                  "stopping: the second process of machineid-exec, which watches over it, has been killed or stopped");
    }
    /* No grace: whoever did that may be about to kill this process as well. */
    if (supervision->killed_at == 0) supervision->killed_at = now();
    kill_all(supervision);
}

/* Whether nothing is left except zombies that a tracer keeps. `left` is what signal_children() found, when no child was
 * left that had not ended. */
static int is_alone(struct supervision *supervision, struct reach left) {
    siginfo_t child = {0};
    struct reach again;
    dismiss_watcher(supervision->watcher);
    if (supervision->watcher->pid != 0 && !has_died(supervision->watcher->pid)) return 0;
    /* Only the kernel knows for certain. */
    if (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) != 0) return errno == ECHILD;
    if (child.si_pid != 0) return 0; /* It may have left a child behind. */
    /* Zombies that are traced are left. If a second look finds the same ones, there is nothing else. */
    again = signal_children(supervision->watcher->pid, 0);
    return again.found == 0 && again.sum == left.sum;
}

int stop_rest(struct supervision *supervision) {
    struct reach left;
    if (!supervision->settings->kills_group) return 0;
    left = signal_children(supervision->watcher->pid, supervision->killed_at != 0 ? SIGKILL : 0);
    if (left.found == 0) return !is_alone(supervision, left);
    if (supervision->kill_at == 0) { /* The program has ended by itself. */
        (void)send(supervision, SIGTERM);
        (void)send(supervision, SIGCONT);
        supervision->kill_at = now() + supervision->settings->grace;
        status_set(STATE_STOPPING, supervision->asking, supervision->program->pid, -1);
    }
    return 1;
}

void kill_all(struct supervision *supervision) {
    int kills_group = supervision->settings->kills_group, is_first = supervision->killed_at == 0, are_new = 0;
    if (is_first) supervision->killed_at = now();
    if (kills_group) {
        struct reach children = signal_children(supervision->watcher->pid, SIGKILL);
        are_new = children.refused == 0 && children.sum != supervision->met;
        supervision->met = children.sum;
    }
    if (now() >= supervision->search_at) {
        (void)send(supervision, SIGKILL);
        supervision->search_at = now() + (kills_group && !supervision->is_refused ? later : much_later);
    }
    supervision->kill_at = supervision->search_at;
    if (are_new && !is_late(supervision)) supervision->kill_at = now() + soon;
    if (is_first && !supervision->is_refused)
        say_until(now() + 1, EVENT_KILLING, NULL, -1, "still there after %g second%s: SIGKILL",
                  supervision->settings->grace, supervision->settings->grace == 1 ? "" : "s");
    say_not_stoppable(supervision);
}
