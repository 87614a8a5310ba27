/* watcher.c - the second process. It has a session of its own, so that a signal to the group of machineid-exec does not
 * end it, and no descriptors except the pipe and that of the program. */
#define _GNU_SOURCE /* pipe2, syscall */
#include "watcher.h"

#include "descendants.h"
#include "key.h"
#include "messages.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PIPE = 0, PIDFD = 1, PATIENCE_MS = 2000, PAUSE_MS = 1000 };

/* Leaves the two descriptors under the numbers 0 and 1, and closes all others. */
static void keep_two(int pipe, int pidfd) {
    if (pidfd >= 0 && (pidfd = fcntl(pidfd, F_DUPFD, 3)) < 0) _exit(0);
    if ((pipe = fcntl(pipe, F_DUPFD, 3)) < 0 || dup2(pipe, PIPE) < 0) _exit(0);
    if (pidfd >= 0) (void)dup2(pidfd, PIDFD);
    else (void)close(PIDFD);
    if (syscall(SYS_close_range, 2U, ~0U, 0U) == 0) return;
    for (int n = 2; n < 65536; n++) (void)close(n);
}

/* Whether the program, and what would be killed with it, is stopped. */
static int are_all_stopped(const struct settings *settings, pid_t supervisor, pid_t program) {
    struct process process;
    if (settings->kills_group) return are_stopped(supervisor, getpid(), 0);
    if (!settings->is_foreground) return are_stopped(supervisor, getpid(), program);
    return read_process(program, &process) == 0 && stands_still(&process);
}

/* Returns when the program is to be killed. While machineid-exec stands still because the program is stopped, no time
 * is counted, unless somebody else continues it or what belongs to it. When the time is up, machineid-exec gets
 * PATIENCE_MS more: the two may have been frozen together, and the watcher may be the first to go on. */
static void await_death(const struct settings *settings, pid_t supervisor, pid_t program, int lease_ms) {
    int timeout = -1, is_last = 0, is_paused = 0;
    for (;;) {
        struct pollfd polled = {PIPE, POLLIN, 0};
        int ready = poll(&polled, 1, timeout);
        char words[64];
        ssize_t count;
        if (ready == 0 && is_paused) {
            if (are_all_stopped(settings, supervisor, program)) continue;
            /* Somebody has continued the program, or what it started, but not machineid-exec. */
            is_paused = 0;
            timeout = lease_ms;
            continue;
        }
        if (ready == 0) {
            if (is_last) return;
            is_last = 1;
            timeout = PATIENCE_MS;
            continue;
        }
        count = read(PIPE, words, sizeof words);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) return;
        if (words[count - 1] == 'q') _exit(0);
        is_paused = words[count - 1] == 'p';
        timeout = is_paused ? PAUSE_MS : lease_ms;
        is_last = 0;
    }
}

static void kill_below(pid_t root) {
    (void)stop_descendants(root, getpid());
    (void)signal_descendants(root, getpid(), SIGKILL);
}

static void kill_program(const struct settings *settings, pid_t supervisor, const struct program *program) {
    int pidfd = program->pidfd < 0 ? -1 : PIDFD;
    if (settings->kills_group) {
        /* This comes first, since machineid-exec may be ending just now. Then the orphans are no longer below it. */
        kill_below(program->pid);
        if (getppid() == supervisor) kill_below(supervisor);
    }
    /* machineid-exec ends only now, so the id of the program's group cannot be another group's yet. */
    if (!settings->is_foreground || settings->kills_group) (void)kill(-program->pid, SIGKILL);
    (void)signal_process(pidfd, program->pid, SIGKILL);
    /* It may be stopped, and nobody else may ever continue it. */
    if (getppid() == supervisor) (void)kill(supervisor, SIGCONT);
}

struct watcher start_watcher(const struct settings *settings, const struct program *program) {
    double lease = settings->max_age + settings->grace + 1;
    struct watcher watcher;
    int pipes[2];
    pid_t supervisor = getpid();
    void *shared = mmap(NULL, sizeof *watcher.has_killed, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || pipe2(pipes, O_CLOEXEC) != 0) fail("mmap");
    watcher.has_killed = shared;
    watcher.pid = fork();
    if (watcher.pid < 0) fail("fork");
    if (watcher.pid == 0) {
        sigset_t all;
        sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, NULL);
        forget_key();
        clear_key_variables();
        (void)setsid();
        (void)!chdir("/");
        (void)prctl(PR_SET_NAME, "machineid-watch");
        (void)close(pipes[1]);
        keep_two(pipes[0], program->pidfd);
        await_death(settings, supervisor, program->pid, lease > 2e6 ? -1 : (int)(lease * 1000));
        *watcher.has_killed = 1;
        kill_program(settings, supervisor, program);
        _exit(0);
    }
    (void)close(pipes[0]);
    (void)fcntl(pipes[1], F_SETFL, O_NONBLOCK);
    watcher.pipe = pipes[1];
    return watcher;
}

static void tell(const struct watcher *watcher, const char *word) { (void)!write(watcher->pipe, word, 1); }

void tell_alive(const struct watcher *watcher) { tell(watcher, "a"); }

void tell_pause(const struct watcher *watcher) { tell(watcher, "p"); }

void dismiss_watcher(struct watcher *watcher) {
    if (watcher->pipe < 0) return;
    tell(watcher, "q");
    (void)close(watcher->pipe);
    watcher->pipe = -1;
}
