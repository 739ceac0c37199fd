#!/bin/sh
# The chat program of ppp dials the data call as /etc/ppp/peers of any mobile modem does, and hangs up.
set -eu
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
need chat setsid

# dial PORT SCRIPT...: in a session of its own, for the port becomes the terminal of whoever opens it.
dial()
{
    # shellcheck disable=SC2016 # for the inner shell
    setsid -w sh -c 'port=$1; shift; exec timeout --foreground 20 chat -s "$@" <>"$port" >&0' dial "$@" 2>>conversation
}

start_module --link modem
dial modem ABORT ERROR ABORT 'NO CARRIER' TIMEOUT 10 \
    '' 'ATZ' OK 'ATQ0 V1 E1 S0=0 &C1 &D2' OK 'AT+CGDCONT=1,"IP","internet"' OK 'ATD*99***1#' CONNECT ''
host_said >host
expect host 'ATD*99***1#\r'
expect log '\r\nCONNECT\r\n'

dial modem TIMEOUT 5 '' '\d\d+++\c' OK 'ATH' OK
host_said >host
expect host '+++ATH\r'

start_module --link lonely --fault no-registration
if dial lonely ABORT 'NO CARRIER' TIMEOUT 10 '' 'ATD*99#' CONNECT ''; then
    echo "a call went through without a network"
    exit 1
fi
expect log 'NO CARRIER'
