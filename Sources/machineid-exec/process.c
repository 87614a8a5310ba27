/* process.c - reads /proc/PID/stat. */
#define _GNU_SOURCE /* syscall */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int open_process(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int signal_process(int pidfd, pid_t pid, int signal) {
    if (pidfd < 0) return kill(pid, signal);
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/* Whether /proc shows the processes of this PID namespace, with its ids. */
static int is_own_proc(void) {
    static int is_known, is_own;
    char text[24];
    ssize_t length = is_known ? 0 : readlink("/proc/self", text, sizeof text - 1);
    if (is_known || length <= 0) return is_own;
    text[length] = '\0';
    is_known = 1;
    is_own = atoi(text) == (int)getpid();
    return is_own;
}

/* Reads a process, or a thread of it. Returns 0, or -1. */
static int read_stat(const char *path, struct process *process) {
    char text[1024];
    const char *end, *last;
    ssize_t length;
    int parent, group, file = is_own_proc() ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return -1;
    length = read(file, text, sizeof text - 1);
    (void)close(file);
    if (length <= 0) return -1;
    text[length] = '\0';
    /* The name, in parentheses, may hold anything. */
    end = strrchr(text, ')');
    last = strrchr(text, ' ');
    if (end == NULL || last == NULL ||
        sscanf(end + 1, " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d", &process->state,
               &parent, &group, &process->threads) != 4)
        return -1;
    process->parent = (pid_t)parent;
    process->group = (pid_t)group;
    process->status = atoi(last + 1);
    return 0;
}

int read_process(pid_t pid, struct process *process) {
    char path[40];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    process->pid = pid;
    return read_stat(path, process);
}

/* Counts the threads of a process that are zombies, and adds their ids up. */
static int zombies_of(pid_t pid, unsigned long *sum) {
    char path[64];
    const struct dirent *entry;
    DIR *folder;
    int count = 0;
    *sum = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    folder = opendir(path);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        struct process thread;
        int id = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;
        (void)snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, id);
        if (id == 0 || read_stat(path, &thread) != 0 || thread.state != 'Z') continue;
        count++;
        *sum += (unsigned long)id;
    }
    if (folder != NULL) (void)closedir(folder);
    return count;
}

int has_died(pid_t pid) {
    struct process process;
    unsigned long sums[2];
    /* Processes of other users may be hidden in /proc. */
    if (read_process(pid, &process) != 0) return kill(pid, 0) != 0 && errno == ESRCH;
    if (process.state != 'Z' || process.threads == 1) return process.state == 'Z' || process.state == 'X';
    /* Look twice: a thread that is ending looks like a zombie for a moment, and may just have started another one. */
    for (int look = 0; look < 2; look++) {
        int zombies = zombies_of(pid, &sums[look]);
        if (read_process(pid, &process) != 0 || process.state != 'Z' || process.threads != zombies) return 0;
    }
    return sums[0] == sums[1];
}

int is_stopped(pid_t pid) {
    struct process process;
    return read_process(pid, &process) != 0 || process.state == 'T';
}

int stands_still(const struct process *process) {
    int is_zombie = (process->state == 'Z' && process->threads == 1) || process->state == 'X';
    return is_zombie || process->state == 'T' || process->state == 't' || process->state == 'D';
}
