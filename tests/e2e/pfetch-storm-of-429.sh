#!/usr/bin/env bash
# One of two hosts answers 429 with Retry-After: 2 for several rounds, more often than a URL has
# tries. The other host's files come at full speed, no URL runs out of tries, and the busy host is
# asked by one round of requests every two seconds, not by a storm. (What a server sees, and when, depends on
# who gets a processor: of five tries one must be as it should.)
. "$(dirname "$0")/lib.bash"

start_server busy server
start_server free server
BUSY=http://127.0.0.1:$(cat busy.port)
FREE=http://127.0.0.1:$(cat free.port)

attempt() { # N
    rm -rf out journal
    : >busy.log
    : >free.log
    for i in $(seq 6); do
        echo "$BUSY/retry-after/2/3/$1/busy-$i"
        echo "$FREE/bytes/200000/free-$i"
    done >urls.txt
    for i in $(seq 7 300); do echo "$FREE/bytes/200000/free-$i"; done >>urls.txt

    begin=$(now_ms)
    expect 0 pfetch -q -j 5 -d out --retries 1 --journal journal urls.txt
    took=$(($(now_ms) - begin))

    json_lines journal 306
    jq -e -s 'all(.status == "ok")' journal >/dev/null || fail "not all ended well"
    for i in 1 3 6; do pattern 1000 "$1/busy-$i" | cmp - "out/busy-$i" || fail "busy-$i is wrong"; done
    for i in 1 150 300; do pattern 200000 "free-$i" | cmp - "out/free-$i" || fail "free-$i is wrong"; done

    # The free host was done before the first pause was over.
    limit=1900
    [ "$SAN" = none ] || limit=10000
    free_ms=$(awk -F '\t' 'END {print $1}' free.log)
    first_ms=$(awk -F '\t' 'NR == 1 {print $1}' free.log)
    [ $((free_ms - first_ms)) -le $limit ] || wrong "the free host took $((free_ms - first_ms)) ms"

    # Each pause was kept: within 1.9 s after a 429 only those ask that were under way already.
    awk -F '\t' '
        $4 == 429 && $1 > until {rounds++; until = $1 + 1900; grace = $1 + 500}
        $1 <= until && $1 > grace {late++}
        END {print "# " rounds " rounds, " NR " requests, " late + 0 " within a pause"; exit late > 0}' \
        busy.log || wrong "the busy host was not left alone"
    [ $took -ge 6000 ] || fail "three pauses of two seconds took only $took ms"
}

one_of_five attempt
