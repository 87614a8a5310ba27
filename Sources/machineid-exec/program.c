/*
 * program.c - the process for the program. It is forked before the client is made, waits, and runs the program when the
 * authority has allowed the device. So nothing that belongs to the client is ever copied into the program.
 */
#define _GNU_SOURCE /* pipe2 */
#include "program.h"

#include "environment.h"
#include "key.h"
#include "messages.h"
#include "process.h"
#include "statuses.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

int64_t boot_time(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_BOOTTIME, &time) != 0) fail("clock_gettime");
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* What the child does: it becomes the program, or ends with an exit status. */
static _Noreturn void become_program(const struct settings *settings, const struct inherited *inherited, pid_t parent,
                                     int go, volatile int *was_too_late) {
    int64_t latest;
    int error;
    forget_key();
    if (!settings->keeps_key) clear_key_variables();
    take_over_variables(parent);
    /* The program must not outlive its supervisor, which alone can stop it. With --kill-group this is left to the
     * watcher, which must find what the program started before the program is gone. */
    if (!settings->kills_group && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) _exit(FAILED);
    if (getppid() != parent) _exit(FAILED);
    if (settings->has_no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(FAILED);
    (void)setpgid(0, 0);
    if (read(go, &latest, sizeof latest) != (ssize_t)sizeof latest) _exit(FAILED);
    if (boot_time() >= latest) {
        *was_too_late = 1;
        say(EVENT_NOT_STARTED, NULL, UNDECIDED, "not started: the allow ran out before the program could be started");
        _exit(UNDECIDED);
    }
    (void)signal(SIGCHLD, inherited->on_child_end);
    if (sigprocmask(SIG_SETMASK, &inherited->mask, NULL) != 0) _exit(FAILED);
    execvp(settings->program[0], settings->program);
    error = errno;
    say(EVENT_NOT_STARTED, NULL, error == ENOENT ? NOT_FOUND : CANNOT_RUN, "%s: %s", settings->program[0],
        strerror(error));
    _exit(error == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

struct program prepare_program(const struct settings *settings, const struct inherited *inherited) {
    struct program program;
    pid_t parent = getpid();
    int pipes[2];
    void *shared = mmap(NULL, sizeof *program.was_too_late, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || pipe2(pipes, O_CLOEXEC) != 0) fail("pipe");
    program.was_too_late = shared;
    program.pid = fork();
    if (program.pid < 0) fail("fork");
    if (program.pid == 0) {
        (void)close(pipes[1]);
        become_program(settings, inherited, parent, pipes[0], program.was_too_late);
    }
    (void)close(pipes[0]);
    /* Parent and child both do this, since either of them may be the first to need the group. */
    (void)setpgid(program.pid, program.pid);
    program.pidfd = open_process(program.pid);
    program.go = pipes[1];
    return program;
}

void start_program(struct program *program, int64_t latest) {
    /* EPIPE: the process has been killed meanwhile; its end is reported all the same. */
    if (write(program->go, &latest, sizeof latest) != (ssize_t)sizeof latest && errno != EPIPE) fail("write");
    (void)close(program->go);
    program->go = -1;
}

int signal_program(const struct program *program, const struct settings *settings, int signal) {
    int result;
    if (settings->is_foreground) return signal_process(program->pidfd, program->pid, signal);
    result = kill(-program->pid, signal);
    /* The program may have left its group, or the signal may have reached only others in it. */
    if (result != 0 || getpgid(program->pid) != program->pid)
        return signal_process(program->pidfd, program->pid, signal);
    return signal_process(program->pidfd, program->pid, 0);
}

void wake_program(const struct program *program, const struct settings *settings) {
    if (is_stopped(program->pid)) (void)signal_program(program, settings, SIGCONT);
}
