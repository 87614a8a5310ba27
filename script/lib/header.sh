# shellcheck shell=bash
# What include/machineid.h says, as gcc reads it. Sourced; for the root of the repository.
header=include/machineid.h

# header_version: 0.1.0
header_version() { sed -n 's/^#define MID_VERSION "\(.*\)"$/\1/p' "$header"; }

# header_prototypes: a line each, const char *mid_version(void)
header_prototypes() {
    # gcc lists them so: /* include/machineid.h:121:NC */ extern const char *mid_version (void);
    gcc -std=c11 -fsyntax-only -aux-info /dev/stdout -x c "$header" |
        sed -n "s|^/\* $header:.* \*/ extern \(.*\);.*|\1|p" | sed 's/ (/(/' | LC_ALL=C sort
}

# header_types FOLDER: the functions and their types as abidw describes them; the folder is for what it takes to get
# there. A Swift library's debug information has no C types, so they are taken from a C library that has the same
# functions with nothing in them. That the code is of these types, the Swift compiler checks.
header_types() {
    cp "$header" "$1/"
    { echo '#include "machineid.h"' && header_prototypes | sed 's/$/ { __builtin_trap(); }/'; } >"$1/machineid.c"
    (cd "$1" && gcc -std=gnu2x -g -shared -fPIC -Wl,-soname,libmachineid.so.0 -o types.so machineid.c) || return
    abidw --no-architecture --no-corpus-path --no-comp-dir-path --no-elf-needed --no-show-locs "$1/types.so"
}
