#!/bin/sh
# clang-format decides layout.
set -eu
cd "$1"
command -v clang-format >/dev/null || { echo "skipped: no clang-format"; exit 77; }
find src include tools tests examples -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run --Werror
