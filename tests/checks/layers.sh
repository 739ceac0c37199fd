#!/bin/sh
# The rules of DESIGN.md: who includes whom, and what the core may call.
set -eu
cd "$1"
failed=0

forbid() # WHAT PATTERN FOLDER...
{
    what=$1 pattern=$2
    shift 2
    if grep -nE "$pattern" -r "$@" --include='*.[ch]'; then
        echo "^ $what"
        failed=1
    fi
}

forbid "src/at knows nothing above it" '#include *"(sock|uart|\.\.)' src/at
forbid "src/at knows no sockets" '#include *[<"]usocket/(usocket|uart|port)\.h' src/at
forbid "src/uart knows neither AT nor sockets" '#include *"(sock|at)/' src/uart
forbid "src/port knows nothing but the port" '#include *"(sock|at|uart)/' src/port
forbid "the core knows no port by name" '#include *"uart/' src/sock
forbid "the core includes no stdio, stdlib or threads" '#include *<(stdio|stdlib|unistd|pthread|time|threads)\.h>' src/at src/sock src/port
for file in src/at/*.c src/sock/*.c; do
    case $file in
        */dialect_*) ;;
        *) forbid "only a dialect spells the module's own commands" '"AT\+Q' "$file" ;;
    esac
done
forbid "the simulator shares nothing with the driver" '#include *[<"](usocket|at|sock|uart)/' tools/modemsim
exit $failed
