#!/bin/sh
# Fetches a web page through AT commands and shows the program's output beside the AT transcript.
# Without arguments no hardware is needed: a simulated module on a pseudo-terminal, a small web server on loopback.
set -eu

usage="usage: sh tools/demo.sh [--port DEVICE [--apn NAME] [--host HOST [--path PATH]]]
  without --port  a simulated module and a web server on this machine
  --port DEVICE   a real modem, as /dev/ttyUSB2; fetches http://www.tongxinmao.com/News, or / of --host"

cd "$(dirname "$0")/.."
# shellcheck source=tools/deps.sh
. tools/deps.sh

port="" host="" path="" apn=""
while [ $# -gt 0 ]; do
    case "$1" in
        --help) echo "$usage"; exit 0 ;;
        --port | --host | --path | --apn) [ $# -ge 2 ] || fail "$1 wants a value" ;;
        *) echo "$usage" >&2; exit 2 ;;
    esac
    case "$1" in
        --port) port=$2 ;;
        --host) host=$2 ;;
        --path) path=$2 ;;
        --apn) apn=$2 ;;
    esac
    shift 2
done
[ -n "$port" ] || [ -z "$host$path$apn" ] || fail "--host, --path and --apn go with --port"

dir=$(mktemp -d)
pids=""
cleanup()
{
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# quietly WHAT COMMAND...: the output is only of interest when it fails.
quietly()
{
    what=$1
    shift
    "$@" >"$dir/log" 2>&1 || {
        tail -n 20 "$dir/log" >&2
        fail "$what failed"
    }
}

# wait_for WHAT COMMAND...: until the command succeeds, 5 s at most.
wait_for()
{
    what=$1
    shift
    tries=50
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "$what did not start"
        sleep 0.1
    done
}

start_web_server()
{
    mkdir "$dir/www"
    echo "Hello, through a modem's own TCP/IP stack." >"$dir/www/News"
    python3 -u -m http.server --bind 127.0.0.1 --directory "$dir/www" 0 >"$dir/www.log" 2>&1 &
    pids="$pids $!"
    wait_for "the web server" grep -qs "^Serving HTTP" "$dir/www.log"
    http_port=$(sed -n 's/^Serving HTTP on .* port \([0-9]*\).*/\1/p' "$dir/www.log")
}

start_modem()
{
    port="$dir/modem"
    # As slow to answer as a real one; the name leads to this machine.
    build-demo/tools/modemsim/modemsim --link "$port" --latency-ms 20 --host "$host=127.0.0.1" >"$dir/modem.log" 2>&1 &
    pids="$pids $!"
    wait_for "the simulated module" test -e "$port"
}

# One beside the other where there is room for it, else one below the other.
show()
{
    # One line for each line of the conversation: without the times, and put together where it came in pieces.
    awk '/^[<>] / {
             text = substr($0, 3)
             if (part != "" && substr(part, 1, 1) == substr($0, 1, 1)) text = substr(part, 3) text
             else if (part != "") print part
             part = substr($0, 1, 2) text
             if (text != "\\r\\n" && text ~ /\\n$/) { print part; part = "" }
         }
         END { if (part != "") print part }' "$dir/session.atlog" >"$dir/transcript"
    width=$(tput cols 2>/dev/null </dev/tty || echo 120)
    if [ "$width" -ge 110 ]; then
        fold -s -w 48 "$dir/output" >"$dir/left"
        fold -w 68 "$dir/transcript" >"$dir/right"
        tr -d '\r' <"$dir/left" | expand | paste - "$dir/right" |
            awk -F '\t' 'BEGIN { printf "%-48s | %s\n", "THE PROGRAM", "THE AT TRANSCRIPT (> to the module, < from it)" }
                           { printf "%-48s | %s\n", $1, $2 }'
    else
        echo "THE PROGRAM"
        tr -d '\r' <"$dir/output"
        echo
        echo "THE AT TRANSCRIPT (> to the module, < from it)"
        fold -w "$width" "$dir/transcript"
    fi
}

# shellcheck disable=SC2086 # a list of words
need $build_packages
echo "building in build-demo"
[ -f build-demo/build.ninja ] ||
    quietly "meson setup" meson setup build-demo --buildtype=release -Dtests=disabled
quietly "the build" ninja -C build-demo

[ -n "$host$path" ] || path=/News
host=${host:-www.tongxinmao.com} path=${path:-/}
if [ -n "$port" ]; then
    http_port=80
else
    start_web_server
    start_modem
fi

echo "running: example $port $host $http_port $path"
echo
[ -z "$apn" ] || export USOCKET_APN="$apn"
status=0
USOCKET_RECORD="$dir/session.atlog" build-demo/examples/example "$port" "$host" "$http_port" "$path" \
    >"$dir/output" 2>"$dir/errors" || status=$?
[ ! -f "$dir/session.atlog" ] || show
echo
[ $status -eq 0 ] || fail "$(head -n 1 "$dir/errors" | grep . || echo "the network did not come up; see above")"
echo "done: $(grep -c '^>' "$dir/session.atlog") writes to the module, $(grep -c '^<' "$dir/session.atlog") reads from it"
