# shellcheck shell=bash
# Reads include/machineid.h with gcc. Source it from the root of the repository.
header=include/machineid.h

# header_version: prints the version, such as 0.1.0.
header_version() { sed -n 's/^#define MID_VERSION "\(.*\)"$/\1/p' "$header"; }

# header_prototypes: prints one prototype per line, such as const char *mid_version(void)
header_prototypes() {
    # gcc lists them in this form: /* include/machineid.h:121:NC */ extern const char *mid_version (void);
    gcc -std=c11 -fsyntax-only -aux-info /dev/stdout -x c "$header" |
        sed -n "s|^/\* $header:.* \*/ extern \(.*\);.*|\1|p" | sed 's/ (/(/' | LC_ALL=C sort
}

# header_types FOLDER: prints the functions and their types as abidw describes them; intermediate files go to FOLDER.
# The debug information of a Swift library has no C types, so they are taken from a C library that has the same
# functions with empty bodies. The Swift compiler checks that the real code has these types.
header_types() {
    cp "$header" "$1/"
    { echo '#include "machineid.h"' && header_prototypes | sed 's/$/ { __builtin_trap(); }/'; } >"$1/machineid.c"
    (cd "$1" && gcc -std=gnu2x -g -shared -fPIC -Wl,-soname,libmachineid.so.0 -o types.so machineid.c) || return
    abidw --no-architecture --no-corpus-path --no-comp-dir-path --no-elf-needed --no-show-locs "$1/types.so"
}
