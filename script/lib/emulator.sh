# shellcheck shell=bash
# Starts and ends emulators. Sourced.

# start_emulator LOG [ARGUMENT...]: on a free port. Sets emulator_pid and emulator_url.
start_emulator() {
    local log=$1 ready line
    shift
    exec {ready}< <(exec build/bin/machineid-emulator --port 0 "$@" 2>>"$log")
    emulator_pid=$!
    if ! read -r -t 30 line <&"$ready" || [ "${line#listening on http://}" = "$line" ]; then
        printf 'the emulator does not start:\n%s\n' "$(cat "$log")" >&2
        return 1
    fi
    exec {ready}<&-
    # shellcheck disable=SC2034 # for whoever sources this
    emulator_url=${line#listening on }
}

# stop_emulator: ends the one that start_emulator started.
stop_emulator() {
    [ -n "${emulator_pid:-}" ] || return 0
    kill "$emulator_pid" 2>/dev/null || true
    wait "$emulator_pid" 2>/dev/null || true
    emulator_pid=
}
