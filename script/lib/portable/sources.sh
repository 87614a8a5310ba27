# shellcheck shell=bash
# Fetches the pinned source packages, unpacks and patches them. Source it from the root of the project.
#
# $cache/sources has each package as it came from the archive, by name and version, with its checksums; $cache/trees has
# the unpacked and patched tree, by name, version and patches. What is there is not fetched or unpacked again.

cache=build/cache/portable
pins=packaging/portable/pins

# pin NAME: prints what is pinned under that name.
pin() { awk -v name="$1" '$1 == name { print $2 }' "$pins"; }

# sources_list: prints a sources.list for the source packages of the pinned release, from the archive that the apt of
# this machine is configured for.
sources_list() {
    local release uri label signed
    release=$(pin release)
    # shellcheck disable=SC2016 # apt's own
    apt-get indextargets --format '$(REPO_URI) $(LABEL) $(SIGNED_BY)' 'Created-By: Packages' 'Origin: Debian' \
        'Component: main' | sort -u | while read -r uri label signed; do
        signed=$(signed_by "$signed")
        signed=${signed:+[${signed# }] }
        case $label in
        Debian) printf 'deb-src %s%s %s main\n' "$signed" "$uri" "$release" ;;
        Debian-Security) printf 'deb-src %s%s %s-security main\n' "$signed" "$uri" "$release" ;;
        esac
    done
}

# signed_by FIELD: prints the option of a line of sources.list that names the keys of the archive, after a space. An apt
# before 2.7 does not know this field of its lists, and prints its name.
signed_by() {
    local keys=/usr/share/keyrings/debian-archive-keyring.gpg
    case $1 in
    /*) printf ' signed-by=%s' "$1" ;;
    *) [ ! -e $keys ] || printf ' signed-by=%s' $keys ;;
    esac
}

# read_archive FOLDER: reads the lists of the archive's source packages into a folder. The system's lists stay as they
# are.
read_archive() {
    sources_list >"$1/sources.list"
    if [ ! -s "$1/sources.list" ]; then
        echo 'apt is configured for no archive of Debian, which has the sources; run this on Debian' >&2
        return 1
    fi
    read_lists "$1"
}

# read_lists FOLDER: reads the lists of the archives in FOLDER/sources.list. Fails when any of them cannot be read.
read_lists() {
    mkdir -p "$1"/lists/partial "$1"/archives/partial
    archive "$1" apt-get -o APT::Update::Error-Mode=any update
}

# archive FOLDER COMMAND [ARGUMENT...]: runs apt-get or apt-cache on the lists that read_lists has read.
archive() {
    local folder command=$2
    folder=$(realpath "$1")
    shift 2
    "$command" -q -q -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder" -o APT::Sandbox::User=root "$@"
}

# of_arch ARCH FOLDER COMMAND [ARGUMENT...]: runs archive for another architecture than this machine's.
of_arch() {
    local arch=$1 folder=$2 command=$3
    shift 3
    archive "$folder" "$command" -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" \
        -o "Dir::State::status=$(realpath "$folder")/status" "$@"
}

# source_of NAME: prints the folder with the files of the pinned source package.
source_of() { printf '%s/sources/%s_%s\n' "$cache" "$1" "$(pin "$1")"; }

# fetch_sources NAME...: fetches those of the pinned source packages that are not cached. apt verifies them, from the
# signature of the archive to the checksum of each file.
fetch_sources() {
    local name folder place missing=()
    for name; do
        folder=$(source_of "$name")
        if [ ! -d "$folder" ]; then
            missing+=("$name")
        elif ! (cd "$folder" && sha256sum --quiet --check SHA256SUMS) >/dev/null 2>&1; then
            echo "portable: $folder is damaged; remove it, and the sources are fetched again" >&2
            return 1
        fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    mkdir -p "$cache/sources"
    place=$(mktemp -d "$cache/sources/.new-XXXXXX")
    fetch_into "$place" "${missing[@]}" || {
        rm -rf "$place"
        return 1
    }
    rm -rf "$place"
}

# versions_of NAME FOLDER: prints each version of a source package that the lists in a folder have, and its suite.
versions_of() {
    archive "$2" apt-cache madison "$1" |
        awk -F ' *[|] *' -v name="$1" '{ gsub(/ /, "", $1) } $1 == name && / Sources$/ {
            split($3, place, " "); sub("/.*", "", place[2]); print $2, place[2] }'
}

# fetch_version NAME VERSION FOLDER [OPTION...]: fetches the files of a source package, by the lists in a folder, into
# FOLDER/NAME, as the options of apt-get say. What apt prints goes to FOLDER/log.
fetch_version() {
    local name=$1 version=$2 folder=$3
    shift 3
    mkdir -p "$folder/$name"
    (cd "$folder/$name" && archive .. apt-get source --download-only "$@" "$name=$version") >"$folder/log" 2>&1
}

# fetch_into PLACE NAME...: fetches source packages in a folder, and moves them to the others. What apt prints is shown
# only where it failed.
fetch_into() {
    local place=$1 name version
    shift
    printf 'portable: the sources of %s, from the archive of Debian\n' "$*" >&2
    if ! read_archive "$place" >"$place/log" 2>&1; then
        grep -v '^Reading' "$place/log" >&2
        echo "portable: the sources of $* are not in $cache/sources, and apt cannot read the archive that they come" \
            'from; try again when apt-get update works' >&2
        return 1
    fi
    for name; do
        version=$(pin "$name")
        if ! fetch_version "$name" "$version" "$place"; then
            grep '^[EW]:' "$place/log" >&2
            if versions_of "$name" "$place" | cut -d ' ' -f 1 | grep -qxF "$version"; then
                echo "portable: $name $version is not in $cache/sources, and the archive lists it, but does not" \
                    'give its files; try again later, or configure apt for another archive' >&2
            else
                echo "portable: $name $version is neither in $cache/sources nor in the archive; pin the version that" \
                    "the archive has in $pins, as docs/security-updates.md says, or copy that folder from an earlier" \
                    'build' >&2
            fi
            return 1
        fi
        (cd "$place/$name" && sha256sum -- * >SHA256SUMS)
        mv "$place/$name" "$(source_of "$name")"
    done
}

# patches_of NAME: prints the patches for a source package, a line each.
patches_of() { find packaging/portable/patches -path "*/$1/*.patch" | LC_ALL=C sort; }

# tree_of NAME: prints the folder of the unpacked and patched sources.
tree_of() {
    local patches
    patches=$(patches_of "$1" | xargs --no-run-if-empty cat | sha256sum | cut -c 1-12)
    printf '%s/trees/%s_%s_%s\n' "$cache" "$1" "$(pin "$1")" "$patches"
}

# unpack_source NAME: unpacks and patches a source package that was fetched, unless that is done. Debian's own patches
# are part of it.
unpack_source() {
    local name=$1 tree patch place
    tree=$(tree_of "$name")
    [ ! -d "$tree" ] || return 0
    mkdir -p "$cache/trees"
    place=$(mktemp -d "$cache/trees/.new-XXXXXX")
    dpkg-source --extract "$(source_of "$name")"/*.dsc "$place/tree" || return 1
    for patch in $(patches_of "$name"); do
        patch --directory="$place/tree" --strip=1 --forward --batch --input="$PWD/$patch" || return 1
    done
    # Debian's patches change what configure is made from.
    [ ! -e "$place/tree/configure.ac" ] || (cd "$place/tree" && autoreconf --force --install) || return 1
    mv "$place/tree" "$tree"
    rm -rf "$place"
}
