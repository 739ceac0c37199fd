#!/bin/sh
# The shared library exports usocket_* and nothing else.
set -eu
command -v nm >/dev/null || { echo "skipped: no nm"; exit 77; }
others=$(nm -D --defined-only "$1" | awk '$3 !~ /^usocket_/ && $3 !~ /^(__asan|__ubsan|__odr_asan|_init|_fini)/ { print $3 }')
[ -z "$others" ] || { echo "exported besides usocket_*:"; echo "$others"; exit 1; }
nm -D --defined-only "$1" | grep -q ' T usocket_connect$' || { echo "usocket_connect is not exported"; exit 1; }
