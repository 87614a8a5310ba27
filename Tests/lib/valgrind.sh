# shellcheck shell=bash
# Makes valgrind ignore the known faults of this libcurl, listed in a file whose name has the version. Source it.
curl_faults=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/libcurl-$(curl-config --version 2>/dev/null | sed 's/^libcurl \([0-9]*\.[0-9]*\).*/\1/').supp
[ ! -e "$curl_faults" ] || export VALGRIND_OPTS="${VALGRIND_OPTS:-} --suppressions=$curl_faults"
