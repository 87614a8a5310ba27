# shellcheck shell=sh
# Sets SOURCE_DATE_EPOCH, the date that is written into generated files, unless it is set already: the date of the last
# commit, or of CHANGELOG.md where there is no git. Source it from the root of the repository.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null) || SOURCE_DATE_EPOCH=$(stat -c %Y CHANGELOG.md)
fi
export SOURCE_DATE_EPOCH
