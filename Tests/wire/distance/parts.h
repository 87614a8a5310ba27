/* parts.h - parts of a test that spend most of their time waiting, and so run side by side, each in its own process. */
#ifndef PARTS_H
#define PARTS_H

#include "children.h"

#include <sys/prctl.h>

struct part {
    const char *name;
    void (*play)(void);
};

/* Forks a child that is killed when its parent ends. */
static inline pid_t part_fork(void) {
    pid_t child;
    (void)fflush(NULL);
    child = fork();
    check_need(child >= 0, "fork");
    if (child == 0) (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

static inline void parts_play(const struct part *parts, size_t count) {
    pid_t *children = calloc(count, sizeof *children);
    check_need(children != NULL, "calloc");
    for (size_t n = 0; n < count; n++) {
        children[n] = part_fork();
        if (children[n] > 0) continue;
        check_about = parts[n].name;
        free(children);
        parts[n].play();
        (void)fflush(stdout);
        child_done();
    }
    for (size_t n = 0; n < count; n++) child_await(children[n], parts[n].name);
    free(children);
}

#define PARTS_PLAY(parts) parts_play((parts), sizeof(parts) / sizeof *(parts))

#endif
