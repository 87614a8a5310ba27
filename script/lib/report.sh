# shellcheck shell=sh
# Reports the results of checks: one line each, and a count at the end. Source it.
passed=0
failed=0
skipped=0

# ok WHAT
ok() {
    passed=$((passed + 1))
    printf 'ok      %s\n' "$1"
}

# failed WHAT [DETAILS]: the details may have several lines.
failed() {
    failed=$((failed + 1))
    printf 'FAILED  %s\n' "$1"
    [ -z "${2:-}" ] || printf '%s\n' "$2" | sed 's/^/            /'
}

# skip WHAT WHY: names a check that cannot run here.
skip() {
    skipped=$((skipped + 1))
    printf 'skipped %s: %s\n' "$1" "$2"
}

# equal WHAT EXPECTED FOUND
equal() {
    if [ "$2" = "$3" ]; then
        ok "$1"
    else
        failed "$1" "expected: $2
found:    $3"
    fi
}

# finish: ends the report; its status is that of the whole. A report in which nothing passed and nothing was skipped by
# name is a failure.
finish() {
    if [ "$((passed + failed + skipped))" -eq 0 ]; then failed 'something was tested'; fi
    printf '%d passed, %d failed' "$passed" "$failed"
    [ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped"
    echo
    [ "$failed" -eq 0 ]
}
