# shellcheck shell=bash
# Sets up the C compiler of the portable build: clang of ziglang, which has the headers of every glibc and of musl, and
# knows which symbols each glibc has. Source it after sources.sh.

# The oldest glibc that the portable build runs with, as manylinux2014 has it.
glibc_floor=2.17

# install_compiler: installs ziglang into build/venv-portable, unless the pinned version is there, and sets $zig.
install_compiler() {
    local venv=build/venv-portable version
    version=$(pin ziglang)
    if [ "$(cat "$venv/version" 2>/dev/null)" != "$version" ]; then
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --no-input --no-deps "ziglang==$version" || return 1
        echo "$version" >"$venv/version"
    fi
    zig=$(realpath "$(find "$venv" -path '*/ziglang/zig' -print -quit)")
}

# target_of ARCH LIBC: prints the name that ziglang has for a target, and for musl that programs are linked dynamically:
# otherwise the first program that a configure script links takes a minute, for all of musl.
target_of() {
    local processor
    processor=$(processor_of "$1")
    case $2 in
    glibc) printf '%s-linux-gnu.%s\n' "$processor" "$glibc_floor" ;;
    musl) printf '%s-linux-musl -dynamic\n' "$processor" ;;
    esac
}

# processor_of ARCH: prints the name that compilers have for Debian's name of an architecture.
processor_of() {
    case $1 in
    amd64) echo x86_64 ;;
    arm64) echo aarch64 ;;
    esac
}

# write_compiler FOLDER ARCH LIBC: writes the programs cc, cc-old, ar and ranlib into a folder. They are called by these
# names alone, because OpenSSL keeps the name of its compiler, and two builds from two folders are to be the same.
#
# cc-old calls itself an old clang, for which OpenSSL leaves out its AES for AVX-512: 700 KB that bring nothing here.
write_compiler() {
    local folder=$1 root=$PWD
    mkdir -p "$folder"
    cat >"$folder/cc" <<END
#!/bin/sh
exec '$zig' cc -target $(target_of "$2" "$3") -fno-sanitize=undefined -ffile-prefix-map='$root'=. "\$@"
END
    cat >"$folder/cc-old" <<END
#!/bin/sh
case "\$*" in -v | --version) echo 'clang version 6.0.0' && exit ;; esac
exec '$root/$folder/cc' "\$@"
END
    printf '#!/bin/sh\nexec %s ar "$@"\n' "'$zig'" >"$folder/ar"
    printf '#!/bin/sh\nexec %s ranlib "$@"\n' "'$zig'" >"$folder/ranlib"
    chmod +x "$folder"/*
}

# importer_flags ARCH LIBC: prints the flags with which Swift reads the same headers as cc, a line each: those of the C
# library and of the kernel. The headers of the compiler itself are Swift's own.
importer_flags() {
    local word take=
    printf '%s\n' -nostdlibinc
    # shellcheck disable=SC2046 # words
    "$zig" cc -target $(target_of "$1" "$2") -### -x c -c /dev/null 2>&1 | tr -d '"' | tr ' ' '\n' |
        while read -r word; do
            case $take$word in
            -isystem | -D) take=$word ;;
            -isystem*/ziglang/lib/include) take= ;;
            -isystem* | -D__GLIBC_MINOR__=*) printf '%s\n' "$take$word" && take= ;;
            *) take= ;;
            esac
        done
}
