/*
 * descendants.c - finds processes by their parents. The kernel gives orphans to this process (PR_SET_CHILD_SUBREAPER),
 * so whatever the program starts stays below it, in whatever session or process group.
 */
#define _GNU_SOURCE /* kill */
#include "descendants.h"

#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How often stop_descendants() searches at most. */
enum { MOST_SEARCHES = 100 };

struct list {
    struct process *all;
    size_t count, room;
};

static int by_pid(const void *one, const void *other) {
    pid_t a = ((const struct process *)one)->pid, b = ((const struct process *)other)->pid;
    return (a > b) - (a < b);
}

/* Adds a process to a list. Returns 0, or -1 without memory. */
static int add(struct list *list, const struct process *process) {
    if (list->count == list->room) {
        size_t room = (list->room + 256) * 2;
        struct process *larger = realloc(list->all, room * sizeof *larger);
        if (larger == NULL) return -1;
        list->all = larger;
        list->room = room;
    }
    list->all[list->count++] = *process;
    return 0;
}

/* Returns 0, or -1 without /proc. */
static int read_list(struct list *list) {
    struct list empty = {NULL, 0, 0};
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    *list = empty;
    if (folder == NULL) return -1;
    while ((entry = readdir(folder)) != NULL) {
        struct process process;
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        if (read_process((pid_t)atoi(entry->d_name), &process) == 0 && add(list, &process) != 0) break;
    }
    (void)closedir(folder);
    if (list->count == 0) return -1; /* not even this process */
    qsort(list->all, list->count, sizeof *list->all, by_pid);
    return 0;
}

static const struct process *find(const struct list *list, pid_t pid) {
    struct process wanted = {.pid = pid};
    return bsearch(&wanted, list->all, list->count, sizeof *list->all, by_pid);
}

/* Walks up from a process. The list was not read at one moment, so it may have a loop, and the walk is bounded. */
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
    struct reach reach = {0, 0, 0};
    struct list list;
    if (read_list(&list) != 0) return reach;
    for (size_t n = 0; n < list.count; n++) {
        struct process process = list.all[n];
        int pidfd, is_there;
        if (!is_below(&list, &list.all[n], root == 0 ? getpid() : root, spared)) continue;
        pidfd = open_process(process.pid);
        is_there = pidfd >= 0 || errno == ENOSYS;
        /* Its parent may have reaped it meanwhile, and its number may be another process's. */
        if (is_there && read_process(process.pid, &process) == 0) {
            int is_refused = signal_process(pidfd, process.pid, signal) != 0 && errno == EPERM;
            /* One that stands still need not be stopped. */
            if (is_refused && (signal != SIGSTOP || !stands_still(&process))) reach.refused++;
            if (process.state != 'Z' || process.threads > 1) reach.found++;
            reach.sum += (unsigned long)process.pid;
        }
        if (pidfd >= 0) (void)close(pidfd);
    }
    free(list.all);
    return reach;
}

int stop_descendants(pid_t root, pid_t spared) {
    struct reach before = {-1, 0, 0};
    /* Stopped processes start no others, so a search that finds the same ones as the last has found all. */
    for (int search = 0; search < MOST_SEARCHES; search++) {
        struct reach reach = signal_descendants(root, spared, SIGSTOP);
        if (reach.found == before.found && reach.sum == before.sum)
            return reach.refused > 0 || reach.found == 0 ? -1 : 0;
        before = reach;
    }
    return -1;
}

int are_stopped(pid_t root, pid_t spared, pid_t group) {
    struct list list;
    int result = 1;
    if (read_list(&list) != 0) return 0;
    for (size_t n = 0; n < list.count; n++)
        if ((group == 0 || list.all[n].group == group) && is_below(&list, &list.all[n], root, spared) &&
            !stands_still(&list.all[n]))
            result = 0;
    free(list.all);
    return result;
}

/* Reads the ids of this process's children, the oldest first. Returns 0, or -1 where the kernel does not tell. */
static int read_children(struct list *list) {
    char path[64], text[4096];
    struct process child = {0};
    ssize_t length;
    int is_full = 0, file;
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    while (!is_full && (length = read(file, text, sizeof text)) > 0) {
        for (ssize_t n = 0; n < length; n++) {
            if (isdigit((unsigned char)text[n])) {
                child.pid = child.pid * 10 + text[n] - '0';
            } else if (child.pid != 0) {
                is_full = add(list, &child) != 0;
                child.pid = 0;
            }
        }
    }
    (void)close(file);
    return 0;
}

struct reach signal_children(pid_t spared, int signal) {
    struct reach reach = {0, 0, 0};
    struct list list = {NULL, 0, 0};
    if (read_children(&list) != 0) return signal_descendants(0, spared, signal);
    /* The youngest comes first: it has had the least time to start another one. */
    for (size_t n = list.count; n-- > 0;) {
        if (list.all[n].pid == spared) continue;
        if (kill(list.all[n].pid, signal) != 0 && errno == EPERM) reach.refused++;
        reach.sum += (unsigned long)list.all[n].pid;
    }
    for (size_t n = list.count; n-- > 0 && reach.found == 0;)
        reach.found = list.all[n].pid != spared && !has_died(list.all[n].pid);
    free(list.all);
    return reach;
}
