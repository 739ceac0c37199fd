#!/bin/sh
# The shell scripts are good POSIX sh.
set -eu
cd "$1"
command -v shellcheck >/dev/null || { echo "skipped: no shellcheck"; exit 77; }
shellcheck -x tools/*.sh tests/checks/*.sh tests/clients/*.sh tests/fuzz/run.sh tests/cross/run.sh tests/firmware/build.sh tests/footprint/run.sh packaging/check.sh packaging/debian/tests/common.sh packaging/debian/tests/tool \
    packaging/debian/tests/program tests/replay/update .ci/run
