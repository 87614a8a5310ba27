# shellcheck shell=bash
# Builds the release library for a sanitizer, and programs that contain the sanitizer's runtime. Source it from the root
# of the project.

# sanitized_library KIND FOLDER: builds the library into FOLDER. KIND is thread or address. Errors go to stdout.
sanitized_library() {
    local kind=$1 folder=$2 built=.build/$1-sanitizer
    echo "building the library for the $kind sanitizer, which takes a minute or two the first time" >&2
    if ! MID_SANITIZE=1 swift build -c release --build-system native --disable-local-rpath --product machineid \
        -Xswiftc "-sanitize=$kind" -Xswiftc -gline-tables-only --scratch-path "$built" >"$folder.log" 2>&1; then
        tail -n 20 "$folder.log"
        return 1
    fi
    mkdir -p "$folder"
    cp "$built/release/libmachineid.so" "$folder/libmachineid.so"
    ln -sf libmachineid.so "$folder/libmachineid.so.0"
    if ! nm -D "$folder/libmachineid.so" | grep -qE " U __${kind:0:1}san_(write|report_load)"; then
        echo "the library does not use the sanitizer: it imports no symbol for checked reads or writes"
        return 1
    fi
}

# sanitized_program KIND FOLDER SOURCE PROGRAM [FLAG...]: builds a program linked to the library in FOLDER. It uses
# Swift's own clang, because the sanitizer's runtimes must match.
sanitized_program() {
    local kind=$1 folder=$2 source=$3 program=$4 clang swift
    shift 4
    clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
    swift=$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath" *: *"\(.*\)".*/\1/p')/linux
    "$clang" "-fsanitize=$kind" -fuse-ld=lld "$@" "$source" -o "$program" "-L$folder" -lmachineid -ljansson -pthread \
        "-L$swift" -ldispatch -lBlocksRuntime "-Wl,-rpath,$swift"
}
