#!/usr/bin/env bash
# One of two hosts answers 429 with Retry-After: 2. Its other files wait with it, without a request
# in between and without using up their tries; the other host's files come at once; all end well. (What a
# server sees, and when, depends on who gets a processor: of five tries one must be as it should.)
. "$(dirname "$0")/lib.bash"

start_server busy server
start_server free server
BUSY=http://127.0.0.1:$(cat busy.port)
FREE=http://127.0.0.1:$(cat free.port)

attempt() { # N
    local begin took busy_host tries
    rm -rf out journal
    : >busy.log
    # The 429 comes while the others of the busy host are still in the list.
    {
        echo "$BUSY/retry-after/2/1/$1/asked-to-wait"
        seq -f "$FREE/delay/150/first-%.0f" 4
        for i in $(seq 20); do
            echo "$BUSY/bytes/20000/busy-$i"
            echo "$FREE/bytes/20000/free-$i"
        done
    } >urls.txt

    begin=$(now_ms)
    expect 0 pfetch -q -j 5 -d out --retries 1 --journal journal urls.txt
    took=$(($(now_ms) - begin))

    json_lines journal 45
    jq -e -s 'all(.status == "ok")' journal >/dev/null || fail "not all ended well"
    for i in $(seq 20); do
        for host in busy free; do
            pattern 20000 "$host-$i" | cmp - "out/$host-$i" || fail "$host-$i is wrong"
        done
    done
    pattern 1000 "$1/asked-to-wait" | cmp - out/asked-to-wait || fail "asked-to-wait is wrong"

    [ $took -ge 2000 ] || fail "Retry-After was not obeyed: $took ms"
    [ $took -le 4000 ] || wrong "took $took ms"
    busy_host=${BUSY#http://}
    jq -rs '.[].url' journal | awk -v busy="$busy_host" '
        index($0, busy) {waited = 1; next}
        waited {print "after one of the busy host: " $0; bad = 1}
        END {exit bad}' || wrong "the free host waited for the busy one"
    tries=$(jq -rs 'map(select(.url | contains("asked-to-wait") | not) | .attempts) | unique | join(",")' \
        journal)
    [ "$tries" = 1 ] || fail "files that only waited took $tries tries"

    # The busy host's log: nothing between the 429 and two seconds later.
    awk -F '\t' '$4 == 429 {told = $1; next}
        told != "" && $1 < told + 1900 {print "asked again after " ($1 - told) " ms: " $3; bad = 1}
        END {exit bad}' busy.log || wrong "the busy host was not left alone"
}

one_of_five attempt
