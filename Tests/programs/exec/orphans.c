/* Leaves COUNT orphans, each of which ends at once, and waits until none is left, not even as a zombie. Prints how many
 * there were and how many are left after 30 s. */
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

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 1000, made = 0;
    time_t end = time(NULL) + 30;
    for (int n = 0; n < count; n++) {
        pid_t child = fork();
        if (child == 0) _exit(fork() < 0 ? 1 : 0); /* and its child is an orphan */
        int status = 1;
        if (child > 0 && waitpid(child, &status, 0) == child && status == 0) made++;
    }
    while (left() > 0 && time(NULL) < end) (void)usleep(10000);
    printf("%d orphans, %d left\n", made, left());
    return 0;
}
