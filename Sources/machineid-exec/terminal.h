/* terminal.h - the terminal, which belongs to one process group at a time. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <sys/types.h>

struct terminal {
    int file; /* -1 without a terminal */
    int is_lent;
};

/* Opens the controlling terminal, if there is one. */
struct terminal open_terminal(void);

/* Gives the terminal to the program's group, if the group of machineid-exec has it. Returns whether the program's group
 * has it now. */
int lend_terminal(struct terminal *terminal, pid_t group);

/* Takes the terminal back, if the program's group has it, or a group that is gone. */
void take_terminal_back(struct terminal *terminal, pid_t group);

/* Stops this process, as the signal does by default. Returns when it has been continued, or at once if nobody could
 * continue it, because its process group is an orphan. */
void stop_self(int signal);

#endif
