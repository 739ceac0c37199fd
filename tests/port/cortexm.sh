#!/bin/sh
# The port self-test and the example ports for microcontrollers compile without a warning for Cortex-M, with gcc and,
# where it is there, clang; the self-test calls nobody, and is not in a program that does not call it.
set -eu
program=$2
cd "$1"

command -v nm >/dev/null || { echo "skipped: no nm"; exit 77; }
if nm "$program" | grep -qE ' usocket_(selftest|rule_text)$'; then
    echo "$program carries the self-test, which it does not call"
    exit 1
fi

command -v arm-none-eabi-gcc >/dev/null || { echo "skipped: no arm-none-eabi-gcc"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ports=examples/ports
flags="-mthumb -std=c11 -Os -Wall -Wextra -Wconversion -Wshadow -Werror -Iinclude -Isrc"
stubs="-I$ports/stubs/freertos -I$ports/stubs/zephyr"
clang=""
if command -v clang >/dev/null; then
    clang="clang --target=arm-none-eabi -ffreestanding -idirafter /usr/lib/arm-none-eabi/include"
fi

# shellcheck disable=SC2086 # lists of words
for cpu in cortex-m0plus cortex-m3; do
    for source in src/port/*.c $ports/baremetal.c $ports/freertos.c $ports/zephyr.c; do
        object=$dir/$(basename "$source" .c).o
        [ -z "$clang" ] || $clang -mcpu=$cpu $flags $stubs -c "$source" -o "$object"
        arm-none-eabi-gcc -mcpu=$cpu $flags $stubs -c "$source" -o "$object"
    done
done

cd "$dir"
arm-none-eabi-size -t loop.o mates.o rules.o selftest.o | tail -1
calls=$(arm-none-eabi-nm -u loop.o mates.o rules.o selftest.o |
    awk '$1 == "U" && $2 !~ /^(usk_run_|usocket_rule_|__aeabi_u?idiv|memset$|memcpy$)/ { print $2 }')
[ -z "$calls" ] || { echo "the self-test calls $calls"; exit 1; }
