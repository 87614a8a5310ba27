/* environment.c - variables that hold a process id. Programs ignore them unless the id is their own. */
#define _GNU_SOURCE /* setenv */
#include "environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void take_over_variables(pid_t supervisor) {
    static const char *const names[] = {"LISTEN_PID", "WATCHDOG_PID", "SYSTEMD_EXEC_PID"};
    char its[24], own[24];
    (void)snprintf(its, sizeof its, "%d", (int)supervisor);
    (void)snprintf(own, sizeof own, "%d", (int)getpid());
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const char *value = getenv(names[n]);
        if (value == NULL || strcmp(value, its) != 0) continue;
        (void)setenv(names[n], own, 1);
        /* This one names machineid-exec by another number, and sd_listen_fds() does not need it. */
        if (n == 0) (void)unsetenv("LISTEN_PIDFDID");
    }
}
