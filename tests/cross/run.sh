#!/bin/sh
# run.sh [ARCH...]: builds the tree for other machines, without a warning, and runs its unit tests there, emulated by
# qemu-user. ARCH: s390x (64 bit, big endian), armhf (32 bit, char unsigned, time_t of 32 bits); none: both.
#
# Installs the cross compilers and qemu-user when they are missing. The other machine's libraries (cmocka, libuv and so
# on) come by an apt configuration of their own and are only unpacked, into build-cross-ARCH: this system's package
# lists and architectures stay as they are. Exits with 77 when packages can't be had.
# One test by hand: meson test -C build-cross-s390x/tree 'driver udp' --verbose
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tools/deps.sh
. tools/deps.sh

[ $# -gt 0 ] || set -- s390x armhf
suites="at driver uart replay fuzz modemsim"
# Two start the program modemsim, which this system can't run by itself; qemu-user lacks the ioctls of a serial line.
left_out="modemsim program
modemsim uvnet
uart serial"
# The libraries: those that this system needs too, but the C library is the cross compiler's.
libraries=$(echo "$build_packages $test_packages" | tr -s ' ' '\n' | grep -E '^lib.*-dev$' | grep -vE '^lib(c6|clang)')

apt_of() # ARCH COMMAND...: apt-get for that machine, with everything that it keeps in the current folder
{
    cat >apt.conf <<END
Dir::State "$PWD";
Dir::State::status "$PWD/status";
Dir::Cache "$PWD";
APT::Architecture "$1";
#clear APT::Architectures;
APT::Architectures { "$1"; };
#clear APT::Update;
APT::Sandbox::User "root";
Acquire::Languages "none";
END
    for package in libc6 libc6-dev libgcc-s1; do
        printf 'Package: %s\nStatus: install ok installed\nArchitecture: %s\nVersion: 99\n\n' "$package" "$1"
    done >status
    shift
    apt-get -q -c "$PWD/apt.conf" "$@"
}

fetch() # ARCH FOLDER
(
    echo "fetching the libraries for $1"
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    cd "$scratch"
    # What counts is whether the packages come: not every source of a system has every machine.
    apt_of "$1" update >log 2>&1 || true
    # shellcheck disable=SC2086 # a list of words
    apt_of "$1" install -y --no-install-recommends --download-only $libraries >>log 2>&1 || { cat log; return 1; }
    # As on a system today, /lib is /usr/lib; the packages still have both.
    mkdir -p "$2/usr/lib"
    ln -sfn usr/lib "$2/lib"
    for package in archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$2" || return 1
    done
)

have_packages() # ARCH BUILD
{
    triplet=$(sed -n "s/^triplet = '\(.*\)'/\1/p" "tests/cross/$1.ini")
    (need gcc libc6-dev meson ninja-build pkg-config python3 qemu-user "gcc-$triplet" "libc6-dev-$1-cross") || return 1
    [ ! -f "$2/libraries.ini" ] || return 0
    fetch "$1" "$2/libraries" || return 1
    printf "[constants]\nlibraries = '%s/libraries'\n" "$2" >"$2/libraries.ini"
}

build() # ARCH BUILD
{
    log=$2/build.log
    [ -f "$2/tree/build.ninja" ] || meson setup "$2/tree" -Dwerror=true -Dtests=enabled -Dserialport=enabled \
        --cross-file "$2/libraries.ini" --cross-file "tests/cross/$1.ini" \
        --cross-file tests/cross/debian.ini >"$log" 2>&1 || { cat "$log"; return 1; }
    ninja -C "$2/tree" --quiet
}

run_tests() # BUILD
(
    tree=$1/tree
    set --
    for suite in $suites; do
        set -- "$@" --suite "$suite"
    done
    names=$(meson test -C "$tree" --no-rebuild --list "$@" | sed -n 's,^usocket:.* / ,,p' | grep -vxF "$left_out")
    IFS='
'
    # shellcheck disable=SC2086 # each line is a name
    meson test -C "$tree" --no-rebuild --print-errorlogs --timeout-multiplier 4 $names
)

result=0
for arch in "$@"; do
    case $arch in s390x | armhf) ;; *) fail "no such machine: $arch (there are s390x and armhf)" ;; esac
    start=$(date +%s)
    build=$PWD/build-cross-$arch
    mkdir -p "$build"
    if ! have_packages "$arch" "$build"; then
        echo "cross $arch: skipped, its packages can't be had"
        [ "$result" -ne 0 ] || result=77
    elif build "$arch" "$build" && run_tests "$build"; then
        echo "cross $arch: passed in $(($(date +%s) - start)) s, without:" "$(echo "$left_out" | paste -sd, -)"
    else
        echo "cross $arch: failed"
        result=1
    fi
done
exit $result
