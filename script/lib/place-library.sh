# shellcheck shell=bash
# Puts a library that was built into place.

# place_library BUILT OUT NAME STRIP [ARGUMENT...]: puts a library, stripped, into OUT/lib as NAME, with its two links,
# and the same library with its symbols into OUT/symbols. STRIP is a command that takes two more arguments: the library,
# and the file for the stripped one. A rename puts that file into place, so that a process that has the old one open
# keeps it intact.
place_library() {
    local built=$1 out=$2 name=$3
    shift 3
    "$@" "$built" "$out/lib/$name.new" || return 1
    mv "$out/lib/$name.new" "$out/lib/$name"
    cp "$built" "$out/symbols/$name"
    # Files of other versions go.
    find "$out/lib" "$out/symbols" -name 'libmachineid.so.*.*' ! -name "$name" -delete
    ln -sf "$name" "$out/lib/libmachineid.so.0"
    ln -sf libmachineid.so.0 "$out/lib/libmachineid.so"
}
