# shellcheck shell=bash
# Builds the library of the portable build, shared and static. Source it after dependencies.sh.

# The functions of OpenSSL that the library uses where libcurl has loaded an OpenSSL, which it declares weak: see
# Sources/CCurl/openssl.h. A weak symbol alone takes nothing out of an archive.
openssl_functions() {
    sed -n 's/^extern .*[ *]\([A-Za-z0-9_]*\)(.*__attribute__((weak));.*/\1/p' Sources/CCurl/openssl.h
}

# swift_tool NAME: prints the path of a program that comes with Swift.
swift_tool() { printf '%s/%s\n' "$(dirname "$(readlink -f "$(command -v swiftc)")")" "$1"; }

# portable_flags ARCH LIBC INCLUDE: prints what compile_swift needs to know of the portable build, a flag each line.
portable_flags() {
    local name
    {
        importer_flags "$1" "$2"
        # curl's headers are those of its sources, because libcurl may be in the making.
        printf '%s\n' -isystem "$3" -isystem "$(tree_of curl)/include"
        # What mid_build_info says of what is inside.
        for name in curl openssl jansson; do
            printf -- '-DMACHINEID_SOURCE_%s="%s"\n' "${name^^}" "$(pin $name)"
        done
    } | sed 'i -Xcc'
    printf '%s\n' -D MACHINEID_PORTABLE
}

# compile_swift FOLDER ARCH FLAG...: compiles the library to FOLDER/swift.o, optimised as a whole. The flags say where
# the headers of the system are.
compile_swift() {
    local folder=$1 arch=$2 processor target map maps=() sources
    processor=$(processor_of "$arch")
    shift 2
    # This Embedded standard library is for no system in particular; the headers are those of the system.
    case $arch in
    amd64) target=x86_64-unknown-none-elf ;;
    arm64) target=aarch64-none-none-elf ;;
    esac
    for map in Sources/CCurl Sources/CJansson Sources/CPlatform include; do
        maps+=(-Xcc "-fmodule-map-file=$PWD/$map/module.modulemap")
    done
    mapfile -t sources < <(find Sources/MachineIDC -name '*.swift' | LC_ALL=C sort)
    # Compiled modules hold the path of their folder, and are of no use once the project or its cache has moved.
    [ "$(cat "$folder/modules/made-in" 2>/dev/null)" = "$PWD" ] || rm -rf "$folder/modules"
    mkdir -p "$folder/modules"
    echo "$PWD" >"$folder/modules/made-in"
    "$(swift_tool swiftc)" -c -o "$folder/swift.bc" "${sources[@]}" -lto=llvm-full -target "$target" \
        -Xfrontend -clang-target -Xfrontend "$processor-unknown-linux-gnu" "$@" "${maps[@]}" \
        -module-name MachineIDC -package-name machineid -parse-as-library -swift-version 6 -warnings-as-errors \
        -O -whole-module-optimization -num-threads 0 \
        -enable-experimental-feature Embedded -Xfrontend -trap-function -Xfrontend mid_trap -gnone \
        -Xfrontend -disable-incremental-llvm-codegen -Xcc -fPIC -Xcc -fno-omit-frame-pointer \
        -module-cache-path "$folder/modules" || return 1
    # This link is for its optimiser, which knows that only the functions of the header are called from outside. The
    # library that it makes is not needed.
    "$(swift_tool clang)" --target="$processor-unknown-linux-gnu" -fuse-ld=lld -nostdlib -shared -flto=full -O2 \
        -Wno-override-module -o "$folder/discarded.so" "$folder/swift.bc" -Wl,--gc-sections \
        -Wl,--version-script=exports.map -Wl,--unresolved-symbols=ignore-all -Wl,--lto-obj-path="$folder/swift.o" \
        -Wl,-mllvm,-function-sections -Wl,-mllvm,-data-sections || return 1
    rm "$folder/discarded.so"
}

# build_id FOLDER: prints the build ID of the library, a sum of what it is made of. The linker's own would be one of its
# file, with the paths of the compiler's folder in it, which are in the debug information of a few of libc's functions.
build_id() {
    {
        cat "$1/machineid.o"
        declare -f link_library target_of
        # shellcheck disable=SC2154 # The variable is set by compiler.sh.
        declare -p glibc_floor
        pin ziglang
    } | sha256sum | cut -c 1-40
}

# link_library FOLDER ARCH ARCHIVES VERSION: makes FOLDER/libmachineid.a, one object in which only the functions of the
# header are visible, and from it FOLDER/libmachineid.so.VERSION.
link_library() {
    local folder=$1 library=$1/libmachineid.so.$4 undefined objects=("$1/swift.o")
    mapfile -t undefined < <(openssl_functions | sed 's/^/--undefined=/')
    sed -n 's/^ *\(mid_[a-z0-9_]*\);$/\1/p' exports.map >"$folder/exports"
    if [ "$2" = amd64 ]; then
        "$folder/bin/cc" -O2 -fPIC -c -o "$folder/common.o" script/lib/portable/common.c || return 1
        objects+=("$folder/common.o")
    fi
    "$(swift_tool ld.lld)" -r -o "$folder/whole.o" "${undefined[@]}" "${objects[@]}" --start-group \
        "$3"/lib{curl,ssl,crypto,jansson}.a --end-group || return 1
    "$(swift_tool llvm-objcopy)" --keep-global-symbols="$folder/exports" "$folder/whole.o" "$folder/machineid.o" ||
        return 1
    rm -f "$folder/libmachineid.a"
    "$(swift_tool llvm-ar)" rcsD "$folder/libmachineid.a" "$folder/machineid.o" || return 1
    "$folder/bin/cc" -shared -o "$library" "$folder/machineid.o" -Wl,--gc-sections \
        -Wl,--version-script=exports.map -Wl,-soname=libmachineid.so.0 -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete \
        -Wl,-z,noexecstack -Wl,-z,defs "-Wl,--build-id=0x$(build_id "$folder")" -lpthread -ldl || return 1
    "$(swift_tool llvm-objcopy)" --strip-debug "$library"
}

# place_for_any WORK OUT NAME: puts the library WORK/NAME into place. This program strips libraries for any processor.
place_for_any() { place_library "$1/$3" "$2" "$3" "$(swift_tool llvm-objcopy)" --strip-unneeded; }
