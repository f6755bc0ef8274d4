#!/usr/bin/env bash
# make install and uninstall into a scratch DESTDIR, and a stranger's program built
# against what was installed, through pkg-config, shared and static. Speaks TAP.
set -u
cd "$(dirname "$0")/.." || exit 1

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
number=0 bad=0

# check NAME COMMAND...: the command's status is the test, its output the details
check() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@" >"$tmp/out" 2>&1; then
        echo "ok $number - install: $name"
    else
        echo "not ok $number - install: $name"
        sed 's/^/# /' "$tmp/out"
        bad=$((bad + 1))
    fi
}

px_make() { make "$@" PREFIX=/usr LIBDIR=/usr/lib/px DESTDIR="$root"; }

version=$(sed -n 's/^# *define *PX_VERSION_[MP][A-Z]* *\([0-9]\)/\1/p' include/pxfer/version.h |
    paste -sd. -)

installed() {
    local want
    for want in bin/pfetch bin/pcopy lib/px/libpxfer.a "lib/px/libpxfer.so.$version" \
        lib/px/libpxfer.so lib/px/pkgconfig/pxfer.pc include/pxfer/pxfer.h; do
        [ -s "$root/usr/$want" ] || { echo "missing: /usr/$want" && return 1; }
    done
    [ -L "$root/usr/lib/px/libpxfer.so.${version%%.*}" ] || { echo "no soname link" && return 1; }
}

only_public_names() {
    local names
    names=$(nm -D --defined-only "$root/usr/lib/px/libpxfer.so" | awk '{print $3}')
    [ -n "$names" ] && ! grep -v '^px_' <<<"$names"
}

says_version() { "$root/usr/bin/$1" --version | grep -F "$version"; }

stranger() {
    cat >"$tmp/stranger.c" <<'EOF'
#include <pxfer/pxfer.h>
#include <stdio.h>

int main(void)
{
    struct px_queue *queue = NULL;
    void *item = NULL;
    static char word[] = "through the queue";
    if (px_queue_new(1, &queue) != PX_OK || px_queue_push(queue, word, PX_NOWAIT) != PX_OK ||
        px_queue_pop(queue, PX_NOWAIT, &item) != PX_OK || item != word) {
        return 1;
    }
    px_queue_free(queue);
    return puts(px_version()) < 0;
}
EOF
    export PKG_CONFIG_PATH=$root/usr/lib/px/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
    # shellcheck disable=SC2046 # flags are words
    if [ "$1" = shared ]; then
        ${CC:-cc} -std=c11 -o "$tmp/stranger" "$tmp/stranger.c" $(pkg-config --cflags --libs pxfer)
    else
        # libcurl's own static needs are none of ours: only pxfer is linked statically.
        ${CC:-cc} -std=c11 -o "$tmp/stranger" "$tmp/stranger.c" $(pkg-config --cflags pxfer) \
            "$root/usr/lib/px/libpxfer.a" -lcurl -lcrypto -pthread -lm
    fi || return 1
    [ "$(LD_LIBRARY_PATH=$root/usr/lib/px "$tmp/stranger")" = "$version" ]
}

nothing_left() {
    local left
    left=$(find "$root" ! -type d)
    [ -z "$left" ] || { echo "left behind: $left" && return 1; }
}

check "make install succeeds" px_make install
check "every kind of file is in its place" installed
check "the shared library shows public names only" only_public_names
check "pfetch --version says $version" says_version pfetch
check "pcopy --version says $version" says_version pcopy
check "a program builds and runs with the shared library" stranger shared
check "a program builds and runs with the static library" stranger static
check "make uninstall succeeds" px_make uninstall
check "nothing is left after it" nothing_left
echo "1..$number"
exit $((bad > 0))
