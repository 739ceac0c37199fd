#!/bin/sh
# cppcheck finds nothing in the library and in the tools.
set -eu
cd "$1"
command -v cppcheck >/dev/null || { echo "skipped: no cppcheck"; exit 77; }
suppressions=$(mktemp)
trap 'rm -f "$suppressions"' EXIT
cat >"$suppressions" <<'LIST'
# The C library's headers are not needed: cppcheck knows its functions.
missingIncludeSystem
# Declarations stand at the top of a function.
variableScope
# A function may be given what it is to fill in.
ctuuninitvar
# The column is for the reader: the table is in the order of the codes.
unusedStructMember:src/sock/dialect_qi.c
# The type of a callback's parameter is its table's.
constParameter:src/sock/own.c
constParameter:src/sock/steps.c
# "continue" says that the loop is meant to be empty.
redundantContinue:src/uart/hosted.c
# After "len = len < size ? len : size" it takes len for 0.
knownConditionTrueFalse:tools/usocket/message.c
knownConditionTrueFalse:tools/usocket/pin.c
knownConditionTrueFalse:tools/usocket/story/meaning.c
LIST
cppcheck --std=c11 --platform=unix64 --enable=warning,style,performance,portability --quiet --error-exitcode=1 \
    --suppressions-list="$suppressions" --template='{file}:{line}: {message} [{id}]' \
    -D__GNUC__=12 -D_GNU_SOURCE -DUSK_HAVE_LIBSERIALPORT -DUSK_HAVE_FOPENCOOKIE \
    -Iinclude -Isrc -Itools/usocket -Itools/modemsim src tools
