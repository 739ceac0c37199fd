#!/bin/sh
# docs/porting.md: each block of C is a piece of the compiled file named above it, and the table of RAM is right to 3 %.
set -eu
cd "$1"
guide=docs/porting.md

awk '
    function whole(file,    text, line) {
        text = ""
        while ((getline line < file) > 0) { text = text line "\n" }
        close(file)
        return text
    }
    /^<!-- .* -->$/ { file = $2; next }
    /^```c$/ { inside = 1; block = ""; blocks++; next }
    /^```$/ && inside {
        inside = 0
        if (file == "" || index(whole(file), block) == 0) {
            print FILENAME ":" NR ": this block is not in " (file == "" ? "any file: name it above" : file)
            wrong = 1
        }
        file = ""
        next
    }
    inside { block = block $0 "\n" }
    END {
        if (blocks == 0) { print "no block of C"; wrong = 1 }
        exit wrong
    }' $guide

command -v arm-none-eabi-gcc >/dev/null || { echo "no arm-none-eabi-gcc: the table of RAM is not looked at"; exit 0; }
rows=$(grep -E '^\| [0-9]+ \| [0-9]+ \| [0-9]+ \| [0-9]+ \| [0-9]+ \| [0-9]+ \|' $guide | tr -d '|')
[ -n "$rows" ] || { echo "no table of RAM"; exit 1; }
echo "$rows" | while read -r sockets rx tx line command ram _; do
    printf '#include <usocket/usocket.h>\nenum { SAYS = %s, IS = sizeof(struct usocket_modem) };\n%s\n' "$ram" \
        '_Static_assert(IS * 100 <= SAYS * 103 && IS * 100 >= SAYS * 97, "RAM"); char is[IS];' |
        arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -std=c11 -Iinclude -DUSOCKET_MAX_SOCKETS="$sockets" \
            -DUSOCKET_RX_SIZE="$rx" -DUSOCKET_TX_SIZE="$tx" -DUSOCKET_LINE_SIZE="$line" \
            -DUSOCKET_COMMAND_SIZE="$command" -x c -fsyntax-only - ||
        { echo "$guide: a modem with $sockets sockets of $rx and $tx bytes does not need $ram bytes"; exit 1; }
done
