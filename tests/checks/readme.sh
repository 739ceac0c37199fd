#!/bin/sh
# The program in the README is the one that is compiled, and has at most 40 lines.
set -eu
cd "$1"
# shellcheck disable=SC2016 # the backquotes are Markdown's
sed -n '/^```c$/,/^```$/p' README.md | sed '1d;$d' | diff - examples/readme.c || { echo "README.md shows another program"; exit 1; }
[ "$(wc -l <examples/readme.c)" -le 40 ] || { echo "examples/readme.c is longer than 40 lines"; exit 1; }
