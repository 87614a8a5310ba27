# shellcheck shell=bash
# Makes roots of Debian and keeps them. Sourced from the root of the project, with $roots, the folder that they are kept in,
# $logs, that of the logs, and $all_suites, those that run in them. In $roots may be other things: what is removed there or
# written to is known to be of test-distros.
# shellcheck disable=SC2154

# The version of the recipe: raise it when make_root changes what it puts into a root.
recipe=1

# archive_lines RELEASE: lines for sources.list, of the archive that this machine's apt is set up for.
archive_lines() {
    local release=$1 uri label
    # shellcheck disable=SC2016 # apt's own
    apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' |
        sort -u | while read -r uri label; do
        case $label in
        Debian) printf 'deb %s %s main\n' "$uri" "$release" ;;
        # What is on its way to the next release has no updates of its own.
        Debian-Security) [ "$release" = testing ] || printf 'deb %s %s-security main\n' "$uri" "$release" ;;
        esac
    done
}

# root_packages: what a root has beside Debian's essential packages, a line each.
root_packages() {
    local suite list lists=(script/lib/distros/packages.txt)
    for suite in "${all_suites[@]}"; do
        list=Tests/${suite%%/*}/packages.txt
        [ ! -e "$list" ] || lists+=("$list")
    done
    sed 's/#.*//; s/ *$//; /^$/d' "${lists[@]}" | LC_ALL=C sort -u
}

# remove_places RELEASE: where roots are made before they get their names; also those of whoever was ended meanwhile. Only who
# has the lock may.
remove_places() {
    local place
    for place in "$roots/.machineid-$1-"*; do
        [ ! -e "$place/machineid-place" ] || rm -rf --one-file-system "$place"
    done
}

# lock_root RELEASE [--shared]: waits for the lock of a root, and says so.
lock_root() {
    flock --nonblock ${2:+"$2"} "$lock" && return 0
    echo "$1: waiting for another test-distros, which is making its root or is in it"
    flock ${2:+"$2"} "$lock"
}

# make_root RELEASE STAMP: into $roots/RELEASE, the stamp in a file inside. It is made under another name, and gets its own
# when it is whole. The steps go to stdout; why there is none is its last line.
make_root() {
    local release=$1 stamp=$2 start=$SECONDS packages sources place log=$logs/$1/root.log
    sources=$(archive_lines "$release")
    if [ -z "$sources" ]; then
        echo 'no root: apt-get indextargets names no archive of Debian; apt-get update reads those of /etc/apt'
        return 1
    fi
    packages=$(root_packages | paste -sd ,)
    remove_places "$release"
    if ! place=$(mktemp -d "$roots/.machineid-$release-XXXXXX") || ! touch "$place/machineid-place"; then
        echo "no root: $roots cannot be written to"
        return 1
    fi
    chmod 755 "$place"
    : >"$log"
    give_back "$log"
    # --variant=apt: the essential packages and apt. A mirror's index may be past its Valid-Until date.
    # shellcheck disable=SC2016 # mmdebstrap's own
    mmdebstrap --variant=apt --keyring=/usr/share/keyrings "--include=$packages" \
        '--aptopt=Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io \
        '--customize-hook=printf "127.0.0.1 localhost\n::1 localhost\n" >"$1/etc/hosts"' \
        "$release" "$place/new" - <<<"$sources" 2>&1 | tee "$log" | grep --line-buffered '^[IE]: '
    # The first status is mmdebstrap's.
    if [ "${PIPESTATUS[0]}" -ne 0 ]; then
        remove_places "$release"
        echo "no root: mmdebstrap failed; $log says why"
        return 1
    fi
    # What is at its place is an older root of ours.
    if printf '%s\n' "$stamp" >"$place/new/etc/machineid-root" &&
        { [ ! -e "$roots/$release" ] || mv "$roots/$release" "$place/old"; } && mv "$place/new" "$roots/$release"; then
        remove_places "$release"
        echo "its root is made, in $((SECONDS - start)) s"
    else
        echo "no root: $roots/$release cannot be replaced"
        return 1
    fi
}

# need_root RELEASE: makes it, unless it is there and of these packages.
need_root() {
    local release=$1 stamp root=$roots/$1
    stamp=$({ echo "$recipe $release" && root_packages; } | sha256sum)
    # Another test-distros may be making it, or may be in it. This process keeps its lock for as long as it lives.
    exec {lock}>>"$roots/.machineid-$release.lock"
    lock_root "$release" --shared
    [ "$(cat "$root/etc/machineid-root" 2>/dev/null)" != "$stamp" ] || return 0
    lock_root "$release"
    if [ "$(cat "$root/etc/machineid-root" 2>/dev/null)" != "$stamp" ]; then
        if [ -e "$root" ] && [ ! -e "$root/etc/machineid-root" ]; then
            echo "$release: no root: $root is there, and is not of test-distros"
            flock --unlock "$lock"
            return 1
        fi
        echo "$release: making its root, which takes about 100 s"
        if ! (set -o pipefail && make_root "$release" "$stamp" | sed -u "s/^/$release: /"); then
            flock --unlock "$lock"
            return 1
        fi
    fi
    flock --shared "$lock"
}
