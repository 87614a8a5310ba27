/* supervise.h - what happens while the program runs. */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include "asking.h"
#include "program.h"
#include "terminal.h"
#include "watcher.h"

struct supervision {
    const struct settings *settings;
    const struct asking *asking;
    struct program *program;
    struct watcher *watcher;
    struct terminal *terminal;
    int bell, signals; /* the other end of the bell of `asking`, and a signalfd */
    int result;        /* 0 while the program may run, and the exit status once it must not */
    int has_ended;     /* the program; what it started may still be there */
    int status;        /* what waitpid() gave for the program */
    int must_stop;     /* SIGTSTP has come, and the program has not been stopped since */
    int has_frozen;    /* the program and what belongs to it, by SIGSTOP */
    int is_refused;    /* the last signal was not allowed to reach the program, or what it started */
    int has_said_refused; /* that something cannot be stopped */
    double passed_on_at;  /* when a signal was last passed on for which a stopped program is continued */
    double kill_at;       /* when SIGKILL is due, or due again; 0 while it is not */
    double killed_at;     /* when it was sent first, and 0 before */
    double search_at;     /* when /proc is due to be searched again for what is to be killed */
    unsigned long met;    /* the sum of the ids of the children that were killed last */
};

/* How machineid-exec has to end: by `signal` if that is not 0, and otherwise with `status`. */
struct ending {
    int status, signal;
};

/* Passes signals on until the program has ended, and stops it when the guard goes off. */
struct ending supervise(struct supervision *supervision);

#endif
