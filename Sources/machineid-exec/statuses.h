/* statuses.h - exit statuses: as in env(1) and timeout(1), and those that are specific to machineid-exec. */
#ifndef STATUSES_H
#define STATUSES_H

enum {
    WRONG_USE = 2,           /* nothing was sent and nothing was started */
    NOT_STOPPABLE = 120,     /* the program was to be stopped, and ran on as another user until it ended */
    STOPPED_UNDECIDED = 121, /* the program was stopped because no answer came for too long */
    DENIED = 122,            /* not started: the device is denied */
    UNDECIDED = 123,         /* not started: there is no decision, or an allow that has run out */
    STOPPED_DENIED = 124,    /* the program was stopped because the device is denied */
    FAILED = 125,            /* machineid-exec itself failed */
    CANNOT_RUN = 126,
    NOT_FOUND = 127
};

#endif
