/* supervise.c - passes signals to the program, and stops it when the guard goes off. */
#define _GNU_SOURCE /* kill, sigset_t */
#include "supervise.h"

#include "messages.h"
#include "program.h"
#include "statuses.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Milliseconds until the moment, for poll(); -1 for no limit. */
static int until(double moment) {
    double left = moment - now();
    if (moment <= 0) return -1;
    return left <= 0 ? 0 : (int)(left * 1000) + 1;
}

int supervise(const struct watch *watch, pid_t child, int bell, int signals) {
    const struct settings *settings = watch->settings;
    struct pollfd polled[2] = {{signals, POLLIN, 0}, {bell, POLLIN, 0}};
    double kill_at = 0;
    int is_off = 0, was_killed = 0;
    for (;;) {
        struct signalfd_siginfo signal;
        pid_t ended;
        int status;
        if (poll(polled, 2, was_killed ? -1 : until(kill_at)) < 0 && errno != EINTR) {
            (void)kill(child, SIGKILL);
            fail("poll");
        }
        while (read(signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
            /* Not the signals that this process sent to the group. */
            if (signal.ssi_signo != SIGCHLD && (pid_t)signal.ssi_pid != getpid())
                send_signal(settings, child, (int)signal.ssi_signo);
        }
        ended = waitpid(child, &status, WNOHANG);
        if (ended < 0) fail("waitpid");
        if (ended == child) {
            if (!is_off) return end_as(status);
            return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 128 + SIGKILL : STOPPED;
        }
        if (!is_off && polled[1].revents != 0) {
            is_off = 1;
            polled[1].fd = -1;
            kill_at = now() + settings->grace;
            send_signal(settings, child, SIGTERM);
            (void)kill(child, SIGCONT); /* also with --foreground */
            say_why(watch, kill_at);
        }
        if (is_off && !was_killed && now() >= kill_at) {
            was_killed = 1;
            (void)kill(child, SIGKILL);
            say_until(now() + 1, "%s: still there after %g seconds: SIGKILL", settings->device, settings->grace);
            /* Kills the processes that the program started, and machineid-exec itself, whose status is then 137. */
            if (!settings->foreground) (void)kill(0, SIGKILL);
        }
    }
}
