# shellcheck shell=bash
# Builds the portable build: the library with libcurl, OpenSSL and jansson inside. Source it from the root of the
# project, after progress.sh and place-library.sh.

# shellcheck source=script/lib/portable/sources.sh
. script/lib/portable/sources.sh
# shellcheck source=script/lib/portable/compiler.sh
. script/lib/portable/compiler.sh
# shellcheck source=script/lib/portable/dependencies.sh
. script/lib/portable/dependencies.sh
# shellcheck source=script/lib/portable/library.sh
. script/lib/portable/library.sh

# build_portable ARCH LIBC VERSION: makes build/portable/ARCH-LIBC.
build_portable() {
    local arch=$1 libc=$2 version=$3 out=build/portable/$1-$2 work=$cache/work/$1-$2 dependencies inputs flags lock
    case $PWD in
    *[!A-Za-z0-9/._+~@%,:=-]*)
        echo "build: configure, of the libraries inside, cannot work in $PWD; move the project to a folder without" \
            'spaces and other such characters in its path' >&2
        return 1
        ;;
    esac
    mkdir -p "$out/lib/pkgconfig" "$out/include" "$out/share/doc/machineid" "$out/symbols" "$work"
    # One build at a time: they all put the same files into place, and share the cache.
    exec {lock}>"$cache/.lock"
    flock "$lock"
    export ZIG_GLOBAL_CACHE_DIR=$PWD/$cache/zig ZIG_LOCAL_CACHE_DIR=$PWD/$cache/zig
    install_compiler || return 1
    make_first "$arch" "$libc" || return 1
    dependencies=$(realpath "$(dependencies_of "$arch" "$libc")")
    inputs=$(inputs_of "$dependencies")
    if [ "$inputs" != "$(cat "$work/inputs" 2>/dev/null)" ] || [ ! -e "$out/lib/libmachineid.so.$version" ]; then
        rm -f "$work/inputs"
        write_compiler "$work/bin" "$arch" "$libc" || return 1
        mapfile -t flags < <(portable_flags "$arch" "$libc" "$dependencies/installed/include")
        together make_dependency curl "$arch" "$libc" -- \
            during "build: the library for $arch and $libc" compile_swift "$work" "$arch" "${flags[@]}" || return 1
        during 'build: linking it' link_library "$work" "$arch" "$dependencies/installed/lib" "$version" || return 1
        place_for_any "$work" "$out" "libmachineid.so.$version" || return 1
        cp "$work/libmachineid.a" "$out/lib/libmachineid.a.new"
        mv "$out/lib/libmachineid.a.new" "$out/lib/libmachineid.a"
        echo "$inputs" >"$work/inputs"
    fi
    write_documents "$out" "$arch" "$libc" "$version" || return 1
    printf '%s, %d bytes\n' "$out/lib/libmachineid.so.$version" "$(stat -c %s "$out/lib/libmachineid.so.$version")" \
        "$out/lib/libmachineid.a" "$(stat -c %s "$out/lib/libmachineid.a")"
}

# inputs_of DEPENDENCIES: prints a line that stands for all that the library is made of.
inputs_of() {
    local name
    name=${1##*/}
    {
        echo "$name"
        swiftc --version 2>/dev/null
        find Sources/MachineIDC Sources/CCurl Sources/CJansson Sources/CPlatform include exports.map \
            script/lib/portable "$pins" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    } | sha256sum | cut -d ' ' -f 1
}

# write_documents OUT ARCH LIBC VERSION: the header, machineid.pc, the notices and the bill of materials. machineid.pc
# names no prefix: pkg-config finds it from the place of the file.
write_documents() {
    local out=$1 documents=$1/share/doc/machineid
    # shellcheck source=script/lib/source-date.sh
    . script/lib/source-date.sh
    cp include/machineid.h "$out/include/"
    # shellcheck disable=SC2016 # for pkg-config
    sed -e 's|@PREFIX@|${pcfiledir}/../..|' -e 's|@LIBDIR@|${prefix}/lib|' -e 's|@INCLUDEDIR@|${prefix}/include|' \
        -e "s|@VERSION@|$4|" packaging/machineid.pc.in >"$out/lib/pkgconfig/machineid.pc"
    static_needs >>"$out/lib/pkgconfig/machineid.pc"
    notices >"$documents/NOTICES"
    python3 script/lib/portable/sbom.py --arch "$2" --libc "$3" --version "$4" --date "$SOURCE_DATE_EPOCH" \
        --sources "$cache/sources" --pins "$pins" --library "$out/lib" >"$documents/machineid.cdx.json.new" || return 1
    mv "$documents/machineid.cdx.json.new" "$documents/machineid.cdx.json"
}

# static_needs: prints the line of machineid.pc that says what libmachineid.a needs: the C library, an old one of which
# has threads and dlopen in files of their own.
static_needs() { echo 'Libs.private: -pthread -ldl'; }

# notices: prints the copyrights and licences of all that is inside, as the sources have them.
notices() {
    local name file
    echo 'libmachineid has the libraries below inside. The Swift runtime, of which a small part is in it too, is'
    echo 'copyright Apple Inc. and the Swift project authors, under the Apache License 2.0 with Runtime Library'
    echo 'Exception, which asks for no notice in compiled programs.'
    for name in curl openssl jansson; do
        for file in debian/copyright COPYING LICENSE.txt LICENSE; do
            [ -e "$(tree_of "$name")/$file" ] || continue
            printf '\n==== %s %s: %s\n\n' "$name" "$(pin "$name")" "$file"
            cat "$(tree_of "$name")/$file"
        done
    done
    printf '\n==== libmachineid: LICENSE\n\n'
    cat LICENSE
}
