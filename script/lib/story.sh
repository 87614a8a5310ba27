# shellcheck shell=bash
# How script/demo talks: who did what when, and which claims held. Sourced.

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' off=$'\e[0m'
    declare -A actor_colour=([authority]=$'\e[35m' [operator]=$'\e[33m' [worker]=$'\e[36m')
else
    bold='' dim='' red='' green='' off=''
    declare -A actor_colour=([authority]='' [operator]='' [worker]='')
fi

claims=0
origin=${EPOCHREALTIME/./}

# Seconds since the start, or since start_clock.
start_clock() { origin=${EPOCHREALTIME/./}; }
clock() {
    local micros=$((${EPOCHREALTIME/./} - origin))
    printf '%3d.%03d' $((micros / 1000000)) $((micros / 1000 % 1000))
}

title() { printf '%s%s%s\n' "$bold" "$1" "$off"; }
section() { printf '\n%s%s%s\n' "$bold" "$1" "$off"; }

# say ACTOR TEXT
say() { printf '%s%s s%s  %s%-9s%s  %s\n' "$dim" "$(clock)" "$off" "${actor_colour[$1]}" "$1" "$off" "$2"; }

# note TEXT: a line that nobody says.
note() { printf '%22s%s%s%s\n' '' "$dim" "$1" "$off"; }

# held CLAIM
held() {
    claims=$((claims + 1))
    printf '%22s%sok%s  %s\n' '' "$green" "$off" "$1"
}

# give_up CLAIM [DETAILS]: a claim that did not hold ends the story.
give_up() {
    printf '%22s%sFAILED%s  %s\n' '' "$red" "$off" "$1"
    [ -z "${2:-}" ] || printf '%s\n' "$2" | sed 's/^/                              /'
    printf '\n%sThe story did not hold.%s\n' "$red" "$off"
    exit 1
}

# member NAME TEXT: the string member NAME of the JSON object in TEXT, or nothing. Good enough to show it.
member() { sed -n 's/^[^{]*{.*"'"$1"'"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' <<<"$2"; }
