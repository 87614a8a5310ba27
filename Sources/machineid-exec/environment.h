/* environment.h - what is different in the program's environment. */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <sys/types.h>

/* Makes variables that name the supervisor name this process: a service manager took the supervisor for the program. */
void take_over_variables(pid_t supervisor);

#endif
