#!/usr/bin/env bash
# make install and uninstall into a scratch DESTDIR, and a stranger's program built
# against what was installed, through pkg-config, shared and static. Speaks TAP.
set -u
cd "$(dirname "$0")/.." || exit 1

. tests/checks.bash
root=$tmp/root

px_make() { make "$@" PREFIX=/usr LIBDIR=/usr/lib/px DESTDIR="$root"; }

version=$(sed -n 's/^# *define *PX_VERSION_[MP][A-Z]* *\([0-9]\)/\1/p' include/pxfer/version.h |
    paste -sd. -)

installed() {
    local want
    for want in bin/pfetch bin/pcopy lib/px/libpxfer.a "lib/px/libpxfer.so.$version" \
        lib/px/libpxfer.so lib/px/pkgconfig/pxfer.pc include/pxfer/pxfer.h \
        share/man/man1/pfetch.1 share/man/man3/pxfer.3; do
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

# What pkg-config says of the installed copy.
flags_of() {
    PKG_CONFIG_PATH=$root/usr/lib/px/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root pkg-config "$@" pxfer
}

# built LANGUAGE SOURCE [LINK...]: compiles it against what was installed, runs it, prints its output
built() {
    local compiler=${CC:-cc} standard=c11
    [ "$1" = c++ ] && compiler=${CXX:-c++} standard=c++11
    local source=$2
    shift 2
    # shellcheck disable=SC2046 # flags are words
    [ $# -gt 0 ] || set -- $(flags_of --libs) -pthread
    # shellcheck disable=SC2046,SC2086 # flags are words
    $compiler -std=$standard -Wall -Wextra -Werror -o "$tmp/built" "$source" \
        $(flags_of --cflags) "$@" &&
        LD_LIBRARY_PATH=$root/usr/lib/px "$tmp/built"
}

# The Nth literal block of a manual page, as it reads.
literal_of() {
    awk -v n="$2" '/^\.Bd -literal/ {at++; next} /^\.Ed/ {at += 0.5; next} at == n' "$1" |
        sed 's/\\e/\\/g'
}

example_of() {
    literal_of "$1" 1 >"$tmp/example.c"
    literal_of "$1" 2.5 >"$tmp/says"
    [ -s "$tmp/says" ] || { echo "$1: no example" && return 1; }
    built c "$tmp/example.c" >"$tmp/prints" && diff "$tmp/says" "$tmp/prints"
}

# The program in the section "Use the library", as C or as C++.
readme_program() {
    awk '/^## / {on = /Use the library/} /^```/ {code = on && /```c$/; next} code' README.md \
        >"$tmp/readme.$1"
    [ "$(built "$1" "$tmp/readme.$1")" = "1 ... 25" ]
}

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
    if [ "$1" = shared ]; then
        built c "$tmp/stranger.c" >"$tmp/version"
    else
        # libcurl's own static needs are none of ours: only pxfer is linked statically.
        built c "$tmp/stranger.c" "$root/usr/lib/px/libpxfer.a" -lcurl -lcrypto -pthread -lm \
            >"$tmp/version"
    fi && [ "$(cat "$tmp/version")" = "$version" ]
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
for page in docs/man/*.3; do
    check "the example of ${page##*/} builds and prints what the page says" example_of "$page"
done
check "README's program builds and runs as C" readme_program c
check "README's program builds and runs as C++" readme_program c++
check "make uninstall succeeds" px_make uninstall
check "nothing is left after it" nothing_left
end_checks
