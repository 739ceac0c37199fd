#!/bin/sh
# Every public header compiles alone, as C11 and as C++.
set -eu
cd "$1"
for header in include/usocket/*.h; do
    for language in "c -std=c11" "c++ -std=c++11"; do
        # shellcheck disable=SC2086 # two words
        printf '#include "%s"\nextern int not_empty;\n' "${header#include/}" |
            ${CC:-cc} -x $language -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only - ||
            { echo "$header does not compile alone as $language"; exit 1; }
    done
done
