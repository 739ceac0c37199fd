#!/bin/sh
# coverage.sh SOURCE BUILD: lines and branches of src/ that the tests reach, by folder. Fails when one is
# reached less than it was. Builds in BUILD/coverage, without an optimizer: it would merge branches.
set -eu
source=$1
dir=$2/coverage
command -v gcovr >/dev/null || { echo "skipped: no gcovr"; exit 77; }

[ -f "$dir/build.ninja" ] || meson setup "$dir" "$source" -Db_coverage=true -Dbuildtype=debug -Dtests=enabled >"$dir.log" 2>&1 ||
    { cat "$dir.log"; exit 1; }
ninja -C "$dir" >"$dir.log" 2>&1 || { tail -n 50 "$dir.log"; exit 1; }
find "$dir" -name '*.gcda' -exec rm {} +
meson test -C "$dir" --no-rebuild --timeout-multiplier 4 --print-errorlogs --suite at --suite driver --suite uart --suite threads \
    --suite semantics >"$dir.log" 2>&1 || { cat "$dir.log"; exit 1; }

# A branch that only the compiler knows of is none. A line of the code that nothing can reach is marked there, with its
# reason: GCOVR_EXCL_LINE.
cd "$source"
gcovr --root . --object-directory "$dir" --filter 'src/' --exclude-unreachable-branches --json "$dir/all.json" "$dir"

failed=0
# To a file: as root, gcovr puts a plain file in the place of /dev/null.
folder() # NAME LINES BRANCHES: at least so many percent
{
    report="gcovr --add-tracefile $dir/all.json --root . --filter src/$1/"
    $report --print-summary --output "$dir/report.txt" | awk -v name="src/$1" -v want="at least $2, $3 %" '
        /^lines:/ { lines = $2 } /^branches:/ { branches = $2 }
        END { print name ": lines " lines ", branches " branches " (" want ")" }'
    $report --fail-under-line "$2" --fail-under-branch "$3" >/dev/null 2>&1 && return
    failed=1
    $report | grep -E '^src/.*[0-9,-]+$' || true
    $report --branches | grep -E '^src/.*[0-9,-]+$' || true
}

folder at 100 95
folder sock 99 95
folder uart 90 80
folder stdio 90 80
exit $failed
