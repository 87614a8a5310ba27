# shellcheck shell=sh
# Handles --help and unknown arguments, for all scripts. Source it from the root of the project; SCRIPT is the path of
# the script relative to that root.

# Whether another script of the project started this one.
# shellcheck disable=SC2034 # for progress.sh
started_by_script=${MACHINEID_STARTED_BY_SCRIPT:-}
export MACHINEID_STARTED_BY_SCRIPT=yes

# help SCRIPT: prints the comment at the head of the script, which holds its usage, and ends the script.
help() {
    sed -n '2,$ { /^#/!q; s/^# \{0,1\}//p; }' "$1"
    exit 0
}

# refuse SCRIPT WHAT: prints what is wrong with the arguments, and ends the script.
refuse() {
    printf '%s: %s; --help has the usage\n' "$1" "$2" >&2
    exit 2
}

# unknown SCRIPT ARGUMENT
unknown() { refuse "$1" "unknown argument $2"; }

# takes SCRIPT WORDS [ARGUMENT...]: refuses any argument that is not in this list of words.
takes() {
    takes_script=$1 takes_words=" $2 "
    shift 2
    for argument; do
        case $argument in
        --help) help "$takes_script" ;;
        '' | *' '*) unknown "$takes_script" "'$argument'" ;;
        esac
        case $takes_words in
        *" $argument "*) ;;
        *) unknown "$takes_script" "$argument" ;;
        esac
    done
}
