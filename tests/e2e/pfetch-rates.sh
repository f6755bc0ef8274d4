#!/usr/bin/env bash
# --limit-rate over 10 seconds: within 5 % of what was asked for, in each second of them, in equal
# parts for all transfers; and small files as well.
. "$(dirname "$0")/lib.bash"

[ "$SAN" = none ] || skip "what a sanitizer costs is not what is measured"
start_server server server
AT=http://127.0.0.1:$(cat server.port)
for i in 1 2 3 4 5; do echo "$AT/bytes/40000000/big-$i"; done >big.txt
for i in $(seq 9000); do echo "$AT/bytes/5000/small-$i"; done >small.txt

# told ERR: what a status line says has come, in KiB, to T; MS is when that was.
told() {
    local err=$1 line lines
    lines=$(wc -l <"$err")
    kill -USR1 "$PID"
    until [ "$(wc -l <"$err")" -gt "$lines" ]; do sleep 0.01; done
    MS=$(now_ms)
    line=$(tail -n 1 "$err")
    T=$(awk '{for (i = 2; i <= NF; i++) if ($i == "MiB") {print int($(i - 1) * 1024); exit}}' <<<"$line")
    [ -n "$T" ] || fail "no bytes in: $line"
}

# measure NAME: fetches NAME.txt; MEAN in KiB/s over 10 s, LEAST and MOST of its seconds.
measure() {
    local dir=$1-$RANDOM err=$1.err i first first_ms last last_ms rate
    : >"$err"
    start pfetch --progress=none --report=none --limit-rate 2M -d "$dir" "$1.txt" 2>"$err"
    sleep 2
    LEAST=999999 MOST=0
    told "$err"
    first=$T first_ms=$MS last=$T last_ms=$MS
    for i in 1 2 3 4 5 6 7 8 9 10; do
        sleep 0.98
        told "$err"
        rate=$(((T - last) * 1000 / (MS - last_ms)))
        if [ $rate -lt $LEAST ]; then LEAST=$rate; fi
        if [ $rate -gt $MOST ]; then MOST=$rate; fi
        last=$T last_ms=$MS
    done
    MEAN=$(((last - first) * 1000 / (last_ms - first_ms)))
    STATUS=0
    kill "$PID"
    wait "$PID" || STATUS=$?
    [ "$STATUS" = 143 ] || fail "ended with $STATUS before its time: $(tail -n 3 "$err")"
    SHARES=$(stat -c %s "$dir"/.*.part 2>/dev/null | sort -n | tr '\n' ' ') || true
}

# judged NAME: what measure found is as it should be, or WRONG says what is not.
judged() {
    local least most
    WRONG=
    if [ "$MEAN" -lt 1946 ] || [ "$MEAN" -gt 2150 ]; then WRONG="$MEAN KiB/s"; fi
    [ "$MOST" -le 2600 ] || WRONG="a burst of $MOST KiB in a second"
    if [ "$1" = big ]; then
        read -r least _ _ _ most _ <<<"$SHARES"
        [ $((least * 10)) -ge $((most * 8)) ] || WRONG="shares from $least to $most bytes"
    fi
    [ -z "$WRONG" ]
}

# check NAME: six tries, for a machine that is busy elsewhere.
check() {
    for _ in 1 2 3 4 5 6; do
        measure "$1"
        echo "# $1: $MEAN KiB/s of 2048; seconds from $LEAST to $MOST"
        ! judged "$1" || return 0
    done
    fail "$1: $WRONG"
}

# Both at once: neither needs a processor for more than moments.
(trap - EXIT && check big) &
BIG=$!
check small
wait $BIG
