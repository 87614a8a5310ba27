/* resident.h - how much memory of this process is resident. */
#ifndef RESIDENT_H
#define RESIDENT_H

#include "check.h"

static inline long resident_kilobytes(void) {
    char line[128];
    long found = 0;
    FILE *file = fopen("/proc/self/status", "r");
    check_need(file != NULL, "/proc/self/status");
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmRSS: %ld kB", &found) == 1) break;
    }
    check_need(fclose(file) == 0, "fclose");
    return found;
}

#endif
