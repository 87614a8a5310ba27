/*
 * All guards of a client share one thread, which blocks every signal that can be blocked: signals to the process are
 * for the host to receive.
 */
#include "authority.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>

static const char quick[] = "{\"interval_ms\":50}";
static atomic_int received_on;

static void receive(int number) {
    (void)number;
    atomic_store(&received_on, (int)syscall(SYS_gettid));
}

/* The threads of this process but the first, and what all of them block. */
static int other_threads(uint64_t *blocked) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int count = 0;
    check_need(tasks != NULL, "/proc/self/task");
    *blocked = UINT64_MAX;
    while ((task = readdir(tasks)) != NULL) {
        char path[300], line[256];
        uint64_t mask;
        FILE *file;
        if (task->d_name[0] == '.' || atoi(task->d_name) == (int)getpid()) continue;
        (void)snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        file = fopen(path, "r");
        if (file == NULL) continue;
        count++;
        while (fgets(line, sizeof line, file) != NULL)
            if (sscanf(line, "SigBlk: %" SCNx64, &mask) == 1) *blocked &= mask;
        (void)fclose(file);
    }
    check_need(closedir(tasks) == 0, "closedir");
    return count;
}

int main(void) {
    struct authority *authority = authority_start();
    mid_client *client = authority_client(authority, "");
    struct sigaction action = {.sa_handler = receive};
    mid_guard *guards[3];
    uint64_t blocked;
    CHECK(other_threads(&blocked) == 0);
    for (int n = 0; n < 3; n++) CHECK_STATUS(MID_OK, mid_guard_start(client, "good", quick, &guards[n], NULL));
    CHECK(other_threads(&blocked) == 1);
    for (int number = 1; number <= 64; number++) {
        /* These two cannot be blocked, and from 32 on the C library keeps some for itself: glibc two, musl three. */
        if (number == SIGKILL || number == SIGSTOP || (number >= 32 && number < SIGRTMIN)) continue;
        if (!CHECK((blocked >> (number - 1) & 1) == 1)) fprintf(stderr, "    signal %d\n", number);
    }
    check_need(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
    for (int n = 0; n < 20; n++) {
        atomic_store(&received_on, 0);
        check_need(kill(getpid(), SIGUSR1) == 0, "kill");
        AWAIT(atomic_load(&received_on) != 0);
        CHECK(atomic_load(&received_on) == (int)getpid());
    }
    for (int n = 0; n < 3; n++) {
        CHECK(mid_guard_allowed(guards[n]) == 1);
        mid_guard_stop(guards[n]);
    }
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
