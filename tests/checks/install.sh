#!/bin/sh
# What is installed is enough to build a program, by pkg-config; and the tree serves as a Meson subproject.
set -eu
source=$1
dir=$2/install-check
rm -rf "$dir"
mkdir -p "$dir/user/subprojects"

meson setup "$dir/build" "$source" --prefix="$dir/usr" --libdir=lib -Dtests=disabled >"$dir/log" 2>&1 ||
    { cat "$dir/log"; exit 1; }
meson install -C "$dir/build" >"$dir/log" 2>&1 || { tail -n 30 "$dir/log"; exit 1; }
export PKG_CONFIG_PATH="$dir/usr/lib/pkgconfig"
# shellcheck disable=SC2046 # a list of words
cc -std=c11 -Wall -Werror "$source/examples/readme.c" -o "$dir/program" $(pkg-config --cflags --libs usocket)
LD_LIBRARY_PATH="$dir/usr/lib" "$dir/usr/bin/usocket" --version
# shellcheck disable=SC2046 # a list of words
cc -std=c11 -static-libgcc "$source/examples/readme.c" -o "$dir/program-static" $(pkg-config --cflags usocket) \
    "$dir/usr/lib/libusocket.a" $(pkg-config --static --libs-only-l usocket | sed 's/-lusocket//')

ln -s "$source" "$dir/user/subprojects/usocket"
cat >"$dir/user/meson.build" <<'PROJECT'
project('user', 'c', default_options: ['c_std=c11'])
usocket_dep = dependency('usocket', fallback: ['usocket', 'usocket_dep'], default_options: ['tools=disabled', 'tests=disabled'])
executable('user', 'main.c', dependencies: usocket_dep)
PROJECT
cp "$source/examples/readme.c" "$dir/user/main.c"
unset PKG_CONFIG_PATH
{ meson setup "$dir/user/build" "$dir/user" && ninja -C "$dir/user/build" user; } >"$dir/log" 2>&1 ||
    { tail -n 30 "$dir/log"; exit 1; }
