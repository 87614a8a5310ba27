# shellcheck shell=bash
# Starts and stops emulators. Source it. MACHINEID_EMULATOR names another emulator than the one in build/bin.

# start_emulator LOG [ARGUMENT...]: starts an emulator on a free port. Sets emulator_pid and emulator_url.
start_emulator() {
    local log=$1 ready line
    shift
    exec {ready}< <(exec "${MACHINEID_EMULATOR:-build/bin/machineid-emulator}" --port 0 "$@" 2>>"$log")
    emulator_pid=$!
    if ! read -r -t 30 line <&"$ready" || [ "${line#listening on http://}" = "$line" ]; then
        printf 'the emulator does not start:\n%s\n' "$(cat "$log")" >&2
        return 1
    fi
    exec {ready}<&-
    # shellcheck disable=SC2034 # for the script that sources this
    emulator_url=${line#listening on }
}

# ask_emulator KEY PATH [BODY]: sends a POST to the emulator that start_emulator started. Fails if the HTTP status is
# not 200.
ask_emulator() {
    local address=${emulator_url#http://} socket='' line='' body=${3:-\{\}}
    exec {socket}<>"/dev/tcp/${address%:*}/${address##*:}" || return 1
    printf 'POST %s HTTP/1.1\r\nHost: emulator\r\nx-org-key: %s\r\n' "$2" "$1" >&"$socket"
    printf 'Content-Type: application/json\r\nContent-Length: %d\r\n' "${#body}" >&"$socket"
    printf 'Connection: close\r\n\r\n%s' "$body" >&"$socket"
    read -r -t 30 line <&"$socket" || :
    exec {socket}>&-
    case $line in
    'HTTP/1.1 200 '*) ;;
    *)
        printf 'the emulator answers %s with: %s\n' "$2" "$line" >&2
        return 1
        ;;
    esac
}

# stop_emulator: stops the emulator that start_emulator started.
stop_emulator() {
    [ -n "${emulator_pid:-}" ] || return 0
    kill "$emulator_pid" 2>/dev/null || true
    wait "$emulator_pid" 2>/dev/null || true
    emulator_pid=
}
