# shellcheck shell=bash
# Shared by Tests/ends, fork, guard, many, secrets and threads: it reads their arguments, compiles C programs, runs them
# against an emulator, and shows all stacks of a program that hangs. Source it from the root of the project.
#
# Sets me (the suite's path from the root), long (empty or --long), library (its folder) and work (a folder that is
# removed at the end).
# shellcheck source=script/lib/arguments.sh
. script/lib/arguments.sh
# shellcheck source=script/lib/report.sh
. script/lib/report.sh
# shellcheck source=script/lib/emulator.sh
. script/lib/emulator.sh
# shellcheck source=Tests/lib/valgrind.sh
. Tests/lib/valgrind.sh

me=Tests/$(basename "$(dirname "$(cd "$OLDPWD" && realpath "${BASH_SOURCE[1]}")")")/run
# The names of the tests, taken from the calls of wants.
mapfile -t tests < <(grep -oE '\bwants [A-Za-z_0-9-]+' "$me" | cut -d ' ' -f 2 | sort -u)
long='' library=$PWD/build/lib wanted=()
# shellcheck disable=SC2034 # for the script that sources this
while [ $# -gt 0 ]; do
    case $1 in
    --long) long=--long ;;
    --help) help "$me" ;;
    --library)
        [ -n "${2:-}" ] || refuse "$me" '--library needs a folder'
        library=$(realpath "$2")
        shift
        ;;
    -*) unknown "$me" "$1" ;;
    *)
        [[ " ${tests[*]} " == *" $1 "* ]] || refuse "$me" "there is no test $1; there are ${tests[*]}"
        wanted+=("$1")
        ;;
    esac
    shift
done
if [ ! -e "$library/libmachineid.so" ] || [ ! -x build/bin/machineid-emulator ]; then
    echo "$me: there is no library in $library or no emulator in build/bin; script/build makes them" >&2
    exit 1
fi

work=$(mktemp -d)
front_pid=
stop_all() {
    [ -z "$front_pid" ] || { kill "$front_pid" && wait "$front_pid"; } 2>/dev/null || true
    front_pid=
    stop_emulator
}
trap 'stop_all; rm -rf "$work"' EXIT

# The tests ignore the caller's proxies and certificate authorities.
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE
export LD_LIBRARY_PATH=$library PYTHONDONTWRITEBYTECODE=1
flags=(-std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -pedantic -Werror -Iinclude -ITests/lib)

# shellcheck disable=SC2034 # for the script that sources this
memcheck=(valgrind -q --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=99)

# wants NAME: whether this test is to run.
wants() { [ ${#wanted[@]} -eq 0 ] || [[ " ${wanted[*]} " == *" $1 "* ]]; }

# compile SOURCE [FLAG...]: compiles a program into $work, under the name of its source.
compile() {
    local source=$1 name
    name=$(basename "$source" .c)
    shift
    gcc "${flags[@]}" "$source" -o "$work/$name" "-L$library" -lmachineid -ljansson -pthread "$@" || exit 1
}

# preload SOURCE: compiles a library for LD_PRELOAD, $work/NAME.so.
preload() {
    gcc "${flags[@]}" -shared -fPIC "$1" -o "$work/$(basename "$1" .c).so" -ldl || exit 1
}

# start_authority: starts an emulator, and nginx with TLS in front of it. Sets http_url, ca_file, and the https_url and
# churning_url of tls_front.py.
start_authority() {
    local ready line
    MACHINEID_ORG_KEY=${MACHINEID_ORG_KEY:-org_tests_of_the_ends}
    export MACHINEID_ORG_KEY
    start_emulator "$work/emulator.log" --org-key "$MACHINEID_ORG_KEY" --plan max --quiet
    http_url=$emulator_url
    mkdir -p "$work/tls"
    script/lib/python -c '' # installs missing packages, which may take longer than nginx is given below
    exec {ready}< <(exec script/lib/python Tests/lib/tls_front.py "$http_url" "$work/tls" 2>&1)
    front_pid=$!
    read -r -t 30 line <&"$ready" || true
    if [ "${line#https://}" = "$line" ]; then
        kill "$front_pid" 2>/dev/null || true
        printf 'nginx does not start:\n%s\n' "$line$(cat <&"$ready")" >&2
        exit 1
    fi
    exec {ready}<&-
    # shellcheck disable=SC2034 # for the script that sources this
    read -r https_url churning_url ca_file <<<"$line"
}

# stacks PID: prints the stacks of all threads of a process and of its descendants.
stacks() {
    local task child
    echo "process $1: $(tr '\0' ' ' <"/proc/$1/cmdline")"
    gdb -batch -p "$1" -ex 'set print frame-arguments none' -ex 'thread apply all bt 30' 2>/dev/null | grep -E '^(Thread|#)' || true
    for task in /proc/"$1"/task/*; do
        # shellcheck disable=SC2013 # numbers, all on one line
        for child in $(cat "$task/children" 2>/dev/null); do stacks "$child"; done
    done
}

# within SECONDS COMMAND...: runs a command with a time limit; its output goes to $work/output. If it hangs, the status
# is 124 and its stacks are appended to the output.
within() {
    local limit=$1 status=0 program alarm ended=
    shift
    "$@" >"$work/output" 2>&1 </dev/null &
    program=$!
    sleep "$limit" &
    alarm=$!
    wait -n -p ended "$program" "$alarm" || status=$?
    if [ "$ended" != "$alarm" ]; then
        { kill "$alarm" && wait "$alarm"; } 2>/dev/null || true
        return "$status"
    fi
    stacks "$program" >>"$work/output" 2>&1 || true
    { kill -KILL "$program" && wait "$program"; } 2>/dev/null || true
    return 124
}

# run WHAT SECONDS COMMAND...: runs one test, and reports the last line that the program printed.
run() {
    local what=$1 status=0
    shift
    within "$@" || status=$?
    case $status in
    0) ok "$what: $(tail -n 1 "$work/output")" ;;
    124) failed "$what: it hangs" "$(tail -n 150 "$work/output")" ;;
    *) failed "$what: it ended with status $status" "$(tail -n 60 "$work/output")" ;;
    esac
}
