/*
 * main.c - machineid-exec: runs a program for as long as the authority allows its device to run.
 *
 *     machineid-exec --key-file /etc/machineid/org-key --device worker:prod:07 -- ./worker --queue jobs
 *
 * main() takes the org key out of sight (key.c), prepares the processes for the program (program.c) and for the watcher
 * (watcher.c), starts the thread that asks the authority (asking.c), waits for the first answer, and then supervises
 * the program until it ends or must end (supervise.c, stopping.c, job.c).
 */
#define _GNU_SOURCE /* pipe2 */
#include "key.h"
#include "messages.h"
#include "signals.h"
#include "statuses.h"
#include "status_file.h"
#include "supervise.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/*
 * If a standard stream is closed, a descriptor opened from now on would get its number, and messages would be written
 * into it: for example into the pipe that starts the program. For the program the streams stay closed.
 */
static void occupy_closed_streams(void) {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        if (fcntl(stream, F_GETFD) >= 0) continue;
        /* open() returns the lowest free number, which is this one. */
        if (open("/dev/null", O_RDWR | O_CLOEXEC) != stream) exit(FAILED);
    }
}

/* Waits for the answer, and runs the program if it is an allow. */
static struct ending run(struct supervision *supervision, struct asking *asking) {
    struct ending ending = {0, await_input(supervision->bell, supervision->signals)};
    int64_t latest;
    char byte;
    if (ending.signal != 0) {
        ending.status = 128 + ending.signal;
        return ending;
    }
    if (read(supervision->bell, &byte, 1) != 1) fail("read");
    ending.status = asking->result;
    if (ending.status != 0) {
        status_set(STATE_ASKING, asking, 0, -1);
        return ending;
    }
    latest = allowed_until(asking);
    messages_about(asking->settings->device, supervision->program->pid);
    status_set(STATE_RUNNING, asking, supervision->program->pid, -1);
    if (asking->settings->is_foreground) (void)lend_terminal(supervision->terminal, supervision->program->pid);
    tell_alive(supervision->watcher);
    /* This comes first, so that it comes before what the program writes. */
    say_until(now() + 0.1, EVENT_STARTING, &asking->why, -1, "starting");
    start_program(supervision->program, latest);
    return supervise(supervision);
}

int main(int count, char **arguments) {
    struct settings settings = {getenv("MACHINEID_DEVICE_ID"), NULL, NULL, NULL, 10, 5, 0, 0, 0, 0, 0, 0, 0, NULL};
    struct asking asking = {&settings, NULL, NULL, {0}, FAILED, -1};
    struct supervision supervision = {.settings = &settings, .asking = &asking};
    struct inherited inherited;
    struct program program;
    struct watcher watcher;
    struct terminal terminal;
    struct ending ending;
    sigset_t caught;
    pthread_t asker;
    int bell[2];

    occupy_closed_streams();
    become_unreadable();
    read_options(count, arguments, &settings);
    catch_signals(&caught, &inherited);
    supervision.signals = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
    if (supervision.signals < 0) fail("signalfd");
    read_key(&settings, supervision.signals);
    status_begin(&settings);
    messages_about(settings.device, 0);
    program = prepare_program(&settings, &inherited);
    watcher = start_watcher(&settings, &program);
    clear_key_variables();
    ignore_terminal_signals();
    /* Orphans of the program become children of this process, which reaps them and, with --kill-group, ends them. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) fail("prctl(PR_SET_CHILD_SUBREAPER)");
    terminal = open_terminal();
    if (pipe2(bell, O_CLOEXEC) != 0) fail("pipe2");
    supervision.program = &program;
    supervision.watcher = &watcher;
    supervision.terminal = &terminal;
    supervision.bell = bell[0];
    asking.bell = bell[1];
    status_start();
    if (pthread_create(&asker, NULL, ask, &asking) != 0) fail("pthread_create");

    ending = run(&supervision, &asking);

    dismiss_watcher(&watcher);
    take_terminal_back(&terminal, program.pid);
    if (supervision.has_ended)
        say_until(now() + 0.1, EVENT_ENDED, NULL, ending.status, "ended with exit status %d", ending.status);
    status_end(ending.status);
    /* The first answer may still be under way, and nobody waits for it. */
    if (ending.signal != 0 && !supervision.has_ended) end_by(ending, &terminal);
    mid_client_free(asking.client); /* This ends the guard, and so the thread. */
    (void)pthread_join(asker, NULL);
    mid_guard_stop(asking.guard);
    end_by(ending, &terminal);
}
