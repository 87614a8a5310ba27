/* statuses.h - exit statuses as in env(1) and timeout(1), and two that are specific to machineid-exec. */
#ifndef STATUSES_H
#define STATUSES_H

enum {
    DENIED = 122,
    UNDECIDED = 123,
    STOPPED = 124,
    FAILED = 125,
    CANNOT_RUN = 126,
    NOT_FOUND = 127
};

#endif
