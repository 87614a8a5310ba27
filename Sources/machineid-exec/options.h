/* options.h - the command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

struct settings {
    const char *device;
    const char *key_file, *client_options, *status_file; /* NULL unless they are given */
    double grace, interval, max_age;                     /* in seconds */
    int registers, keeps_key, kills_group, is_foreground, has_no_new_privileges, logs_json;
    char **program; /* and its arguments */
};

/* Reads the command line into settings that hold the defaults. --help, --version and mistakes end the process. */
void read_options(int count, char **arguments, struct settings *settings);

#endif
