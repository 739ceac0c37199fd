#!/bin/sh
# ofono takes the module for a modem by its phonesim driver, over TCP: identity, SIM card, online, registered.
set -eu
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
need ofonod dbus-daemon dbus-send
start_module --module EC25 --tcp 0
port=$(sed -n 's/^ready 127.0.0.1://p' ready)
printf '[phonesim]\nDriver=phonesim\nAddress=127.0.0.1\nPort=%s\n' "$port" >phonesim.conf
start_bus
OFONO_PHONESIM_CONFIG="$work/phonesim.conf"
export OFONO_PHONESIM_CONFIG
start ofono.log ofonod -n -d '*'

call()
{
    timeout 10 dbus-send --system --print-reply --dest=org.ofono /phonesim "$@"
}
knows() # INTERFACE TEXT: it has read it from the module by now
{
    call "org.ofono.$1.GetProperties" | grep -q "\"$2"
}

again call org.ofono.Modem.SetProperty string:Powered variant:boolean:true
again call org.ofono.SimManager.GetProperties
again call org.ofono.Modem.SetProperty string:Online variant:boolean:true
again knows NetworkRegistration registered\"
again knows NetworkRegistration Simulated
again knows SimManager Simulated
call org.ofono.Modem.GetProperties >modem
call org.ofono.SimManager.GetProperties >sim
call org.ofono.NetworkRegistration.GetProperties >network
expect modem Quectel EC25 EC25EFAR06A03M4G 860000000000001
expect sim 89860000000000000001 001010123456789 '"Simulated"' '"001"' '"01"'
expect network '"Simulated' 'uint16 161' '"lte"'
