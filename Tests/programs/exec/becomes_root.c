/* What sudo does: becomes root for good, if it is set-user-ID root. It then writes its process id to $THERE, and works
 * on until there is a file $END. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
    FILE *there = NULL;
    int is_root = setgid(0) == 0 && setuid(0) == 0;
    if (getenv("THERE") != NULL) there = fopen(getenv("THERE"), "w");
    if (there != NULL) fprintf(there, "%d\n", (int)getpid());
    if (there != NULL) (void)fclose(there);
    printf("%s\n", is_root ? "root" : "not root");
    (void)fflush(stdout);
    while (getenv("END") == NULL || access(getenv("END"), F_OK) != 0) (void)usleep(10000);
    return 7;
}
