# shellcheck shell=bash
# Suites of tests, by their names: folders, files and tests below Tests. Source it from the root of the project, after
# arguments.sh, with $all_suites.
# shellcheck disable=SC2154

# is_one_of WORD WORDS...
is_one_of() { [[ " ${*:2} " == *" $1 "* ]]; }

# place_of SUITE: its folder or its file, and what follows it there.
place_of() {
    local path=${1%%::*} rest=''
    [ "$path" = "$1" ] || rest=::${1#*::}
    if [ -d "Tests/$path" ] && compgen -G "Tests/$path/test_*.py" >/dev/null; then
        echo "Tests/$path$rest"
    elif [ -e "Tests/${path%/*}/test_${path##*/}.py" ]; then
        echo "Tests/${path%/*}/test_${path##*/}.py$rest"
    else
        return 1
    fi
}

# need_suites SCRIPT SUITE...: refuses a suite that there is not.
need_suites() {
    local suite
    for suite in "${@:2}"; do
        place_of "$suite" >/dev/null ||
            refuse "$1" "there is no suite $suite; there are ${all_suites[*]}, and their files"
    done
}

# file_of SUITE: prints its name as a file name.
file_of() { echo "${1//[\/:]/-}"; }
