# shellcheck shell=sh
# Reads --libc and --arch, for script/build and script/install. Source it after arguments.sh. They set $libc and $arch;
# $portable is set by the script.

# take_platform SCRIPT OPTION [VALUE]: reads one of the two options.
take_platform() {
    case ${2}=${3:-} in
    --libc=glibc | --libc=musl) libc=$3 ;;
    --arch=amd64 | --arch=arm64) arch=$3 ;;
    --libc=) refuse "$1" '--libc takes glibc or musl' ;;
    --arch=) refuse "$1" '--arch takes amd64 or arm64' ;;
    --libc=*) refuse "$1" "--libc $3 is none that there is a build for; it takes glibc or musl" ;;
    --arch=*) refuse "$1" "--arch $3 is none that there is a build for; it takes amd64 or arm64" ;;
    esac
}

# choose_platform SCRIPT: the defaults are glibc and the processor of this machine.
choose_platform() {
    if [ -z "$portable" ]; then
        [ -z "$libc" ] || refuse "$1" '--libc is for the portable build; add --portable'
        return 0
    fi
    libc=${libc:-glibc} arch=${arch:-$(this_arch)}
    [ -n "$arch" ] ||
        refuse "$1" "there is no build for the processor of this machine, $(uname -m); --arch takes amd64 or arm64"
}

# this_arch: prints Debian's name of this machine's processor, or nothing where there is no build for it.
this_arch() {
    case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    esac
}
