# shellcheck shell=bash
# Sourced by every check in this directory. A check looks at the tree in $ROOT (the
# project unless the self-test says otherwise), prints what is wrong as
# "file:line: text" and ends with status 0 or 1. It has one job.
set -u
export LC_ALL=C

house=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$house/tests/lint
cd "${ROOT:-$house}" || exit 2
jobs=$(nproc 2>/dev/null || echo 2)

# List existing files that match the patterns, one a line.
files() {
    local pattern
    for pattern in "$@"; do
        compgen -G "$pattern" || true
    done | sort -u
}

# The examples are no part of the library.
library_sources() { files 'src/*/*.c' 'src/*/*/*.c' | sed '\|^src/examples/|d'; }
source_headers() { files 'src/*/*.h' 'src/*/*/*.h'; }
product_sources() { { files 'src/*.c' 'src/examples/*.c' && library_sources; } | sort -u; }
product_files() { { files 'include/pxfer/*.h' && product_sources && source_headers; } | sort -u; }
test_files() { files 'tests/*.h' 'tests/*/*.[ch]' 'tests/*/*/*.[ch]' 'tests/*/*/*/*.[ch]'; }
# What compares with GLib is left out where that is not installed; it is only for the benchmark.
all_sources() {
    { product_sources && test_files | grep '\.c$'; } | sort -u |
        if pkg-config --exists glib-2.0; then cat; else grep -v '^tests/bench/micro_'; fi
}

# The flags that the Makefile gives to compiler $1.
compile_flags() {
    make -s -C "$house" --no-print-directory CC="$1" SAN=none show-flags
}

# The code of a file without comments, string contents and character constants,
# as "file:line:text"; the names come on stdin.
code_of() { xargs -r awk -f "$here/strip.awk"; }
