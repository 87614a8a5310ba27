/* A thread that is not the first one calls exec. The kernel then forgets that the process is to end with its parent. */
#include <pthread.h>
#include <unistd.h>

static void *run(void *arguments) {
    char **words = arguments;
    (void)execvp(words[0], words);
    _exit(127);
}

int main(int argc, char **argv) {
    pthread_t thread;
    if (argc < 2 || pthread_create(&thread, NULL, run, argv + 1) != 0) return 1;
    (void)pthread_join(thread, NULL);
    return 1;
}
