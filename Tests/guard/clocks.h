/* clocks.h - what stands in CLOCKS_FILE: by how much clocks_preload.so moves the clocks. */
#ifndef CLOCKS_H
#define CLOCKS_H

#include <stdatomic.h>

/* Nanoseconds: by how much the wall clock was stepped, and for how long the machine slept. */
struct moved {
    atomic_llong stepped, slept;
};

#endif
