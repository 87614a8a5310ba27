# shellcheck shell=bash
# What a package of a language is made from: the version, and the portable builds. Source it from the root of the
# project.

# The folders of build/portable that a package may have inside.
# shellcheck disable=SC2034 # for the scripts that source this
portable_trees=(amd64-glibc amd64-musl arm64-glibc arm64-musl)

# header_version prints the version.
# shellcheck source=script/lib/header.sh
. script/lib/header.sh
