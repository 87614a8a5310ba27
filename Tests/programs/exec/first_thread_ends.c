/* The first thread ends, and another one goes on until SIGTERM: then the program ends with status 3. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *go_on(void *termination) {
    int number;
    FILE *there = getenv("THERE") == NULL ? NULL : fopen(getenv("THERE"), "w");
    if (there == NULL || fprintf(there, "%d\n", (int)getpid()) < 0 || fclose(there) != 0) _exit(1);
    _exit(sigwait(termination, &number) == 0 ? 3 : 1);
}

int main(void) {
    static sigset_t termination;
    pthread_t thread;
    sigemptyset(&termination);
    sigaddset(&termination, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &termination, NULL) != 0) return 1;
    if (pthread_create(&thread, NULL, go_on, &termination) != 0) return 1;
    pthread_exit(NULL);
}
