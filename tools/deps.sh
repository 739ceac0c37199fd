# The Debian packages that the project needs, in one place, and `need`, which installs those that are missing.
# Sourced by the other scripts; POSIX sh.
# shellcheck shell=sh disable=SC2034 # the lists are used by those scripts

build_packages="gcc libc6-dev meson ninja-build pkg-config python3
    libserialport-dev libuv1-dev libjansson-dev libhttp-parser-dev libedit-dev libncurses-dev"
test_packages="libcmocka-dev g++ clang clang-format clang-tidy libclang-rt-14-dev valgrind shellcheck cppcheck gcovr binutils
    gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm
    mandoc groff zsh fish python3-pyte util-linux chromium tshark curl
    nginx-light openssl openssh-client openssh-server mosquitto mosquitto-clients iperf3 netcat-openbsd socat dnsmasq-base
    bind9-dnsutils gammu gnokii-cli comgt ppp minicom picocom modemmanager ofono dbus-daemon dbus-bin bsdutils"

# fail TEXT...: one clear line, and the end.
fail()
{
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# need PACKAGE...: installs what is missing and says so; silent when nothing is.
need()
{
    missing=""
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || fail "apt-get is not here; install by hand:$missing"
    sudo=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "run this as root, or install sudo; missing:$missing"
        sudo="sudo"
    fi
    echo "installing:$missing"
    install="$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends"
    # A fresh machine may have no package lists yet.
    # shellcheck disable=SC2086 # the words of $install and $missing are meant to be several
    { $install $missing >/dev/null 2>&1 || { $sudo apt-get update -qq && $install $missing >/dev/null; }; } ||
        fail "apt-get could not install:$missing"
}
