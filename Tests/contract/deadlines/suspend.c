/*
 * The machine is suspended during a call. An answer that is older than timeout_ms decides nothing, whichever clock
 * shows the suspension; a younger one counts. Needs clocks_preload.so preloaded, with CLOCKS_FILE.
 */
#include "authority.h"
#include "clocks.h"

#include <fcntl.h>

enum { TIMEOUT_MS = 30000, DEVICES = 3 };

static struct moved *moved;
static struct authority *authority;
static mid_client *client, *narrow;

/* A call on a thread of its own, and its result. */
struct question {
    void (*ask)(struct question *);
    mid_status status;
    int allowed[DEVICES];
    char *json;
};

static void validate(struct question *question) {
    question->status = mid_validate(client, "w:1", question->allowed, &question->json);
}

static void validate_many(struct question *question) {
    static const char *const devices[DEVICES] = {"w:1", "w:2", "w:3"};
    question->status = mid_validate_many(client, devices, DEVICES, question->allowed, &question->json);
}

/* The first device has its answer before the second is asked about, and the answer about that one is held. */
static void validate_one_after_the_other(struct question *question) {
    static const char *const devices[] = {"w:1", "w:2:marked"};
    question->status = mid_validate_many(narrow, devices, 2, question->allowed, &question->json);
}

static void guard_start_once(struct question *question) {
    mid_guard *guard = NULL;
    question->status = mid_guard_start(client, "w:1", NULL, &guard, &question->json);
    question->allowed[0] = mid_guard_allowed(guard);
    mid_guard_stop(guard);
}

static void *ask(void *argument) {
    struct question *question = argument;
    question->ask(question);
    return NULL;
}

/* The authority answers after the machine has been suspended for this long. */
static struct question answer_after(int milliseconds, void (*call)(struct question *), int questions) {
    struct question question = {.ask = call, .allowed = {7, 7, 7}};
    pthread_t thread;
    int asked = atomic_load(&authority->requests);
    atomic_store(&authority->is_holding, 1);
    if (call != validate_one_after_the_other) atomic_store(&authority->awaits, INT32_MAX);
    check_need(pthread_create(&thread, NULL, ask, &question) == 0, "pthread_create");
    AWAIT(atomic_load(&authority->requests) == asked + questions);
    atomic_fetch_add(&moved->slept, milliseconds * 1000000LL);
    atomic_store(&authority->awaits, 0);
    atomic_store(&authority->is_holding, 0);
    check_need(pthread_join(thread, NULL) == 0, "pthread_join");
    return question;
}

static void slept(const char *what, void (*call)(struct question *), int questions, int flags) {
    static const int lengths[] = {3600000, TIMEOUT_MS, TIMEOUT_MS / 100};
    check_about = what;
    for (int n = 0; n < 3; n++) {
        int is_late = lengths[n] >= TIMEOUT_MS;
        struct question question = answer_after(lengths[n], call, questions);
        CHECK_STATUS(is_late ? MID_TIMEOUT : MID_OK, question.status);
        for (int flag = 0; flag < flags; flag++) CHECK(question.allowed[flag] == !is_late);
        if (is_late) CHECK(question.json != NULL && strstr(question.json, "CLIENT_TIMEOUT") != NULL);
        mid_free(question.json);
    }
    check_about = "";
}

int main(void) {
    char options[256];
    int file = open(check_environment("CLOCKS_FILE"), O_RDWR);
    check_need(file >= 0, "CLOCKS_FILE");
    moved = mmap(NULL, sizeof *moved, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    check_need(moved != MAP_FAILED, "mmap");
    authority = authority_start();
    (void)snprintf(options, sizeof options,
                   "{\"base_url\":\"http://127.0.0.1:%d\",\"timeout_ms\":%d,\"max_retries\":0}",
                   authority->port, TIMEOUT_MS);
    CHECK_STATUS(MID_OK, mid_client_new("org_suspend", options, &client, NULL));
    slept("validate", validate, 1, 1);
    slept("validate_many", validate_many, DEVICES, DEVICES);
    (void)snprintf(options, sizeof options,
                   "{\"base_url\":\"http://127.0.0.1:%d\",\"timeout_ms\":%d,\"max_connections\":1}", authority->port,
                   TIMEOUT_MS);
    CHECK_STATUS(MID_OK, mid_client_new("org_suspend", options, &narrow, NULL));
    slept("validate_many, amid the devices", validate_one_after_the_other, 2, 2);
    mid_client_free(narrow);
    slept("guard_start", guard_start_once, 1, 1);
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
