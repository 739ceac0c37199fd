#!/bin/sh
# Builds for the Cortex-M3 of the firmware tests, and writes what it was made of into OUT.d. Two forms:
#   build.sh ROOT OUT.a                                 the core of usocket, as a library
#   build.sh ROOT OUT.elf uart|linked CORE.a SOURCE...  an image; its module is at UART1, or simulated inside it;
#                                                       the sources are named from ROOT
set -eu
root=$1
out=$(realpath "$2")
here=tests/firmware
sizes="-DUSOCKET_RX_SIZE=2048 -DUSOCKET_TX_SIZE=1024"
flags="-mcpu=cortex-m3 -mthumb -std=gnu11 -Os -g -ffunction-sections -fdata-sections -MMD -Wall -Wextra -Wshadow -Werror
    $sizes"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# An object of each source, named from ROOT.
compile() # OPTIONS SOURCE...
{
    options=$1
    shift
    for source in "$@"; do
        # shellcheck disable=SC2086 # lists of words
        arm-none-eabi-gcc $flags $options -c "$root/$source" -o "$dir/$(basename "$source" .c).o"
    done
}

depfile()
{
    printf '%s: ' "$1" >"$out.d"
    sed 's/^[^:]*://; s/\\$//' "$dir"/*.d | tr -s ' \n' ' ' >>"$out.d"
}

if [ $# -eq 2 ]; then
    cd "$root"
    compile "-Wconversion -I$root/include -I$root/src" src/at/*.c src/sock/*.c
    depfile "$2"
    rm -f "$out"
    arm-none-eabi-ar rcs "$out" "$dir"/*.o
    exit 0
fi

target=$2
module=$3
core=$(realpath "$4")
shift 4
ours="-I$root/$here/standin -I$root/include -I$root/$here -I$root/examples/ports -I$root/tools/modemsim"
cd "$root"
case $module in
uart)
    board=lm3s6965evb
    special=--specs=nano.specs
    simulator=tools/modemsim/memnet_pattern.c
    ;;
linked)
    # The simulator needs more memory than the other board has.
    board=mps2_an385
    special="-Wl,--wrap=snprintf,--wrap=vsnprintf,--defsym=interrupt_stack_size=64K"
    simulator="$here/standin/printf.c $(find tools/modemsim -name '*.c' ! -name 'main.c' ! -name 'port.c' \
        ! -name 'atlog.c' ! -name 'uvnet*.c')"
    ;;
esac

# shellcheck disable=SC2086 # lists of words
compile "$ours -D_GNU_SOURCE" $simulator
compile "$ours -Wconversion" "$@" "$here/board.c" "$here/board_$board.c" "$here/module_$module.c" "$here/meter.c" \
    examples/ports/baremetal.c
depfile "$target"
# shellcheck disable=SC2086 # lists of words
arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb $special -nostartfiles -Wl,--gc-sections -L"$here" -T "$here/$board.ld" \
    -o "$out" "$dir"/*.o "$core"
