#!/bin/sh
# How much stack each public call needs at most on a Cortex-M, and by which path: no more than the limit. Not counted are
# the port's functions, the program's callbacks and the C library's (memcpy and its like).
set -eu
cd "$1"
command -v arm-none-eabi-gcc >/dev/null || { echo "skipped: no arm-none-eabi-gcc"; exit 77; }
limit=768
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

for cpu in cortex-m0plus cortex-m4; do
    mkdir "$dir/$cpu"
    for source in src/at/*.c src/sock/*.c; do
        arm-none-eabi-gcc -mcpu=$cpu -mthumb -std=c11 -Os -ffreestanding -ffunction-sections -Iinclude -Isrc \
            -fcallgraph-info=su -c "$source" -o "$dir/$cpu/$(basename "$source" .c).o"
    done
    echo "$cpu, gcc -Os: bytes of stack, and the deepest path with each function's own"
    python3 tests/checks/stack.py tests/checks/stack.edges $limit . "$dir/$cpu"/*.ci
done
