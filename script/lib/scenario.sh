# shellcheck shell=sh
# What each examples/*/run begins with, in its own folder: script/test-runtimes starts them without arguments, and BUILD is
# the folder for what they build. Sourced, with the arguments of the run.
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
    refuse "examples/$example/run" "BUILD must be the folder to build in; script/test-runtimes $example sets it, and all else"
fi
