#!/bin/sh
# Fuzzes each target for a while, from the corpus of the tree. A crash fails, and is kept in crashes/TARGET.
# usage: run.sh BUILD [SECONDS [TARGET...]]     BUILD: configured with CC=clang and sanitizers
# 0 seconds: a fixed number of inputs from a fixed seed, so that a run in CI finds the same each time.
set -eu
[ $# -ge 1 ] || { sed -n '3s/^# //p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
seconds=${2:-15}
shift "$(($# < 2 ? $# : 2))"
[ $# -gt 0 ] || set -- lexer fields channel driver atlog url response args socks
if ! ninja -C "$build" -t targets all | grep -q '^fuzzers:'; then
    echo "fuzz: $build has no fuzzers: configure it with CC=clang"
    exit 77
fi
ninja -C "$build" --quiet fuzzers

found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
failed=""
limit() # TARGET
{
    [ "$seconds" -eq 0 ] || { echo "-max_total_time=$seconds"; return; }
    case $1 in
        driver) echo "-seed=1 -runs=4000" ;;
        channel) echo "-seed=1 -runs=20000" ;;
        lexer) echo "-seed=1 -runs=60000" ;;
        *) echo "-seed=1 -runs=300000" ;;
    esac
}

for target in "$@"; do
    mkdir -p "$found/$target"
    log="$found/$target.log"
    [ "$target" = args ] && mask=3 || mask=1 # the help goes to both
    # shellcheck disable=SC2046 # a list of words
    "$build/tests/fuzz/fuzz_$target" $(limit "$target") -max_len=4096 -timeout=20 -entropic=0 \
        -print_final_stats=1 -close_fd_mask="$mask" -artifact_prefix="$found/crash-$target-" \
        "$found/$target" "$here/corpus/$target" >"$log" 2>&1 || failed="$failed $target"
    speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz $target: ${speed:-0} executions a second, ${runs:-0} in all"
    for crash in "$found/crash-$target-"*; do
        [ -e "$crash" ] || continue
        mkdir -p "$here/crashes/$target"
        cp "$crash" "$here/crashes/$target/"
        grep -E 'not so|ERROR|runtime error|SUMMARY' "$log" || true
        echo "fuzz $target: kept as tests/fuzz/crashes/$target/${crash##*/}"
    done
done
[ -z "$failed" ] || { echo "fuzz: failed:$failed"; exit 1; }
