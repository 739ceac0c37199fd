#!/bin/sh
# gcc's static analyzer finds nothing in the library. A step of the optimizer changes what it can follow, hence twice.
set -eu
cd "$1"
cc=${GCC:-gcc}
version=$($cc -dumpversion 2>/dev/null | cut -d. -f1) || { echo "skipped: no $cc"; exit 77; }
[ "$version" -ge 12 ] || { echo "skipped: the analyzer of gcc $version is not good enough"; exit 77; }
object=$(mktemp)
trap 'rm -f "$object"' EXIT

failed=0
for level in -O0 -O2; do
    for source in src/at/*.c src/sock/*.c src/port/*.c src/uart/*.c src/stdio/*.c; do
        quiet=""
        case $source in
            # here() gives NULL behind the last record only, and at() looks for that.
            src/uart/replay.c) quiet=-Wno-analyzer-null-dereference ;;
        esac
        # shellcheck disable=SC2086 # a word, or none
        $cc -std=c11 -D_GNU_SOURCE -DUSK_HAVE_LIBSERIALPORT -DUSK_HAVE_FOPENCOOKIE -Iinclude -Isrc $level -fanalyzer \
            $quiet -Werror -c "$source" -o "$object" || failed=1
    done
done
exit $failed
