/*
 * descendants.c - finds processes by their parents. The kernel gives orphans to this process (PR_SET_CHILD_SUBREAPER),
 * so whatever the program starts stays below it, in whatever session or process group.
 */
#define _GNU_SOURCE /* syscall */
#include "descendants.h"

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

struct process {
    pid_t pid, parent;
};

struct list {
    struct process *all;
    size_t count;
};

int open_process(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int signal_process(int pidfd, pid_t pid, int signal) {
    if (pidfd < 0) return kill(pid, signal);
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/* Returns the parent's id, or -1 if there is no such process. */
static pid_t parent_of(pid_t pid) {
    char path[40], text[512];
    const char *end;
    ssize_t length;
    int parent, file;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    length = read(file, text, sizeof text - 1);
    (void)close(file);
    if (length <= 0) return -1;
    text[length] = '\0';
    /* The name, in parentheses, may hold anything. */
    end = strrchr(text, ')');
    return end != NULL && sscanf(end + 1, " %*c %d", &parent) == 1 ? (pid_t)parent : -1;
}

static int by_pid(const void *one, const void *other) {
    pid_t a = ((const struct process *)one)->pid, b = ((const struct process *)other)->pid;
    return (a > b) - (a < b);
}

/* Returns 0, or -1 without /proc or memory. */
static int read_list(struct list *list) {
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    size_t room = 0;
    list->all = NULL;
    list->count = 0;
    if (folder == NULL) return -1;
    while ((entry = readdir(folder)) != NULL) {
        struct process process;
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        process.pid = (pid_t)atoi(entry->d_name);
        process.parent = parent_of(process.pid);
        if (process.parent < 0) continue;
        if (list->count == room) {
            struct process *larger = realloc(list->all, (room + 256) * 2 * sizeof *larger);
            if (larger == NULL) break;
            list->all = larger;
            room = (room + 256) * 2;
        }
        list->all[list->count++] = process;
    }
    (void)closedir(folder);
    if (list->count == 0) { /* not even this process: /proc is not that of this process's namespace */
        free(list->all);
        return -1;
    }
    qsort(list->all, list->count, sizeof *list->all, by_pid);
    return 0;
}

static const struct process *find(const struct list *list, pid_t pid) {
    struct process wanted = {pid, 0};
    return bsearch(&wanted, list->all, list->count, sizeof *list->all, by_pid);
}

/* Walks up from a process. The list is not of one moment, so the walk is bounded. */
static int is_below(const struct list *list, const struct process *process, pid_t root, pid_t spared) {
    for (size_t steps = 0; process != NULL && steps <= list->count; steps++) {
        if (process->pid == spared || process->pid == root) return 0;
        if (process->parent == root) return 1;
        process = find(list, process->parent);
    }
    return 0;
}

int descendants(pid_t root) {
    struct list list;
    int count = 0;
    if (read_list(&list) != 0) return -1;
    for (size_t n = 0; n < list.count; n++) count += is_below(&list, &list.all[n], root == 0 ? getpid() : root, 0);
    free(list.all);
    return count;
}

struct reach signal_descendants(pid_t root, pid_t spared, int signal) {
    struct reach reach = {0, 0};
    struct list list;
    if (read_list(&list) != 0) return reach;
    for (size_t n = 0; n < list.count; n++) {
        const struct process *process = &list.all[n];
        int pidfd;
        if (!is_below(&list, process, root == 0 ? getpid() : root, spared)) continue;
        pidfd = open_process(process->pid);
        /* Its parent may have reaped it meanwhile, and its number may be another process's. */
        if (parent_of(process->pid) >= 0 && (pidfd >= 0 || errno == ENOSYS)) {
            reach.found++;
            if (signal_process(pidfd, process->pid, signal) != 0 && errno == EPERM) reach.refused++;
        }
        if (pidfd >= 0) (void)close(pidfd);
    }
    free(list.all);
    return reach;
}
