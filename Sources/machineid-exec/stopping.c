/* stopping.c - stops the program and, with --kill-group, all that it started. */
#include "stopping.h"

#include "descendants.h"
#include "messages.h"
#include "statuses.h"
#include "status_file.h"

#include <errno.h>
#include <signal.h>

/* Sends a signal to what is to be stopped, and notes whether it was allowed to reach all. */
static struct reach send(struct supervision *to, int signal) {
    struct reach reach = {0, 0};
    if (to->settings->kills_group) reach = signal_descendants(0, to->watcher->pid, signal);
    if (!to->has_ended && signal_program(to->program, to->settings, signal) != 0 && errno == EPERM) reach.refused++;
    to->is_refused = reach.refused > 0;
    return reach;
}

/* Says once that something runs on. */
static void say_refused(struct supervision *supervision) {
    if (!supervision->is_refused || supervision->has_said_refused) return;
    supervision->has_said_refused = 1;
    status_set(STATE_NOT_STOPPABLE, supervision->asking, supervision->program->pid, -1);
    say_until(now() + 1, EVENT_NOT_STOPPABLE, NULL, -1,
              "%s cannot be stopped: it runs as another user; machineid-exec tries on until it ends",
              supervision->has_ended ? "what the program started" : "the program");
}

static void begin(struct supervision *supervision, int result) {
    supervision->result = result;
    supervision->kill_at = now() + supervision->settings->grace;
    (void)send(supervision, SIGTERM);
    /* What is stopped handles a signal only when it has been continued. */
    if (!supervision->is_refused) (void)send(supervision, SIGCONT);
    status_set(STATE_STOPPING, supervision->asking, supervision->program->pid, -1);
}

void stop_for_guard(struct supervision *supervision) {
    struct reason why = reason_now(supervision->asking);
    char text[400];
    begin(supervision, why.is_denial ? STOPPED_DENIED : STOPPED_UNDECIDED);
    say_until(supervision->kill_at, EVENT_STOPPING, &why, -1, "stopping: %s", reason_text(&why, text, sizeof text));
    say_refused(supervision);
}

void stop_without_watcher(struct supervision *supervision) {
    if (supervision->result == 0) {
        begin(supervision, FAILED);
        say_until(now() + 1, EVENT_STOPPING, NULL, -1,
                  "stopping: the second process of machineid-exec, which watches over it, has been killed or stopped");
    }
    /* No grace: whoever did that may be about to kill this process as well. */
    supervision->was_killed = 1;
    kill_all(supervision);
}

int stop_rest(struct supervision *supervision) {
    if (!supervision->settings->kills_group) return 0;
    if (supervision->kill_at == 0) { /* The program has ended by itself. */
        if (send(supervision, SIGTERM).found == 0) return 0;
        (void)send(supervision, SIGCONT);
        supervision->kill_at = now() + supervision->settings->grace;
        status_set(STATE_STOPPING, supervision->asking, supervision->program->pid, -1);
    }
    return signal_descendants(0, supervision->watcher->pid, 0).found > 0;
}

void kill_all(struct supervision *supervision) {
    int is_first = !supervision->was_killed;
    supervision->was_killed = 1;
    (void)send(supervision, SIGKILL);
    /* Processes may be starting others at this moment, so those are looked for again and again. */
    supervision->kill_at = now() + (supervision->settings->kills_group && !supervision->is_refused ? 0.02 : 0.5);
    if (is_first && !supervision->is_refused)
        say_until(now() + 1, EVENT_KILLING, NULL, -1, "still there after %g seconds: SIGKILL",
                  supervision->settings->grace);
    say_refused(supervision);
}
