# shellcheck shell=bash
# What include/machineid.h declares. Sourced; for the root of the repository.
header=include/machineid.h

# header_version: 0.1.0
header_version() { sed -n 's/^#define MID_VERSION "\(.*\)"$/\1/p' "$header"; }

# header_lists WHAT...: functions, parameters, prototypes, statuses, exports or faults, or --into FOLDER all of them, as
# script/lib/header.py has them.
header_lists() { script/lib/python --reference script/lib/header.py "$@" "$header"; }

# header_types FOLDER: the functions and their types as abidw describes them; the folder is one with all lists, and for
# what it takes to get there. A Swift library's debug information has no C types, so they are taken from a C library that
# has the same functions with nothing in them. That the code is of these types, the Swift compiler checks.
header_types() {
    cp "$header" "$1/"
    {
        echo '#include "machineid.h"'
        sed 's/^[^ ]*  //; s/$/ { __builtin_trap(); }/' "$1/prototypes" | LC_ALL=C sort
    } >"$1/machineid.c"
    (cd "$1" && gcc -std=gnu2x -g -shared -fPIC -Wl,-soname,libmachineid.so.0 -o types.so machineid.c) || return
    abidw --no-architecture --no-corpus-path --no-comp-dir-path --no-elf-needed --no-show-locs "$1/types.so"
}
