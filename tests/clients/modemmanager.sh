#!/bin/sh
# ModemManager's quectel plugin takes the module for a modem: identity, SIM card, own number, PIN counters; it enables it
# and finds it registered. Without udev and without the system's bus: its test interface names the port, a UNIX socket.
# With the argument `daemon` it shares the module with others by usocket daemon, which lets nobody try PINs.
set -eu
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
need ModemManager mmcli dbus-daemon dbus-send
if [ "${1:-}" = daemon ]; then
    start_module --module EC25 --link port
    start daemon.log "$USOCKET" --port port daemon --socket port0
    again grep -q 'data call is up' daemon.log
else
    start_module --module EC25 --unix port0
fi
start_bus
start manager.log ModemManager --test-session --test-enable --test-no-udev --no-auto-scan --test-no-suspend-resume \
    --test-no-qrtr --debug

shows()
{
    timeout 10 mmcli -m any | grep -q "$1"
}

again dbus-send --session --print-reply --dest=org.freedesktop.ModemManager1 /org/freedesktop/ModemManager1 \
    org.freedesktop.ModemManager1.Test.SetProfile string:test0 string:quectel array:string:port0
again shows 'state:.*disabled'
again timeout 20 mmcli -m any --enable
again shows 'state:.*registered'
timeout 10 mmcli -m any >modem
timeout 10 mmcli -i any >sim
expect modem 'manufacturer: Quectel' 'model: EC25' 'firmware revision: EC25EFAR06A03M4G' 'imei: 860000000000001' \
    'own: +15555550100' 'plugin: quectel' 'operator id: 00101' 'registration: home' 'ipv4v6'
expect sim 'imsi: 001010123456789' 'iccid: 89860000000000000001' 'operator name: Simulated'
if [ "${1:-}" = daemon ]; then
    timeout 20 "$USOCKET" --port unix:port0 info >facts
    expect facts EC25 860000000000001
else
    expect modem 'sim-pin (3)'
fi
