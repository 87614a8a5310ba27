# shellcheck shell=sh
# Sets SOURCE_DATE_EPOCH, the date that goes into what is made of these sources, unless it is set: that of the last
# commit, or of CHANGELOG.md where there is no git. Sourced; for the root of the repository.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null) || SOURCE_DATE_EPOCH=$(stat -c %Y CHANGELOG.md)
fi
export SOURCE_DATE_EPOCH
