/*
 * refusing.h - refuses memory to a call: each of its allocations fails in turn, alone or with all that follow, until
 * the call gets all it needs. The call must report the failure and must not allow, leak or break anything; afterwards
 * the client must work.
 *
 * Every program takes STEP, 1 by default, and refuses one of every STEP allocations. With REFUSE_ONE in the
 * environment, only that one is refused, never those after it. The programs need refuse.so preloaded, and base_url in
 * CLIENT_OPTIONS.
 */
#ifndef REFUSING_H
#define REFUSING_H

#include "children.h"
#include "decisions.h"

#include <dlfcn.h>

static union {
    void *data;
    void (*function)(long, int);
} refuse_begin;
static union {
    void *data;
    long (*function)(void);
} refuse_end, refuse_live;
static union {
    void *data;
    void (*function)(void);
} refuse_spared;

static const char *about;
static long nth, step = 1;
static int all, most_all = 1; /* `all` runs from 0 to most_all; 1 refuses the allocations after the nth as well */
static atomic_int out_of_memory, otherwise, anyway, spoiled;

/* Prints where the test was when a signal killed it. */
static inline void last_words(int number) {
    char text[160];
    int length = snprintf(text, sizeof text, "signal %d: %s, allocation %ld%s refused\n", number, about, nth,
                          all ? " and those after it" : "");
    if (write(STDERR_FILENO, text, (size_t)length) < 0) _exit(3);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static inline void say_where(const char *what) {
    static char text[160];
    about = what;
    (void)snprintf(text, sizeof text, "%s, allocation %ld%s refused", what, nth, all ? " and those after it" : "");
    check_about = text;
}

static inline void count(mid_status status) {
    atomic_fetch_add(status == MID_OUT_OF_MEMORY ? &out_of_memory : status == MID_OK ? &anyway : &otherwise, 1);
}

/* Any failure is accepted: libcurl and jansson report some lacks of memory as other errors. */
static inline void expect_blameless(mid_status status) {
    if (!CHECK(status != MID_OK && status != MID_REFUSED))
        fprintf(stderr, "    the status is %s\n", mid_status_name(status));
}

static inline void expect_failure(mid_status status, char *json) {
    int failed = atomic_load(&check_failed);
    char text[512];
    (void)snprintf(text, sizeof text, "%s", json != NULL ? json : "no JSON");
    /* If memory is still refused, libcurl's "Out of memory" must not be reported as a bad reply. */
    CHECK(!all || strstr(text, "HTTP that can be trusted: Out of memory") == NULL);
    check_failure(status, json, NULL);
    if (atomic_load(&check_failed) > failed) fprintf(stderr, "    %s with %s\n", mid_status_name(status), text);
}

/* ---- Beginning and end ---- */

static inline void refusing_begin(const char *given_step) {
    if (given_step != NULL) step = atoi(given_step);
    refuse_begin.data = dlsym(RTLD_DEFAULT, "refuse_begin");
    refuse_end.data = dlsym(RTLD_DEFAULT, "refuse_end");
    refuse_live.data = dlsym(RTLD_DEFAULT, "refuse_live");
    refuse_spared.data = dlsym(RTLD_DEFAULT, "refuse_spared");
    check_need(refuse_begin.data && refuse_end.data && refuse_live.data && refuse_spared.data, "refuse.so preloaded");
    (void)signal(SIGSEGV, last_words);
    (void)signal(SIGABRT, last_words);
    (void)signal(SIGILL, last_words);
    (void)signal(SIGBUS, last_words);
    if (getenv("REFUSE_ONE") != NULL) most_all = 0;
}

/* Registers "memory:yes". The first client and its call get all the memory that they need, so the libraries below are
 * initialised afterwards. */
static inline void register_device(void) {
    mid_client *client = decisions_client();
    ask_about(mid_register, client, "memory:yes");
    decide(client, "memory:yes", 1);
    mid_client_free(client);
}

/* Returns the exit status of the program. */
static inline int refusing_end(void) {
    check_about = "";
    refuse_spared.function();
    printf("%d refused: %d times MID_OUT_OF_MEMORY, %d another status, %d done without; %d clients replaced;"
           " %d checks failed\n",
           out_of_memory + otherwise + anyway, out_of_memory, otherwise, anyway, spoiled, atomic_load(&check_failed));
    return atomic_load(&check_failed) == 0 && atomic_load(&check_passed) > 0 ? 0 : 1;
}

#endif
