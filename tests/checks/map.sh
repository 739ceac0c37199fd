#!/bin/sh
# docs/usocket-map.md names tests and calls: each of them is there.
set -eu
cd "$1"
failed=0

# shellcheck disable=SC2016 # the backquotes are Markdown's
for test in $(grep -o '`[a-z0-9_]*: test_[a-z0-9_]*`' docs/usocket-map.md | tr -d '`' | tr -d ' '); do
    file=tests/driver/test_${test%%:*}.c
    grep -q "^static void ${test#*:}(" "$file" 2>/dev/null || { echo "$file has no ${test#*:}"; failed=1; }
done

for name in $(grep -oE '\b(usocket_[a-z_]+\(|USOCKET_[A-Z0-9_]+)' docs/usocket-map.md | tr -d '(' | sort -u); do
    grep -qw "$name" include/usocket/*.h || { echo "no header declares $name"; failed=1; }
done
exit $failed
