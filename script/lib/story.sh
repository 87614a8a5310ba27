# shellcheck shell=bash
# Prints the story that script/demo tells: who did what and when, and which claims held. Source it.

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' off=$'\e[0m'
    declare -A actor_colour=([authority]=$'\e[35m' [operator]=$'\e[33m' [worker]=$'\e[36m')
else
    bold='' dim='' red='' green='' off=''
    declare -A actor_colour=([authority]='' [operator]='' [worker]='')
fi

claims=0
origin=${EPOCHREALTIME/./}

# clock prints the seconds since the start, or since start_clock.
start_clock() { origin=${EPOCHREALTIME/./}; }
clock() {
    local micros=$((${EPOCHREALTIME/./} - origin))
    printf '%3d.%03d' $((micros / 1000000)) $((micros / 1000 % 1000))
}

title() { printf '%s%s%s\n' "$bold" "$1" "$off"; }
section() { printf '\n%s%s%s\n' "$bold" "$1" "$off"; }

# say ACTOR TEXT
say() { printf '%s%s s%s  %s%-9s%s  %s\n' "$dim" "$(clock)" "$off" "${actor_colour[$1]}" "$1" "$off" "$2"; }

# note TEXT: a line that belongs to no actor.
note() { printf '%22s%s%s%s\n' '' "$dim" "$1" "$off"; }

# held CLAIM
held() {
    claims=$((claims + 1))
    printf '%22s%sok%s  %s\n' '' "$green" "$off" "$1"
}

# give_up CLAIM [DETAILS]: ends the demo because this claim did not hold.
give_up() {
    printf '%22s%sFAILED%s  %s\n' '' "$red" "$off" "$1"
    [ -z "${2:-}" ] || printf '%s\n' "$2" | sed 's/^/                              /'
    printf '\n%sThe demo failed.%s\n' "$red" "$off"
    exit 1
}

# member NAME TEXT: prints the string member NAME of the JSON object in TEXT, or nothing. It is no full parser, but
# enough for display.
member() { sed -n 's/^[^{]*{.*"'"$1"'"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' <<<"$2"; }
