# shellcheck shell=bash
# Prints what include/machineid.h declares. Source it from the root of the repository.
header=include/machineid.h

# header_version: prints the version, such as 0.1.0.
header_version() { sed -n 's/^#define MID_VERSION "\(.*\)"$/\1/p' "$header"; }

# header_lists WHAT...: prints a list: functions, parameters, prototypes, statuses, exports or faults. With --into
# FOLDER instead, it writes each list to a file. script/lib/header.py describes them.
header_lists() { script/lib/python --reference script/lib/header.py "$@" "$header"; }

# header_types FOLDER: prints the functions and their types as abidw describes them. The folder has all lists, and takes
# temporary files. The debug information of a Swift library has no C types, so they come from a C library whose
# functions have the same types and no code. The Swift compiler checks that the real functions have these types.
header_types() {
    cp "$header" "$1/"
    {
        echo '#include "machineid.h"'
        sed 's/^[^ ]*  //; s/$/ { __builtin_trap(); }/' "$1/prototypes" | LC_ALL=C sort
    } >"$1/machineid.c"
    (cd "$1" && gcc -std=gnu2x -g -shared -fPIC -Wl,-soname,libmachineid.so.0 -o types.so machineid.c) || return
    abidw --no-architecture --no-corpus-path --no-comp-dir-path --no-elf-needed --no-show-locs "$1/types.so"
}
