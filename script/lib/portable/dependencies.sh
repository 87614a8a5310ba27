# shellcheck shell=bash
# Builds OpenSSL, libcurl and jansson as static archives with hidden symbols. Source it after sources.sh and
# compiler.sh.
# shellcheck source=script/lib/portable/sources.sh
# shellcheck disable=SC2154

# What is not needed to ask one authority by HTTPS, or is read from files and the environment of the host, is left out.
openssl_options=(
    no-shared no-dso no-module no-legacy no-engine no-apps no-docs no-tests no-ui-console no-autoload-config
    no-filenames no-ssl3 no-ssl3-method no-tls1 no-tls1-method no-tls1_1 no-tls1_1-method no-dtls no-dtls1
    no-dtls1-method no-dtls1_2 no-dtls1_2-method no-comp no-zlib no-cms no-cmp no-ct no-ts no-srp no-psk no-srtp
    no-sctp no-ssl-trace no-nextprotoneg no-rfc3779 no-async no-quic no-http no-gost no-idea no-camellia no-seed
    no-rc2 no-rc4 no-rc5 no-md4 no-mdc2 no-rmd160 no-whirlpool no-bf no-cast no-aria no-sm2 no-sm3 no-sm4 no-siphash
    no-scrypt no-argon2 no-dsa no-ec2m no-ml-dsa no-slh-dsa no-multiblock)
# Dates are parsed, for Retry-After.
curl_options=(
    --disable-shared --enable-static --enable-http --disable-ftp --disable-file --disable-ldap --disable-ldaps
    --disable-rtsp --enable-proxy --disable-ipfs --disable-dict --disable-telnet --disable-tftp --disable-pop3
    --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt --disable-manual --disable-docs
    --enable-ipv6 --enable-threaded-resolver --disable-ares --disable-ntlm --disable-negotiate-auth
    --disable-kerberos-auth --disable-digest-auth --disable-bearer-auth --disable-aws --disable-tls-srp
    --disable-unix-sockets --disable-cookies --disable-hsts --disable-alt-svc --disable-doh --disable-mime
    --disable-form-api --disable-websockets --disable-headers-api --disable-progress-meter --disable-get-easy-options
    --disable-libcurl-option --disable-openssl-auto-load-config --disable-sha512-256 --disable-dnsshuffle
    --disable-bindlocal --without-zlib --without-brotli --without-zstd --without-libidn2 --without-libpsl
    --without-nghttp2 --without-libssh2 --without-librtmp --without-libgsasl --without-ca-bundle --without-ca-path
    --without-ca-fallback --enable-unity)
c_flags='-g0 -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables'
c_flags="$c_flags -fno-unwind-tables -fstack-protector-strong"

# optimisation_of NAME: prints the flag that says whether the code of a dependency is to be fast or small. libcurl and
# jansson go through requests and replies a byte at a time: with -Os for them, and without --enable-unity, which makes
# libcurl one file, a call takes a third more instructions. OpenSSL is the larger part of the library, and is kept
# small.
optimisation_of() {
    case $1 in
    openssl) echo -Os ;;
    *) echo -O2 ;;
    esac
}

# dependencies_of ARCH LIBC: prints the folder of the built dependencies. Its name has a sum of all that they are made
# of.
dependencies_of() {
    local key
    key=$({
        declare -p openssl_options curl_options c_flags glibc_floor
        declare -f build_dependency optimisation_of configure_openssl configure_jansson configure_curl
        declare -f write_compiler target_of
        tree_of openssl && tree_of curl && tree_of jansson && pin ziglang
    } | sha256sum | cut -c 1-12)
    printf '%s/%s-%s_%s\n' "$cache" "$1" "$2" "$key"
}

# together COMMAND -- COMMAND: runs two commands at the same time. Each is a function and its arguments.
together() {
    local first=() other
    while [ "$1" != -- ]; do
        first+=("$1")
        shift
    done
    shift
    "${first[@]}" &
    other=$!
    "$@" || {
        wait "$other"
        return 1
    }
    wait "$other"
}

# unpacked NAME: unpacks and patches the sources of a dependency, unless that is done.
unpacked() {
    [ -d "$(tree_of "$1")" ] || during "portable: unpacking the sources of $1 $(pin "$1")" unpack_source "$1"
}

# make_dependency NAME ARCH LIBC: builds a dependency, unless that is done. The compiler's output is in NAME.log of the
# folder of dependencies, where NAME.done stands for what is built.
make_dependency() {
    local name=$1 folder
    folder=$(dependencies_of "$2" "$3")
    unpacked "$name" || return 1
    [ ! -e "$folder/$name.done" ] || return 0
    rm -rf "${folder:?}/$name"
    during "portable: $name for $2 and $3" build_dependency "$name" "$folder" "$2" "$3" || return 1
    rm -rf "${folder:?}/$name"
    touch "$folder/$name.done"
}

# make_first ARCH LIBC: makes the sources of all dependencies ready, and builds those that need no other.
make_first() {
    local folder
    fetch_sources openssl jansson curl || return 1
    folder=$(dependencies_of "$1" "$2")
    # Folders of other versions go.
    find "$cache" -maxdepth 1 -name "$1-$2_*" ! -path "$folder" -exec rm -rf {} +
    mkdir -p "$folder/installed"
    write_compiler "$folder/bin" "$1" "$2"
    together make_dependency openssl "$1" "$2" -- make_jansson "$1" "$2"
}

# make_jansson ARCH LIBC: builds jansson, and then unpacks the sources of curl, which the compilation of the library
# needs too.
make_jansson() { make_dependency jansson "$1" "$2" && unpacked curl; }

# build_dependency NAME FOLDER ARCH LIBC
build_dependency() {
    local name=$1 folder tree root=$PWD host flags
    folder=$(realpath "$2")
    tree=$root/$(tree_of "$name")
    host=$(processor_of "$3")-linux-${4/glibc/gnu}
    flags="$(optimisation_of "$name") $c_flags"
    [ "$4" != glibc ] || flags="$flags -D_FORTIFY_SOURCE=2"
    mkdir -p "$folder/$name"
    (
        cd "$folder/$name" || exit 1
        # The only compilers are those in this folder.
        export PATH=$folder/bin:$PATH AR=ar RANLIB=ranlib SOURCE_DATE_EPOCH=0
        unset CFLAGS CPPFLAGS LDFLAGS
        "configure_$name" "$tree" "$folder/installed" "$host" "$flags"
    ) >"$folder/$name.log" 2>&1 && return 0
    tail -n 40 "$folder/$name.log" >&2
    return 1
}

# Each of these takes TREE INSTALLED HOST FLAGS and works in the current folder.
configure_openssl() {
    local system=linux-x86_64-clang
    [ "${3%%-*}" != aarch64 ] || system=linux-aarch64
    # shellcheck disable=SC2086 # the flags are words
    CC=cc-old "$1/Configure" $system "${openssl_options[@]}" --prefix=/ --libdir=lib --openssldir=/etc/ssl $4 &&
        make -j "$(nproc)" build_libs && make DESTDIR="$2" install_dev
}

configure_jansson() {
    CC=cc "$1/configure" --host="$3" --disable-shared --enable-static --prefix="$2" CFLAGS="$4" &&
        make -j "$(nproc)" -C src install
}

configure_curl() {
    CC=cc "$1/configure" --host="$3" --prefix="$2" --with-openssl="$2" "${curl_options[@]}" CFLAGS="$4" \
        LIBS='-lpthread -ldl' PKG_CONFIG=false &&
        make -j "$(nproc)" -C lib libcurl.la && make -C lib install-libLTLIBRARIES && make -C include install
}
