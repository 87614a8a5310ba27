/*
 * main.c - machineid-exec: runs a program for as long as the authority allows its device to run.
 *
 *     MACHINEID_ORG_KEY=org_... machineid-exec --device worker:prod:07 -- ./worker --queue jobs
 *
 * main() prepares the process for the program (program.c), starts the thread that asks the authority (watch.c), waits
 * for the first answer, and then supervises the program until it ends or must end (supervise.c).
 */
#define _GNU_SOURCE /* pipe2, ppoll */
#include "messages.h"
#include "options.h"
#include "program.h"
#include "statuses.h"
#include "supervise.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
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

/* Waits for the first answer. Until the program runs, signals have their usual effect on machineid-exec. */
static void wait_for_answer(int bell, const struct inherited *inherited) {
    struct pollfd polled = {bell, POLLIN, 0};
    sigset_t mask = inherited->mask;
    char byte;
    sigaddset(&mask, SIGCHLD); /* stays pending for supervise() */
    while (ppoll(&polled, 1, NULL, &mask) < 0 && errno == EINTR) continue;
    if (read(bell, &byte, 1) != 1) fail("read");
}

int main(int count, char **arguments) {
    struct settings settings = {getenv("MACHINEID_DEVICE_ID"), 10, 5, 0, 0, 0, NULL};
    struct watch watch = {&settings, NULL, NULL, FAILED, -1};
    struct rlimit none = {0, 0};
    struct inherited inherited;
    sigset_t caught;
    pthread_t watcher;
    int bell[2], signals, go, result;
    pid_t child;

    occupy_closed_streams();
    read_options(count, arguments, &settings);
    if (!settings.foreground) (void)setpgid(0, 0);
    forwarded(&caught);
    sigaddset(&caught, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &caught, &inherited.mask) != 0) fail("sigprocmask");
    /* If the parent had SIGCHLD ignored, a child's end would bring no signal and leave no status. */
    inherited.on_child_end = signal(SIGCHLD, SIG_DFL);
    child = prepare_program(&settings, &inherited, &go);
    /*
     * Set after the fork, so that the program inherits the original settings. A closed reader must not end the
     * supervisor, and it must not be stopped because a process of its group reads the terminal in the background, or
     * because it writes a message there itself.
     */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGTTIN, SIG_IGN);
    (void)signal(SIGTTOU, SIG_IGN);
    (void)setrlimit(RLIMIT_CORE, &none); /* A core dump would hold the org key. */
    signals = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0 || pipe2(bell, O_CLOEXEC) != 0) fail("signalfd");

    watch.bell = bell[1];
    if (pthread_create(&watcher, NULL, watch_guard, &watch) != 0) fail("pthread_create");
    wait_for_answer(bell[0], &inherited);
    result = watch.result;
    /* EPIPE: the process has been killed meanwhile; supervise() reports its status all the same. */
    if (result == 0 && write(go, "", 1) != 1 && errno != EPIPE) fail("write");
    (void)close(go);
    if (result == 0) result = supervise(&watch, child, bell[0], signals);
    else (void)waitpid(child, NULL, 0);
    mid_client_free(watch.client); /* This ends the guard, and so the watcher. */
    (void)pthread_join(watcher, NULL);
    mid_guard_stop(watch.guard);
    return result;
}
