# shellcheck shell=bash
# What the check of every language does in its root. bindings/*/check sources it, in bash, as
# /machineid/bindings/lib/check.sh. bindings/README.md has the contract.
# shellcheck source=script/lib/report.sh
. /machineid/script/lib/report.sh
# shellcheck source=script/lib/emulator.sh
. /machineid/script/lib/emulator.sh
export MACHINEID_ORG_KEY=org_bindings
work=$(mktemp -d)
trap 'stop_emulator' EXIT

# passes WHAT COMMAND...: a check that a command exits with 0. Its output is shown only where it does not. The last line
# that it printed is in $last.
passes() {
    local what=$1
    shift
    if "$@" >"$work/output" 2>&1 </dev/null; then
        # shellcheck disable=SC2034 # for the scripts that source this
        last=$(tail -n 1 "$work/output")
        ok "$what"
    else
        failed "$what" "status $?: $*
$(tail -n 60 "$work/output")"
        return 1
    fi
}

# is_bare: checks that the root has neither libmachineid nor libcurl, so that what runs here comes from the package.
is_bare() {
    local found
    found=$(ldconfig -p | grep -E 'lib(machineid|curl)\b' || :)
    equal 'the root has no libmachineid and no libcurl' '' "$found"
}

# first_example README LANGUAGE: prints the first block of code in this language.
first_example() {
    awk -v fence="\`\`\`$2" '$0 == fence { inside = 1; next } inside && /^```/ { exit } inside' "$1"
}

# begin_authority: starts a new emulator, and sets MACHINEID_BASE_URL.
begin_authority() {
    stop_emulator
    start_emulator "$work/emulator.log" --plan free --org-key "$MACHINEID_ORG_KEY" --org-key org_outage --quiet
    export MACHINEID_BASE_URL=$emulator_url
}

# example COMMAND...: runs the first example of the README, which works for the device agent-01 and then prints a line
# that begins with "working". Revoked, it must print none.
example() {
    begin_authority
    passes "the README's first example runs" "$@" || :
    if grep -q '^working' "$work/output"; then
        ok 'it works when it is allowed'
    else
        failed 'it works when it is allowed' "$(cat "$work/output")"
    fi
    ask_emulator "$MACHINEID_ORG_KEY" /api/v1/devices/revoke '{"deviceId":"agent-01"}'
    "$@" >"$work/output" 2>&1 </dev/null || :
    if grep -q '^working' "$work/output"; then
        failed 'it does no work when it is denied' "$(cat "$work/output")"
    else
        ok 'it does no work when it is denied'
    fi
}

# scenario [--without STEPS] COMMAND...: runs the scenario, and compares what it prints with bindings/scenario.txt.
# STEPS are steps that the language cannot have, such as "fork": what lies before the colon of their lines, joined by
# "|".
scenario() {
    local without=nothing status=0 version
    if [ "$1" = --without ]; then
        without=$2
        shift 2
    fi
    version=$(sed -n 's/^#define MID_VERSION "\(.*\)"$/\1/p' /machineid/include/machineid.h)
    sed "s/VERSION/$version/" /machineid/bindings/scenario.txt | grep -Ev "^($without):" >"$work/expected"
    begin_authority
    # This organisation answers one request with an outage, and then allows its device.
    ask_emulator org_outage /api/v1/devices/register '{"deviceId":"worker:prod:queue-consumer:07"}'
    ask_emulator org_outage /emulator/outage '{"httpStatus":503,"requests":1}'
    timeout 120 "$@" >"$work/printed" 2>"$work/errors" </dev/null || status=$?
    if ! diff -u --label expected --label printed "$work/expected" "$work/printed" >"$work/difference"; then
        failed 'the common scenario' "$(cat "$work/difference" "$work/errors")"
    elif [ $status -ne 0 ]; then
        failed 'the common scenario' "status $status: $(cat "$work/errors")"
    else
        ok "the common scenario, $(wc -l <"$work/expected") lines"
    fi
}
