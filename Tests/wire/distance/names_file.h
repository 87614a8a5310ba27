/* names_file.h - sets the addresses that resolver.c gives to names. */
#ifndef NAMES_FILE_H
#define NAMES_FILE_H

#include "check.h"

#include <unistd.h>

/* From now on only this name resolves, to these addresses in this order. */
static inline void names_set(const char *name, const char *addresses) {
    const char *path = check_environment("RESOLVER_FILE");
    char beside[512];
    FILE *file;
    /* Parts of a test may do this at the same time. */
    (void)snprintf(beside, sizeof beside, "%s.%d", path, (int)getpid());
    file = fopen(beside, "we");
    check_need(file != NULL, beside);
    (void)fprintf(file, "%s %s\n", name, addresses);
    check_need(fclose(file) == 0 && rename(beside, path) == 0, path);
}

#endif
