#!/bin/sh
# picocom types a command and shows the answer.
set -eu
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
need picocom
start_module --link modem

printf 'AT+CGMM\r' | timeout 20 picocom --quiet --nolock --exit-after 1000 modem >screen 2>&1 || true
expect screen 'AT+CGMM' BG96 OK
