# shellcheck shell=sh
# Handles the arguments of each examples/*/run, which sources this in its own folder. script/test-runtimes starts it
# without arguments, and sets BUILD to the folder for what it builds.
# shellcheck source=script/lib/arguments.sh
. ../../script/lib/arguments.sh

example=${PWD##*/}
case ${1:-} in
'') ;;
--help)
    sed -n '2,$ { /^#/!q; s/^# \{0,1\}//p; }' run
    printf '\nBuilds and runs the scenario of this language: script/test-runtimes %s\n' "$example"
    exit 0
    ;;
*) unknown "examples/$example/run" "$1" ;;
esac
if [ -z "${BUILD:-}" ]; then
    refuse "examples/$example/run" \
        "BUILD must be the folder to build in; script/test-runtimes $example sets it, and everything else"
fi
