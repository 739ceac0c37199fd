#!/bin/sh
# Prints the footprint and fails when it has grown; see footprint.py.
set -eu
cd "$1"
command -v arm-none-eabi-gcc >/dev/null || { echo "skipped: no arm-none-eabi-gcc"; exit 77; }
exec python3 tests/footprint/footprint.py .
