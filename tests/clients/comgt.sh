#!/bin/sh
# comgt asks for the identity, the signal and the registration.
set -eu
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
need comgt
start_module --link modem

timeout 20 comgt -d modem info >identity 2>&1
expect identity Quectel BG96 860000000000001
timeout 20 comgt -d modem sig >signal 2>&1
expect signal "24,99"
timeout 20 comgt -d modem reg >registration 2>&1
expect registration 'Registered on Home network: "Simulated"'
