/*
 * A signal handler forks during a call of the same thread, and the child returns into that call. Nothing that the child
 * does there touches the parent's connection: the child's call ends at once without a decision, and the parent's call
 * continues.
 *
 *     in_handler fork|_Fork|clone ROUNDS [--crowd]
 *
 * --crowd: other threads of the parent are in calls of the same client, and one of them holds its lock nearly all the
 * time.
 */
#include "authority.h"
#include "forking.h"
#include "interrupted.h"

#include <sys/mman.h>

enum { KINDS = 4, CROWD = 4 };

static enum forking how;
static int asks_in_handler;
static struct authority *authority;
static mid_client *client;
static mid_guard *guard;
static volatile pid_t child;
static atomic_int is_over;

/* What the handler did with a signal; shared with the process that sends it. */
enum { PENDING, CAME_TOO_EARLY, FORKED };
static _Atomic int *handled;

/* Forks if the thread is waiting in a system call. Anywhere else it may be inside malloc(), which would then neither
 * serve the handler nor the child. */
static void fork_here(int signal, siginfo_t *information, void *context) {
    int allowed = 7;
    (void)signal;
    (void)information;
    if (!interrupted_system_call(context)) {
        atomic_store(handled, CAME_TOO_EARLY);
        return;
    }
    atomic_store(handled, FORKED);
    child = forking_fork(how);
    if (child != 0 || !asks_in_handler) return;
    CHECK_STATUS(MID_OK, mid_validate(client, "revoked", &allowed, NULL));
    CHECK(allowed == 0);
}

static int is_asleep(pid_t process) {
    char path[64], text[256] = "";
    const char *end;
    FILE *file;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    file = fopen(path, "r");
    check_need(file != NULL && fgets(text, sizeof text, file) != NULL && fclose(file) == 0, path);
    end = strrchr(text, ')');
    return end != NULL && strncmp(end, ") S", 3) == 0;
}

/* Starts a process that interrupts this one: when the authority has read the request, or when this process waits for
 * its guard. */
static pid_t interrupt_later(int is_for_guard) {
    int marked = atomic_load(&authority->marked);
    pid_t parent = getpid();
    pid_t process = fork();
    check_need(process >= 0, "fork");
    if (process > 0) return process;
    while (is_for_guard ? !is_asleep(parent) : atomic_load(&authority->marked) == marked) pause_ms(1);
    do {
        atomic_store(handled, PENDING);
        if (kill(parent, SIGUSR1) != 0) _exit(1);
        while (atomic_load(handled) == PENDING && getppid() == parent) pause_ms(1);
    } while (atomic_load(handled) == CAME_TOO_EARLY);
    _exit(0);
}

static void expect_forked(mid_status status, char *json) {
    CHECK_STATUS(MID_CANCELLED, status);
    check_failure(MID_CANCELLED, json, "forked");
}

/* Makes the call during which the process forks, and checks its result in both processes. */
static void call(int kind) {
    const char *devices[] = {"good:marked", "good", "good"};
    int allowed[] = {7, 7, 7};
    char *json = NULL;
    mid_guard *own = NULL;
    mid_status status;
    switch (kind) {
    case 0: status = mid_validate(client, *devices, allowed, &json); break;
    case 1: status = mid_validate_many(client, devices, 3, allowed, &json); break;
    case 2: status = mid_guard_start(client, *devices, NULL, &own, &json); *allowed = mid_guard_allowed(own); break;
    default:
        /* Only after the return is it known which process this is. */
        status = mid_guard_wait(guard, 2000);
        CHECK_STATUS(child > 0 ? MID_TIMEOUT : MID_OK, status);
        CHECK(mid_guard_allowed(guard) == (child > 0));
        return;
    }
    if (child > 0) {
        CHECK_STATUS(MID_OK, status);
        CHECK(*allowed == 1);
        mid_free(json);
    } else {
        /* The authority has not answered so far, so the child did not wait for it. */
        atomic_store(&authority->is_holding, 0);
        expect_forked(status, json);
        CHECK(*allowed == 0 && own == NULL);
    }
    mid_guard_stop(own);
}

static _Noreturn void be_the_child(void) {
    int allowed = 7;
    CHECK(mid_guard_allowed(guard) == 0);
    CHECK_STATUS(MID_OK, mid_guard_wait(guard, -1));
    CHECK_STATUS(MID_OK, mid_validate(client, "revoked", &allowed, NULL));
    CHECK(allowed == 0);
    mid_guard_stop(guard);
    mid_client_free(client);
    child_done();
}

static void *keep_calling(void *device_id) {
    while (!atomic_load(&is_over) && atomic_load(&check_failed) < 10) {
        int allowed = 7;
        CHECK_STATUS(MID_OK, mid_validate(client, device_id, &allowed, NULL));
        CHECK(allowed == 1);
    }
    return NULL;
}

/* mid_guard_decision() writes its report while it holds the client's lock. The lock is not fair, so this thread gives
 * way after each report; otherwise the others may wait for the lock for seconds. */
static void *keep_looking(void *unused) {
    while (!atomic_load(&is_over)) {
        int allowed;
        char *json = NULL;
        CHECK_STATUS(MID_OK, mid_guard_decision(guard, &allowed, &json));
        mid_free(json);
        (void)sched_yield();
    }
    return unused;
}

int main(int count, char **arguments) {
    struct sigaction action = {.sa_sigaction = fork_here, .sa_flags = SA_RESTART | SA_SIGINFO};
    int rounds = count > 2 ? atoi(arguments[2]) : 0;
    int crowd = count > 3 ? CROWD : 0;
    pthread_t threads[CROWD];
    sigset_t signals;
    check_need(rounds > 0, "other arguments");
    handled = mmap(NULL, sizeof *handled, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check_need(handled != MAP_FAILED, "mmap");
    how = forking_named(arguments[1]);
    authority = authority_start();
    atomic_store(&authority->mood, JUDGES);
    client = authority_client(authority, ",\"max_retries\":0,\"timeout_ms\":30000");
    check_need(mid_guard_start(client, "good", "{\"interval_ms\":3600000}", &guard, NULL) == MID_OK, "mid_guard_start");
    check_need(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
    /* The other threads block the signal, so that this thread receives it. */
    check_need(sigemptyset(&signals) == 0 && sigaddset(&signals, SIGUSR1) == 0, "sigaddset");
    check_need(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0, "pthread_sigmask");
    for (int n = 0; n < crowd; n++)
        check_need(pthread_create(&threads[n], NULL, n % 2 ? keep_looking : keep_calling, "good") == 0,
                   "pthread_create");
    check_need(pthread_sigmask(SIG_UNBLOCK, &signals, NULL) == 0, "pthread_sigmask");

    for (int n = 0; n < rounds && atomic_load(&check_failed) == 0; n++) {
        /* With --crowd, mid_guard_wait() is left out: it takes the lock inside the C library, which knows nothing of
         * forks. */
        int kind = n % (crowd > 0 ? KINDS - 1 : KINDS);
        pid_t interrupter = interrupt_later(kind == KINDS - 1);
        asks_in_handler = n % 2;
        atomic_store(&authority->is_holding, 1);
        child = -1;
        call(kind);
        if (child == 0) be_the_child();
        (void)child_await(child, "the child");
        (void)child_await(interrupter, "the interrupter");
        CHECK(mid_guard_allowed(guard) == 1);
    }
    atomic_store(&is_over, 1);
    for (int n = 0; n < crowd; n++) check_need(pthread_join(threads[n], NULL) == 0, "pthread_join");
    mid_guard_stop(guard);
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
