# shellcheck shell=sh
# Results of checks: a line each, and a count at the end. Sourced.
passed=0
failed=0

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

# equal WHAT EXPECTED FOUND
equal() {
    if [ "$2" = "$3" ]; then
        ok "$1"
    else
        failed "$1" "expected: $2
found:    $3"
    fi
}

# Closes the report; its status is that of the whole.
finish() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ]
}
