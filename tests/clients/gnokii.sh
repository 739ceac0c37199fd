#!/bin/sh
# gnokii finds out what phone it is, and looks at the signal once.
set -eu
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
need gnokii
start_module --link modem
printf '[global]\nmodel = AT\nport = %s/modem\nconnection = serial\n' "$work" >config

timeout 30 gnokii --config config --identify >identity 2>&1
expect identity Quectel BG96 860000000000001 BG96MAR02A07M1G
timeout 30 gnokii --config config --monitor once >monitor 2>&1 || true # it says so with its exit code that no call came
expect monitor "RFLevel: 24" "LAC: 00a1"
