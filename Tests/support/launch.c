/*
 * launch - starts a program in the root of another system, perhaps through an emulator that is in that root:
 *
 *     cc -static -DROOT='"/the/root"' -DPROGRAM='"/the/program"' [-DEMULATOR='"/the/emulator"'] launch.c
 *
 * The program gets the arguments, the environment and the current folder of this one. This one is static, so that
 * LD_PRELOAD and LD_LIBRARY_PATH count for the program alone.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **arguments) {
    static char folder[PATH_MAX];
    char **words = calloc((size_t)count + 4, sizeof *words);
    int n = 0;
    if (words == NULL) return 126;
#ifdef EMULATOR
    words[n++] = (char[]){EMULATOR};
    words[n++] = (char[]){"-0"};
    words[n++] = arguments[0];
    words[n++] = (char[]){PROGRAM};
    for (int k = 1; k < count; k++) words[n++] = arguments[k];
#else
    for (; n < count; n++) words[n] = arguments[n];
#endif
    if (getcwd(folder, sizeof folder) != NULL && chroot(ROOT) == 0 && chdir(folder) == 0)
#ifdef EMULATOR
        (void)execv(EMULATOR, words);
#else
        (void)execv(PROGRAM, words);
#endif
    perror("launch: " PROGRAM);
    return 126;
}
