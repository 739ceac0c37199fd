# What the scripts of this folder share: the simulated module on a port of its own, and how a script says what it saw.
# Sourced; MODEMSIM is the program. POSIX sh.
# shellcheck shell=sh

# need PROGRAM...: skips the test, with a word, where one is not installed.
need()
{
    for program in "$@"; do
        command -v "$program" >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
    done
}

PATH="$PATH:/usr/sbin:/sbin" # where daemons are
work=$(mktemp -d)
cd "$work" || exit 1
running=""

# What was started last ends first: a client closes its line before the line goes.
clean_up()
{
    for pid in $running; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    cd / && rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# start FILE COMMAND...: in the background until the script ends, what it says goes to FILE.
start()
{
    output=$1
    shift
    "$@" >"$output" 2>&1 &
    running="$! $running"
}

# again COMMAND...: until it succeeds, at most 20 s.
again()
{
    for _ in $(seq 100); do
        if "$@" >/dev/null 2>&1; then
            return 0
        fi
        sleep 0.2
    done
    echo "never succeeded: $*"
    exit 1
}

# start_module OPTION...: waits until a program can open it. The session is written to ./log.
start_module()
{
    start ready "$MODEMSIM" --running --log log "$@"
    again grep -q ready ready
}

# A message bus of our own, in place of the session's and of the system's.
start_bus()
{
    start bus.log dbus-daemon --session --nofork --nopidfile --address="unix:path=$work/bus"
    DBUS_SESSION_BUS_ADDRESS="unix:path=$work/bus"
    DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS
    export DBUS_SESSION_BUS_ADDRESS DBUS_SYSTEM_BUS_ADDRESS
    again test -S bus
}

# host_said: all that came from the host, in one piece.
host_said()
{
    sed -n 's/^> //p' log | tr -d '\n'
}

# expect FILE TEXT...: each text is in the file, or the test fails and shows it.
expect()
{
    file=$1
    shift
    for text in "$@"; do
        grep -qF -- "$text" "$file" || { echo "no '$text' in:"; cat "$file"; exit 1; }
    done
    printf 'seen in %s:' "$file"
    printf ' "%s"' "$@"
    printf '\n'
}
