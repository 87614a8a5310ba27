/* help.h - the text of --help, from which the man page is made. */
#ifndef HELP_H
#define HELP_H

void print_help(void);

#endif
