# shellcheck shell=bash
# Has valgrind pass over the known faults of this libcurl, which are in a file that has its version in its name. Sourced.
curl_faults=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/libcurl-$(curl-config --version 2>/dev/null | sed 's/^libcurl \([0-9]*\.[0-9]*\).*/\1/').supp
[ ! -e "$curl_faults" ] || export VALGRIND_OPTS="${VALGRIND_OPTS:-} --suppressions=$curl_faults"
