/* Leaves COUNT orphans, each of which ends as soon as it has another parent, and waits until none is left, not even as
 * a zombie. Prints how many were adopted by the parent of this process, and how many are left after 30 s. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The children of the parent of this process, without this process itself and the one that watches. */
static int left(void) {
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    int count = 0;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[300], text[512] = "";
        int parent = 0;
        FILE *file;
        if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == (int)getpid()) continue;
        (void)snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        file = fopen(path, "r");
        if (file == NULL) continue;
        (void)!fgets(text, sizeof text, file);
        (void)fclose(file);
        if (strrchr(text, ')') == NULL || strstr(text, "(machineid-watch)") != NULL) continue;
        if (sscanf(strrchr(text, ')') + 1, " %*c %d", &parent) == 1 && parent == (int)getppid()) count++;
    }
    if (folder != NULL) (void)closedir(folder);
    return count;
}

/* Becomes an orphan, and tells who has adopted it. */
static void be_orphan(int file, pid_t parent) {
    pid_t now;
    while ((now = getppid()) == parent) (void)usleep(100);
    (void)!write(file, &now, sizeof now);
    _exit(0);
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 1000, adopted = 0, pipes[2];
    pid_t by;
    time_t end = time(NULL) + 30;
    if (pipe(pipes) != 0) return 1;
    for (int n = 0; n < count; n++) {
        int status = 1;
        pid_t child = fork();
        if (child == 0) {
            pid_t parent = getpid(), orphan = fork();
            if (orphan == 0) be_orphan(pipes[1], parent);
            _exit(orphan < 0 ? 1 : 0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 1;
        if (read(pipes[0], &by, sizeof by) == (ssize_t)sizeof by && by == getppid()) adopted++;
    }
    while (left() > 0 && time(NULL) < end) (void)usleep(10000);
    printf("%d adopted, %d left\n", adopted, left());
    return 0;
}
