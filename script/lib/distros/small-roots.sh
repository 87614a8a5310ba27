# shellcheck shell=bash
# Makes the roots for the portable builds: systems with a C library, the certificates of authorities, and next to
# nothing else. Source it from the root of the project, after script/lib/portable/sources.sh, with $roots (the folder
# for the roots). Their names begin with small-.
# shellcheck disable=SC2154

# The version of this recipe. Raise it when a root is to have something else.
small_recipe=3
# The oldest release of Debian that the archive has.
oldest=bullseye

# contents_of NAME: prints the release and the packages that a small root is made of. amd64-glibc is all that a Debian
# must have, without libcurl; the others have what is named and nothing else.
contents_of() {
    case $1 in
    amd64-glibc) echo "$oldest essential" ;;
    amd64-glibc-bare) echo "$oldest libc6" ;;
    arm64-glibc) echo "$oldest libc6 libgcc-s1" ;;
    *-musl) echo 'bookworm musl' ;;
    esac
}

# The emulator for arm64. Before version 10, qemu-user says of a page that it will be wiped on fork, and does not.
qemu_release=trixie

# need_small_root NAME: makes $roots/small-NAME, unless it is there and was made by this recipe.
need_small_root() {
    local name=$1 root=$roots/small-$1 stamp place lock
    stamp="$small_recipe $(contents_of "$name") $qemu_release"
    exec {lock}>>"$roots/.machineid-small-$name.lock"
    flock "$lock"
    [ "$(cat "$root/etc/machineid-root" 2>/dev/null)" != "$stamp" ] || return 0
    if [ -e "$root" ] && [ ! -e "$root/etc/machineid-root" ]; then
        echo "$name: no root: $root exists, and no script of this project made it" >&2
        return 1
    fi
    rm -rf "$roots/.machineid-small-$name-"*
    place=$(mktemp -d "$roots/.machineid-small-$name-XXXXXX")
    if ! make_small_root "$name" "$place" >"$place/log" 2>&1; then
        cat "$place/log" >&2
        echo "$name: no root: its packages cannot be had from the archive that apt is configured for; try again when" \
            'apt-get update works' >&2
        return 1
    fi
    mkdir -p "$place/root/etc"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$place/root/etc/hosts"
    printf '%s\n' "$stamp" >"$place/root/etc/machineid-root"
    chmod 755 "$place/root"
    rm -rf --one-file-system "$root"
    mv "$place/root" "$root"
    rm -rf --one-file-system "$place"
    flock --unlock "$lock"
}

# make_small_root NAME PLACE: makes it in PLACE/root.
make_small_root() {
    local name=$1 place=$2 arch=${1%%-*} release packages file
    read -r release packages <<<"$(contents_of "$name")"
    if [ "$packages" = essential ]; then
        # The lists of an old release are past their date.
        mmdebstrap --variant=essential --keyring=/usr/share/keyrings '--aptopt=Acquire::Check-Valid-Until "false"' \
            "$release" "$place/root" - <<<"$(release_list amd64 "$release")" || return 1
    else
        # shellcheck disable=SC2086 # the packages are words
        unpack_packages "$arch" "$release" "$place" "$place/root" $packages || return 1
    fi
    unpack_packages amd64 "$release" "$place" "$place/authorities" ca-certificates || return 1
    mkdir -p "$place/root/etc/ssl/certs"
    # Not every file ends its last line.
    # shellcheck disable=SC1003,SC2016 # sed's own
    find "$place/authorities/usr/share/ca-certificates" -name '*.crt' -print0 | LC_ALL=C sort -z |
        xargs -0 sed -s '$a\' >"$place/root/etc/ssl/certs/ca-certificates.crt"
    # The loader looks where musl's own does, as on Alpine. Debian's looks into folders of its own instead.
    rm -f "$place"/root/etc/ld-musl-*.path
    [ "$arch" = arm64 ] || return 0
    unpack_packages amd64 $qemu_release "$place" "$place/qemu" qemu-user || return 1
    file=$(find "$place/qemu" -name qemu-aarch64 -type f)
    cp "$file" "$place/root/qemu"
}

# release_list ARCH RELEASE: prints a sources.list for one release.
release_list() {
    local uri signed
    # shellcheck disable=SC2016 # apt's own
    apt-get indextargets --format '$(REPO_URI) $(SIGNED_BY)' 'Created-By: Packages' 'Label: Debian' 'Component: main' |
        sort -u | while read -r uri signed; do
        printf 'deb [arch=%s%s] %s %s main\n' "$1" "$(signed_by "$signed")" "$uri" "$2"
    done
}

# unpack_packages ARCH RELEASE PLACE FOLDER NAME...: unpacks these packages, and none that they depend on.
unpack_packages() {
    local arch=$1 release=$2 lists=$3/$1-$2 folder=$4 name
    shift 4
    if [ ! -e "$lists" ]; then
        mkdir -p "$lists"/lists/partial "$lists"/archives/partial
        : >"$lists/status"
        release_list "$arch" "$release" >"$lists/sources.list"
        [ -s "$lists/sources.list" ] || return 1
        of_arch "$arch" "$lists" apt-get -o Acquire::Check-Valid-Until=false update || return 1
    fi
    mkdir -p "$folder"
    for name; do
        (cd "$lists/archives" && rm -f "${name}_"*.deb &&
            of_arch "$arch" .. apt-get -o Acquire::Check-Valid-Until=false download "$name") || return 1
        dpkg-deb --extract "$lists/archives/${name}_"*.deb "$folder" || return 1
    done
}

# libc_of ROOT: prints the C library of a small root, and its version.
libc_of() {
    local file
    file=$(find "$1/lib" "$1/usr/lib" ! -type d \( -name 'libc.so.6' -o -name 'ld-musl-*' \) 2>/dev/null | head -n 1)
    file=$(realpath "$file")
    case $file in
    *musl*) grep -a -o -m 1 '^1\.[0-9.]*[0-9]' <(strings "$file") | sed 's/^/musl /' ;;
    *) strings "$file" | sed -n 's/.*stable release version \([0-9.]*[0-9]\).*/glibc \1/p' ;;
    esac
}
