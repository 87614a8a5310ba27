# shellcheck shell=sh
# Tells the person who started a script what it is doing, and at its end what to do next. All of this goes to standard
# error, so that standard output has only the results. Source it after arguments.sh.

# during WHAT COMMAND [ARGUMENT...]: says WHAT is being done, and runs a command that takes long. Its output is shown
# only if it fails, and then without SwiftPM's lines of progress.
during() {
    during_what=$1 during_status=0
    shift
    printf '%s\n' "$during_what" >&2
    during_output=$("$@" 2>&1) || during_status=$?
    if [ "$during_status" -ne 0 ]; then
        printf '%s\n' "$during_output" | grep -v '^\[[0-9]*/[0-9]*\] ' >&2 || :
        printf '%s: this failed, with status %d; what it printed is above\n' "$during_what" "$during_status" >&2
    fi
    return "$during_status"
}

# next_steps STEP...: says what to do now that the script has ended, in a line for each step. It says nothing if another
# script started this one.
next_steps() {
    [ -z "$started_by_script" ] || return 0
    for step; do printf 'next: %s\n' "$step"; done >&2
}
