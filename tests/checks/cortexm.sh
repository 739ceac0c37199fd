#!/bin/sh
# The core compiles without a warning for Cortex-M, with gcc and, where it is there, clang.
set -eu
cd "$1"
command -v arm-none-eabi-gcc >/dev/null || { echo "skipped: no arm-none-eabi-gcc"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
flags="-std=c11 -Os -ffreestanding -ffunction-sections -Wall -Wextra -Wconversion -Wshadow -Werror -Iinclude -Isrc"

for cpu in cortex-m0plus cortex-m4; do
    for source in src/at/*.c src/sock/*.c; do
        # shellcheck disable=SC2086 # a list of words
        arm-none-eabi-gcc -mcpu=$cpu -mthumb $flags -c "$source" -o "$dir/$(basename "$source" .c).o"
    done
done

# What is left undefined is the compiler's run-time and <string.h>.
calls=$(arm-none-eabi-nm -u "$dir"/*.o | awk '$1 == "U" && $2 !~ /^(usk_|usocket_|__aeabi_|__gnu_thumb)/ { print $2 }' | sort -u)
for call in $calls; do
    case $call in
        memcpy | memmove | memset | memcmp | memchr | strlen | strcmp | strchr) ;;
        *) echo "the core calls $call"; exit 1 ;;
    esac
done

command -v clang >/dev/null || { echo "clang is not there: gcc only"; exit 0; }
for source in src/at/*.c src/sock/*.c; do
    # shellcheck disable=SC2086 # a list of words
    clang --target=armv6m-none-eabi -mcpu=cortex-m0plus $flags -isystem /usr/lib/arm-none-eabi/include -c "$source" -o "$dir/clang.o"
done
