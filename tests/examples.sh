#!/usr/bin/env bash
# Runs each program of src/examples, with several workers and with one, against a server on
# loopback, and looks at what it prints. Speaks TAP.
#
#   BUILD=build/release bash tests/examples.sh
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=$(cd "${BUILD:-build/release}" && pwd) || exit 1
PATH=$BUILD/examples:$BUILD/helper:$PATH
export LC_ALL=C

. tests/checks.bash
server=
at_end() { [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null; }

start_server() {
    server --port-file "$tmp/port" &
    server=$!
    for _ in $(seq 100); do
        [ -s "$tmp/port" ] && return
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

# gives TEXT COMMAND...: ends well and prints just that, in any order. As programs are few lines
# long, so are the texts; -s: in this order.
gives() {
    local sort=(sort) text
    [ "$1" = -s ] && sort=(cat) && shift
    text=$1
    shift
    echo "$*"
    "$@" >"$tmp/out" || { echo "exit $?" && return 1; }
    diff <("${sort[@]}" <<<"$text") <("${sort[@]}" "$tmp/out")
}

each_is_short() {
    local file
    for file in src/examples/*.[ch]; do
        [ "$(wc -l <"$file")" -le 80 ] || { echo "$file has more than 80 lines" && return 1; }
    done
}

# Everything in the folder is run below and told of in its README.
each_is_here() {
    local file name
    for file in src/examples/*.c; do
        name=$(basename "$file" .c)
        grep -q "$name [\$0-9]" tests/examples.sh || { echo "$name is not run" && return 1; }
        grep -q "$name" src/examples/README.md || { echo "README.md lacks $name" && return 1; }
    done
}

refuses_nothing_to_do() {
    local file status
    for file in src/examples/*.c; do
        "$(basename "$file" .c)" >"$tmp/out" 2>"$tmp/err"
        status=$?
        if [ "$status" -ne 2 ] || [ -s "$tmp/out" ] || ! grep -q ^usage: "$tmp/err"; then
            echo "$file: exit $status"
            cat "$tmp/err"
            return 1
        fi
    done
}

copies() {
    head -c 3000000 /dev/urandom >"$tmp/a"
    head -c 1000001 /dev/urandom >"$tmp/b"
    rm -f "$tmp/a2" "$tmp/b2"
    gives "$tmp/a: starting
$tmp/b: starting
$tmp/a: success
$tmp/b: success" copy_files "$1" "$tmp/a" "$tmp/a2" "$tmp/b" "$tmp/b2" &&
        cmp "$tmp/a" "$tmp/a2" && cmp "$tmp/b" "$tmp/b2"
}

never_overwrites() {
    echo old >"$tmp/old"
    ! copy_files 2 "$tmp/a" "$tmp/old" && [ "$(cat "$tmp/old")" = old ]
}

start_server || { echo "Bail out! no server" && exit 1; }
url=http://127.0.0.1:$(cat "$tmp/port")
nobody=http://127.0.0.1:1

check "none has more than 80 lines" each_is_short
check "each is run here and stands in the README" each_is_here
check "without operands there is a usage" refuses_nothing_to_do
for workers in 1 3; do
    check "page_fetcher, $workers" gives "200 1000 bytes $url/bytes/1000/a
200 1000 bytes $url/bytes/1000/b
200 5 bytes $url/bytes/5/c" page_fetcher $workers "$url"/bytes/{1000/a,1000/b,5/c}
    check "page_titles, $workers" gives "$url/delay/50/first
    first
$url/delay/50/second
    second
$url/status/404/third
    no title: status 404" page_titles $workers "$url"/{delay/50/first,delay/50/second,status/404/third}
    check "copy_files, $workers" copies $workers
    check "two_queues, $workers" gives "832040
832040" two_queues $workers 2 30
    check "sum_primes, $workers" gives -s "2: 2
10: 17
100000: 454396537
300000: 3709507114" sum_primes $workers 2 10 100000 300000
    check "pi, $workers" gives 3.1416240 pi $workers 1000000
done
for workers in 0 1 3; do
    check "page_exists, $workers" gives "$url/bytes/1/a - exists
$url/status/404/b - does not exist
$nobody - unknown" page_exists $workers "$url/bytes/1/a" "$url/status/404/b" $nobody
    check "fib, $workers" gives "17711
17711
17711" fib $workers 3 22
done
check "copy_files never overwrites" never_overwrites
end_checks
