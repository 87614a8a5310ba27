/*
 * Parent and child ask at the same moment, one about an allowed device and one about a revoked device, and the
 * authority is slow: a process that used the other's connection would read the other's answer, or none. In the child
 * the parent's guard is off from the first look. The child also has a child of its own.
 *
 *     two_answers fork|_Fork|clone CHILDREN [--without-guards]
 *
 * --without-guards: without guards there are no threads, which a child under qemu-user 7.2 cannot create.
 */
#include "authority.h"
#include "forking.h"

enum { GENERATIONS = 3 };

static enum forking how;
static mid_client *client;
static mid_guard *guard;
static int has_guards = 1;

static const char *device_of(int generation) { return generation % 2 == 0 ? "good" : "revoked"; }

static void decide_one(int generation) {
    int allowed = 7;
    CHECK_STATUS(MID_OK, mid_validate(client, device_of(generation), &allowed, NULL));
    CHECK(allowed == (generation % 2 == 0));
}

static void decide_many(int generation) {
    const char *devices[] = {device_of(generation), device_of(generation + 1), device_of(generation)};
    int allowed[] = {7, 7, 7};
    CHECK_STATUS(MID_OK, mid_validate_many(client, devices, 3, allowed, NULL));
    for (int n = 0; n < 3; n++) CHECK(allowed[n] == ((generation + n) % 2 == 0));
}

static void decide_by_guard(int generation) {
    mid_guard *own = NULL;
    CHECK_STATUS(MID_OK, mid_guard_start(client, device_of(generation), NULL, &own, NULL));
    CHECK(mid_guard_allowed(own) == (generation % 2 == 0));
    mid_guard_stop(own);
}

static void ask(int generation, int n) {
    switch (n % (has_guards ? 3 : 2)) {
    case 0: decide_one(generation); break;
    case 1: decide_many(generation); break;
    default: decide_by_guard(generation);
    }
}

static void live(int generation, int n) {
    pid_t child = generation + 1 < GENERATIONS ? forking_fork(how) : 0;
    siginfo_t ended = {0};
    check_need(child >= 0, "a child");
    if (child == 0 && generation + 1 < GENERATIONS) {
        atomic_store(&check_failed, 0);
        /* This comes before anything else: no other function of the library has noticed the fork yet. */
        CHECK(mid_guard_allowed(guard) == 0);
        live(generation + 1, n);
        child_done();
    }
    do {
        ask(generation, n);
        if (child > 0) check_need(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT) == 0, "waitid");
    } while (child > 0 && ended.si_pid == 0 && atomic_load(&check_failed) == 0);
    if (child > 0) (void)child_await(child, "a child");
    /* Some children free the client and some do not. */
    if (generation > 0 && n % 2 == 0) mid_client_free(client);
}

int main(int count, char **arguments) {
    struct authority *authority = authority_start();
    int children = count > 2 ? atoi(arguments[2]) : 0;
    check_need(children > 0, "other arguments");
    how = forking_named(arguments[1]);
    has_guards = !(count > 3 && strcmp(arguments[3], "--without-guards") == 0);
    atomic_store(&authority->mood, JUDGES);
    /* The interval is long because a check would run on a thread, which a bare clone() may interrupt. */
    client = authority_client(authority, ",\"max_retries\":0,\"timeout_ms\":10000");
    if (has_guards) {
        check_need(mid_guard_start(client, "good", "{\"interval_ms\":3600000}", &guard, NULL) == MID_OK,
                   "mid_guard_start");
        CHECK(mid_guard_allowed(guard) == 1);
    }
    ask(0, 1);
    atomic_store(&authority->delay_ms, 20);

    for (int n = 0; n < children && atomic_load(&check_failed) < 10; n++) live(0, n);
    CHECK(mid_guard_allowed(guard) == has_guards);
    mid_guard_stop(guard);
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
