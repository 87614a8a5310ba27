/* options.h - the command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

struct settings {
    const char *device;
    double grace, interval, max_age; /* in seconds; max_age is 0 unless it is given */
    int foreground, registers;
    char **program; /* and its arguments */
};

/* Reads the command line into settings that hold the defaults. --help, --version and mistakes end the process. */
void read_options(int count, char **arguments, struct settings *settings);

#endif
