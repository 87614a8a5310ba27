# shellcheck shell=bash
# Prints what test-distros reports about the suites in its roots. Source it. $work has a folder for each root, which
# holds its versions and the cell of each suite in files of these names.
# shellcheck disable=SC2154

# cell LOG STATUS: prints "passed / failed" of tests, and for suites that count checks also the number of wrong allows.
# It returns 0 only if all is well: a suite that ended before it could count has failed whatever its status, and so has
# one that saw a wrong allow.
cell() {
    local counts wrong has_failed=1
    # pytest's last line, such as "1 failed, 20 passed, 1 error in 3.21s".
    counts=$(grep -E '^([0-9]+ [a-z]+(, )?)+ in [0-9.]+s' "$1" | tail -n 1 | tr -d , | awk '{
        for (n = 1; $n != "in"; n += 2) count[$(n + 1)] += $n
        print count["passed"] + 0 " / " count["failed"] + count["error"] + count["errors"]
    }')
    # Only script/test-portable has tests that are exempt, and counts them.
    [ -z "${counts_exempt:-}" ] || counts="$counts / $(grep -c '^skipped .* Tests/' "$1" || true)"
    wrong=$(sed -n 's/^checks in the tests: .*; wrong allowed: \([0-9][0-9]*\)$/ \/ \1/p' "$1" | tail -n 1)
    if [ -z "$counts" ]; then
        echo 'no result'
    elif [ "$2" -ne 0 ] && [[ $counts =~ ^[0-9]+\ /\ 0(\ |$) ]]; then
        echo "$counts$wrong, status $2"
    else
        echo "$counts$wrong"
        if [ "$2" -eq 0 ] && [[ $counts =~ ^[0-9]+\ /\ 0(\ |$) ]] && [[ $wrong == '' || $wrong == ' / 0' ]]; then
            has_failed=0
        fi
    fi
    return "$has_failed"
}

# failing_lines LOG: prints what failed, with the details; or the last lines of the log, if nothing names a failure.
failing_lines() {
    awk '/^=+ FAILURES =+$|^=+ ERRORS =+$/ { inside = 1 }
        /^checks in the tests: |^=+ short test summary/ { inside = 0 }
        inside' "$1" | head -n 60 | grep . || tail -n 10 "$1"
}

# versions ROOT: prints the versions that the library meets there, one per line.
versions() {
    chroot "$1" curl --version | sed -n '1s/.* libcurl\/\([^ ]*\).*/libcurl \1/p'
    chroot "$1" openssl version | sed 's/OpenSSL \([^ ]*\).*/OpenSSL \1/'
    chroot "$1" ldd --version | sed -n '1s/.* /glibc /p'
    date -r "$1/etc/machineid-root" '+of %Y-%m-%d'
}

# table ROW...: prints the table of $releases, with these rows: versions, and suites.
table() {
    local row release
    printf '\n%-20s' ''
    { printf '%-22s' "${releases[@]}" && echo; } | sed 's/ *$//'
    for row; do
        printf '%-20s' "${row/#of/made}"
        for release in "${releases[@]}"; do
            printf '%-22s' "$(cat "$work/$release/${row//[\/:]/-}" 2>/dev/null || echo -)"
        done
        echo
    done | sed 's/ *$//'
    echo "Tests passed / failed${counts_exempt:+ / exempt} / wrong allowed."
}
