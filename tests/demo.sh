#!/usr/bin/env bash
# Shows both programs at work on this machine: five slow pages from a server on
# loopback, then a generated tree, each with several workers and with one. Everything
# happens in a temporary directory that is removed at the end.
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build/release}

tmp=$(mktemp -d)
server=
clean_up() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_server() {
    "$BUILD/helper/server" --port-file "$tmp/port" &
    server=$!
    for _ in $(seq 100); do
        [ -s "$tmp/port" ] && return
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    echo "demo: the fixture server did not start" >&2
    return 1
}

# Two files of 64 MiB and 2048 small ones in 16 directories.
make_tree() {
    local n
    mkdir -p "$1/large"
    for n in 1 2; do
        head -c 67108864 /dev/urandom >"$1/large/$n.bin"
    done
    for n in $(seq 16); do
        mkdir -p "$1/small/$n"
        head -c 524288 /dev/urandom | split -b 4096 -a 3 - "$1/small/$n/file-"
    done
}

# show COMMAND...: the command as one would type it, then what it says
show() {
    printf '\n$ %s\n' "${*//"$tmp/"/}" | sed "s|$BUILD/||"
    "$@"
}

start_server
port=$(tr -dc '0-9' <"$tmp/port")
sed "s|^/|http://127.0.0.1:$port/|" fixtures/urls.txt >"$tmp/urls.txt"
pages=$(grep -c '^http' "$tmp/urls.txt")

echo "== pfetch: $pages pages that each take one second"
for workers in 5 1; do
    show "$BUILD/pfetch" -j $workers -d "$tmp/pages-$workers" "$tmp/urls.txt"
    got=$(find "$tmp/pages-$workers" -type f -name 'page-*.html' -size +0 | wc -l)
    if [ "$got" -ne "$pages" ]; then
        echo "demo: $got files came instead of $pages" >&2
        exit 1
    fi
done

echo
echo "== pcopy: two files of 64 MiB and 2048 of 4 KiB"
make_tree "$tmp/tree"
for workers in 2 1; do
    show "$BUILD/pcopy" -j $workers "$tmp/tree" "$tmp/copy-$workers"
    diff -r "$tmp/tree" "$tmp/copy-$workers"
done

echo
echo "demo: all pages were fetched, and both copies are the same as the tree"
