/* environment.h - what is different in the program's environment. */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <sys/types.h>

/* Variables that name the supervisor, because a service manager took it for the program, name this process instead. */
void take_over_variables(pid_t supervisor);

#endif
