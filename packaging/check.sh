#!/bin/sh
# check.sh: the release tarball, the Debian packages made of it, and whether they are good, as CI runs it:
#   tarball   `meson dist` in a fresh clone, so of what is committed
#   unpacked  the tarball alone is configured, and some tests are built and run
#   packages  dpkg-buildpackage, in a clean Debian that has only what debian/control asks for
#   lintian   no errors; warnings are shown
#   install   the packages in another clean Debian, with the tests of debian/tests
# Where no clean Debian can be made (no mirror, no rights), this system builds, and a fresh prefix is what is tested.
# Installs the tools that it needs; exits with 77 when they can't be had. What it makes stays in build-packages/.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tools/deps.sh
. tools/deps.sh

out=$PWD/build-packages
debian=$out/debian # the source package and the packages
log=$out/log

skip()
{
    echo "skipped: $*"
    exit 77
}

# part NAME COMMAND...: its output is shown when it fails.
part()
{
    name=$1
    shift
    start=$(date +%s)
    "$@" >"$log" 2>&1 || { tail -n 60 "$log"; fail "$name failed; that was the end of its output"; }
    echo "$name: $(($(date +%s) - start)) s"
}

tarball()
{
    git clone -q . "$out/clone" &&
        meson setup "$out/dist" "$out/clone" &&
        meson dist -C "$out/dist" --no-tests &&
        mv "$out"/dist/meson-dist/usocket-*.tar.xz* "$out"
}

unpacked()
{
    tar -C "$out" -xf "$out/usocket-$version.tar.xz" &&
        meson setup "$out/build" "$source" -Dtests=enabled &&
        meson test -C "$out/build" --suite at --suite replay
}

source_package()
{
    cp -r "$source/packaging/debian" "$source/debian" &&
        case $(dpkg-parsechangelog -l "$source/debian/changelog" -S Version) in
        "$version"-*) ;;
        *) echo "packaging/debian/changelog has no entry for $version, the version of meson.build: add one"; false ;;
        esac &&
        mkdir "$debian" &&
        cp "$out/usocket-$version.tar.xz" "$debian/usocket_$version.orig.tar.xz" &&
        (cd "$debian" && dpkg-source -b "$source")
}

# clean_debian VARIANT HOOK...: makes one, runs the hooks in it, and throws it away.
clean_debian()
{
    variant=$1
    shift
    for hook in "$@"; do
        set -- "$@" "--customize-hook=$hook"
        shift
    done
    mmdebstrap --variant="$variant" "$@" "$suite" /dev/null
}

build='dpkg-source -x *.dsc tree && cd tree && dpkg-buildpackage -us -uc && cd .. && rm -r tree'

packages()
{
    clean_debian buildd "touch '$out/clean'" "copy-in '$debian' /" \
        "chroot \"\$1\" sh -ec 'cd /debian; apt-get -y --no-install-recommends build-dep ./*.dsc; $build'" \
        "sync-out /debian '$debian'" && return
    [ ! -e "$out/clean" ] || return 1
    # shellcheck disable=SC2086 # a list of words
    need $build_packages debhelper libcmocka-dev && (cd "$debian" && eval "$build")
}

install_clean()
{
    clean_debian apt "autopkgtest --no-built-binaries '$debian'/*.changes -- chroot \"\$1\""
}

install_prefix()
{
    prefix=$out/prefix
    libraries=$prefix/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
    need bash-completion man-db || return 1
    for package in "$debian"/*.deb; do
        dpkg -x "$package" "$prefix" || return 1
    done
    cd "$source" || return 1
    for test in tool program; do
        PATH="$prefix/usr/bin:$PATH" MANPATH="$prefix/usr/share/man" XDG_DATA_DIRS="$prefix/usr/share" \
            LD_LIBRARY_PATH="$libraries" PKG_CONFIG_PATH="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$prefix" \
            "debian/tests/$test" || return 1
    done
}

command -v apt-get >/dev/null || skip "this is no Debian"
git rev-parse --git-dir >/dev/null 2>&1 || skip "this is no git checkout"
# shellcheck disable=SC2086 # a list of words
(need $build_packages git dpkg-dev lintian mmdebstrap autopkgtest libcmocka-dev) || skip "packages are missing"
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

rm -rf "$out"
mkdir "$out"
part "release tarball" tarball
version=$(basename "$out"/usocket-*.tar.xz .tar.xz)
version=${version#usocket-}
source=$out/usocket-$version
part "tarball unpacked, tested" unpacked
part "source package" source_package
part "packages" packages
part "lintian" lintian --fail-on error "$debian"/*.changes
cat "$log"
if [ -e "$out/clean" ]; then
    part "installed in a clean Debian, tested" install_clean
else
    echo "no clean Debian can be made here: built on this system"
    part "unpacked into a fresh prefix, tested" install_prefix
fi
ls "$debian"
