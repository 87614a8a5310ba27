# shellcheck shell=bash
# Makes roots of Debian and keeps them. Source it from the root of the project, with $roots (the folder for the roots)
# and $logs (the folder for the logs). $roots may hold unrelated files, so this script removes or overwrites there only
# what is known to be from it.
#
# The script that sources it defines root_lists NAME, which prints the lists of packages for the root of this name, one
# file per line.
# shellcheck disable=SC2154

# For roots of another processor: its name, and the command and arguments that start a program where such programs run.
root_arch='' emulated=()

# The version of the recipe. Raise it when make_root changes what it puts into a root.
recipe=1

# archive_lines RELEASE: prints lines for sources.list, for the archive that this machine's apt is configured for.
archive_lines() {
    local release=$1 uri label
    # shellcheck disable=SC2016 # apt's own
    apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' |
        sort -u | while read -r uri label; do
        case $label in
        Debian) printf 'deb %s %s main\n' "$uri" "$release" ;;
        # Debian testing has no security archive of its own.
        Debian-Security) [ "$release" = testing ] || printf 'deb %s %s-security main\n' "$uri" "$release" ;;
        esac
    done
}

# root_packages NAME: prints the packages that a root has beside Debian's essential ones, one per line.
root_packages() {
    local lists
    mapfile -t lists < <(root_lists "$1")
    sed 's/#.*//; s/ *$//; /^$/d' "${lists[@]}" | LC_ALL=C sort -u
}

# remove_places NAME: removes the temporary folders in which roots are made, including those left by a run that was
# killed. Only the process that holds the lock may call it.
remove_places() {
    local place
    for place in "$roots/.machineid-$1-"*; do
        [ ! -e "$place/machineid-place" ] || rm -rf --one-file-system "$place"
    done
}

# lock_root NAME [--shared]: waits for the lock of a root, and prints that it waits.
lock_root() {
    flock --nonblock ${2:+"$2"} "$lock" && return 0
    echo "$1: waiting for another run, which is making this root or using it"
    flock ${2:+"$2"} "$lock"
}

# make_root NAME RELEASE STAMP: makes $roots/NAME, with the stamp in a file inside. It is made under a temporary
# name and renamed when it is complete. The steps go to stdout; if it fails, the last line says why.
make_root() {
    local name=$1 release=$2 stamp=$3 start=$SECONDS packages sources place log=$logs/$1/root.log
    sources=$(archive_lines "$release")
    if [ -z "$sources" ]; then
        echo 'no root: apt-get indextargets names no archive of Debian; apt-get update reads those of /etc/apt'
        return 1
    fi
    packages=$(root_packages "$name" | paste -sd ,)
    remove_places "$name"
    if ! place=$(mktemp -d "$roots/.machineid-$name-XXXXXX") || ! touch "$place/machineid-place"; then
        echo "no root: $roots cannot be written to"
        return 1
    fi
    chmod 755 "$place"
    : >"$log"
    give_back "$log"
    # --variant=apt installs the essential packages and apt. The index of a mirror may be past its Valid-Until date.
    # shellcheck disable=SC2016 # mmdebstrap's own
    "${emulated[@]}" mmdebstrap --mode=root --variant=apt --keyring=/usr/share/keyrings "--include=$packages" \
        ${root_arch:+"--architectures=$root_arch"} \
        '--aptopt=Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io \
        '--customize-hook=printf "127.0.0.1 localhost\n::1 localhost\n" >"$1/etc/hosts"' \
        "$release" "$place/new" - <<<"$sources" 2>&1 | tee "$log" | grep --line-buffered '^[IE]: '
    # The first of these statuses is mmdebstrap's.
    if [ "${PIPESTATUS[0]}" -ne 0 ]; then
        remove_places "$name"
        echo "no root: mmdebstrap failed; $log says why"
        return 1
    fi
    # Whatever is at the destination is an older root of ours.
    if printf '%s\n' "$stamp" >"$place/new/etc/machineid-root" &&
        { [ ! -e "$roots/$name" ] || mv "$roots/$name" "$place/old"; } && mv "$place/new" "$roots/$name"; then
        remove_places "$name"
        echo "its root is made, in $((SECONDS - start)) s"
    else
        echo "no root: $roots/$name cannot be replaced"
        return 1
    fi
}

# need_root NAME [RELEASE]: makes the root, unless it exists and was made from these packages. Without RELEASE, NAME is
# the release.
need_root() {
    local name=$1 release=${2:-$1} stamp root=$roots/$1
    stamp=$({ echo "$recipe $release" && root_packages "$name"; } | sha256sum)
    # Another run may be making this root or using it. This process holds its lock until it ends.
    exec {lock}>>"$roots/.machineid-$name.lock"
    lock_root "$name" --shared
    [ "$(cat "$root/etc/machineid-root" 2>/dev/null)" != "$stamp" ] || return 0
    lock_root "$name"
    if [ "$(cat "$root/etc/machineid-root" 2>/dev/null)" != "$stamp" ]; then
        if [ -e "$root" ] && [ ! -e "$root/etc/machineid-root" ]; then
            echo "$name: no root: $root exists, and is none that was made here"
            flock --unlock "$lock"
            return 1
        fi
        echo "$name: making its root, which takes about ${root_arch:+6 x }100 s"
        if ! (set -o pipefail && make_root "$name" "$release" "$stamp" | sed -u "s/^/$name: /"); then
            flock --unlock "$lock"
            return 1
        fi
    fi
    flock --shared "$lock"
}
