#!/bin/sh
# minicom types commands by a script of its runscript language.
set -eu
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
need minicom script
start_module --link modem
cat >typing <<EOT
send "ATI"
expect {
    "Revision: BG96" goto signal
    timeout 10 goto failed
}
signal:
send "AT+CSQ"
expect {
    "+CSQ: 24,99" goto heard
    timeout 10 goto failed
}
heard:
! touch $work/heard
failed:
! touch $work/finished
EOT
# It wants a terminal, and its input must not end: a ctrl-D would reach the module.
mkfifo keys
exec 3<>keys
TERM=xterm script -qec "minicom -D $work/modem -o -S $work/typing" /dev/null <&3 >screen 2>&1 &
running="$! $running"
again test -e finished
[ -e heard ] || { cat screen; exit 1; }
host_said >host
expect host 'ATI\r' 'AT+CSQ\r'
expect log '+CSQ: 24,99'
