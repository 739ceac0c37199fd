#!/bin/sh
# gammu finds out what phone it is, and its network.
set -eu
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
need gammu
start_module --module "${1:-BG96}" --link modem
printf '[gammu]\nport = %s/modem\nconnection = at\n' "$work" >gammurc

timeout 30 gammu -c gammurc identify >identity
expect identity Quectel "${1:-BG96}" 860000000000001 001010123456789
timeout 30 gammu -c gammurc networkinfo >network
expect network "home network" "LAC 00A1" Simulated attached
