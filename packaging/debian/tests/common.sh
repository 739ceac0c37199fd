# Sourced by the tests: a folder of their own, and programs that run until the test ends.
# shellcheck shell=sh

work=$(mktemp -d)
started=""
# shellcheck disable=SC2086 # a list of ids
trap '[ -z "$started" ] || kill $started; rm -rf "$work"' EXIT

# start COMMAND...: runs it in the background and waits for its first line, which is then in $said.
start()
{
    mkfifo "$work/said"
    "$@" >"$work/said" 2>>"$work/log" &
    started="$started $!"
    read -r said <"$work/said"
    rm "$work/said"
}

# serve: a web server with a page, http://127.0.0.1:$port/page.
# shellcheck disable=SC2034 # the tests use $port
serve()
{
    mkdir "$work/www"
    echo "It works." >"$work/www/page"
    start python3 -u -m http.server --bind 127.0.0.1 --directory "$work/www" 0
    said=${said#*port } # Serving HTTP on 127.0.0.1 port 40000 (http://...
    port=${said%% *}
}
