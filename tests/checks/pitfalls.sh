#!/bin/sh
# docs/pitfalls.md has each of P01 to P40 once, with a test of its own number; each test that it names is run by the file
# before it; and each row has a fault in tests/mutate.
set -u
cd "$1" || exit 1
failed=0
complain() {
    echo "docs/pitfalls.md: $1"
    failed=1
}

for row in $(seq -f 'P%02g' 1 40); do
    number=$(echo "$row" | tr P p)
    text=$(grep "^| $row |" docs/pitfalls.md)
    [ "$(echo "$text" | grep -c .)" -eq 1 ] || complain "$row has not one row"
    echo "$text" | grep -Eq "test_(p[0-9]+_)*${number}_" || complain "$row names no test of its own number"
    grep -q "^row = \"$row\"" tests/mutate/mutations.toml || complain "$row has no fault in tests/mutate/mutations.toml"
done

# shellcheck disable=SC2016 # the backquotes are Markdown's
for word in $(grep '^| P' docs/pitfalls.md | grep -oE '`([a-z]+/)?test_[a-z0-9_]+(\.c)?`' | tr -d '`'); do
    case $word in
    *.c) file=tests/$word ;;
    *) grep -Eq "(^|[^a-z0-9_])${word}[,)]" "$file" || complain "$file runs no test $word" ;;
    esac
done
exit $failed
