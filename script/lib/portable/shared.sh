# shellcheck shell=bash
# Builds the shared library for another processor than this machine's, against the packages that this machine's release
# of Debian has for it. Source it from the root of the project, after progress.sh and place-library.sh.

# shellcheck source=script/lib/portable/sources.sh
. script/lib/portable/sources.sh
# shellcheck source=script/lib/portable/compiler.sh
. script/lib/portable/compiler.sh
# shellcheck source=script/lib/portable/library.sh
. script/lib/portable/library.sh

# build_shared ARCH VERSION: makes build/ARCH/lib and build/ARCH/symbols.
build_shared() {
    local arch=$1 name=libmachineid.so.$2 out=build/$1 work=$cache/work/$1-shared system triple sysroot flags lock
    triple=$(processor_of "$arch")-linux-gnu
    mkdir -p "$out/lib" "$out/symbols" "$work"
    exec {lock}>"$cache/.lock"
    flock "$lock"
    # shellcheck source=/dev/null
    system=$(. /etc/os-release && echo "$ID-$VERSION_CODENAME")
    sysroot=$cache/sysroots/$arch-$system
    if [ ! -d "$sysroot" ]; then
        during "build: Debian's packages for $arch, to build against" make_sysroot "$sysroot" "$arch" || return 1
    fi
    mapfile -t flags < <(printf '%s\n' "--sysroot=$PWD/$sysroot" | sed 'i -Xcc')
    during "build: the library for $arch" compile_swift "$work" "$arch" "${flags[@]}" || return 1
    during 'build: linking it' "$(swift_tool clang)" "--target=$triple" "--sysroot=$sysroot" -fuse-ld=lld -shared \
        -o "$work/$name" "$work/swift.o" -ljansson -lcurl -Wl,--gc-sections -Wl,--build-id \
        -Wl,--version-script=exports.map -Wl,-soname=libmachineid.so.0 -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete \
        -Wl,-z,noexecstack -Wl,-z,defs || return 1
    place_for_any "$work" "$out" "$name"
    printf '%s, %d bytes\n' "$out/lib/$name" "$(stat -c %s "$out/lib/$name")"
}

# make_sysroot FOLDER ARCH: unpacks packages of another architecture into a folder. They are fetched with lists of their
# own, and nothing is installed.
make_sysroot() {
    local folder=$1 place file
    mkdir -p "${folder%/*}"
    place=$(mktemp -d "${folder%/*}/.new-XXXXXX")
    mkdir -p "$place"/lists/partial "$place"/archives/partial "$place"/root
    : >"$place/status"
    packages_list "$2" >"$place/sources.list"
    if [ ! -s "$place/sources.list" ]; then
        rm -rf "$place"
        echo "build: apt is configured for no archive of Debian, which has the packages for $2; run this on Debian" >&2
        return 1
    fi
    if ! of_arch "$2" "$place" apt-get update || ! fetch_packages "$2" "$place"; then
        rm -rf "$place"
        echo "build: the packages for $2 are not in ${folder%/*}, and cannot be had from the archive that apt is" \
            'configured for; try again when apt-get update works' >&2
        return 1
    fi
    for file in "$place"/archives/*.deb; do dpkg-deb --extract "$file" "$place/root" || return 1; done
    mv "$place/root" "$folder"
    rm -rf "$place"
}

# fetch_packages ARCH FOLDER: fetches the packages with the headers and the libraries to link to, and what these depend
# on. Of the compiler only what it links into each library is needed, which is in a package that has its version in its
# name.
fetch_packages() {
    local gcc
    gcc=$(of_arch "$1" "$2" apt-cache show --no-all-versions gcc | sed -n 's/^Version: [0-9]*:\([0-9]*\)\..*/\1/p')
    of_arch "$1" "$2" apt-get install --download-only --yes --no-install-recommends -o Debug::NoLocking=true \
        libc6-dev "libgcc-$gcc-dev" libcurl4-openssl-dev libjansson-dev
}

# packages_list ARCH: prints a sources.list for the binary packages of an architecture, of the suites that the apt of
# this machine is configured for.
packages_list() {
    local uri suite signed
    # shellcheck disable=SC2016 # apt's own
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(SIGNED_BY)' 'Created-By: Packages' 'Origin: Debian' \
        'Component: main' | sort -u | while read -r uri suite signed; do
        printf 'deb [arch=%s%s] %s %s main\n' "$1" "$(signed_by "$signed")" "$uri" "$suite"
    done
}
