# shellcheck shell=bash
# What include/machineid.h declares. Sourced; for the root of the repository.
header=include/machineid.h

# header_version: 0.1.0
header_version() { sed -n 's/^#define MID_VERSION "\(.*\)"$/\1/p' "$header"; }

# header_lists WHAT: functions, prototypes, statuses, exports or faults, as script/lib/header.py has them.
header_lists() { script/lib/python --reference script/lib/header.py "$1" "$header"; }

# header_types FOLDER: the functions and their types as abidw describes them; the folder is for what it takes to get
# there. A Swift library's debug information has no C types, so they are taken from a C library that has the same
# functions with nothing in them. That the code is of these types, the Swift compiler checks.
header_types() {
    cp "$header" "$1/"
    { echo '#include "machineid.h"' && header_lists prototypes | sed 's/^[^ ]*  //; s/$/ { __builtin_trap(); }/' | LC_ALL=C sort; } >"$1/machineid.c"
    (cd "$1" && gcc -std=gnu2x -g -shared -fPIC -Wl,-soname,libmachineid.so.0 -o types.so machineid.c) || return
    abidw --no-architecture --no-corpus-path --no-comp-dir-path --no-elf-needed --no-show-locs "$1/types.so"
}
