#!/bin/sh
# Builds with sanitizers and runs every test, then the benchmark; says what it installs and how long each part took.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tools/deps.sh
. tools/deps.sh

part() # NAME COMMAND...
{
    name=$1
    shift
    start=$(date +%s)
    "$@" || fail "$name failed"
    took=$(($(date +%s) - start))
    times="$times
  $name: $took s"
}
times=""

configure() # FOLDER OPTIONS...
{
    folder=$1
    shift
    [ -f "$folder/build.ninja" ] || meson setup "$folder" -Dwerror=true "$@" >"$folder.log" 2>&1 ||
        { cat "$folder.log"; return 1; }
    rm -f "$folder.log"
    ninja -C "$folder" --quiet
}

# Where its packages can't be had it says so, exits with 77, and that is all.
may_skip()
{
    code=0
    "$@" || code=$?
    [ "$code" -eq 77 ] || return "$code"
}

# shellcheck disable=SC2086 # lists of words
part "packages" need $build_packages $test_packages
part "build, gcc with sanitizers" configure build-test -Db_sanitize=address,undefined -Dtests=enabled
part "tests" meson test -C build-test --no-rebuild --print-errorlogs
CC=clang part "build, clang with sanitizers" configure build-clang -Db_sanitize=address,undefined -Db_lundef=false -Dtests=enabled
part "tests of the clang build" meson test -C build-clang --no-rebuild --print-errorlogs --suite at --suite driver --suite uart --suite replay --suite fuzz
part "build, gcc with thread sanitizer" configure build-tsan -Db_sanitize=thread -Dtests=enabled
part "tests of that build" meson test -C build-tsan --no-rebuild --print-errorlogs --suite threads --suite uart --suite driver
part "32 bit and big endian" may_skip sh tests/cross/run.sh
part "fuzzing" sh tests/fuzz/run.sh build-clang 0
part "mutations" ninja -C build-test --quiet mutate
part "coverage" ninja -C build-test --quiet cover
part "packages for Debian" may_skip sh packaging/check.sh
part "benchmark" ninja -C build-test --quiet bench
echo "seconds by part:$times"
