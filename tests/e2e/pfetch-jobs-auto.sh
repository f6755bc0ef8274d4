#!/usr/bin/env bash
# -j auto: on a server that gives the same rate to each connection it climbs, on one that has a limit
# for all connections together it does not go on adding.
. "$(dirname "$0")/lib.bash"

start_server server server
AT=http://127.0.0.1:$(cat server.port)
for i in $(seq 160); do echo "$AT/pace/400000/400000/each-$i"; done >each.txt
for i in $(seq 100); do echo "$AT/shared/all/10000000/500000/sum-$i"; done >sum.txt

highest() { jq -s 'map(.to // empty) | max' "$1"; }

# A machine that is busy elsewhere gets six tries.
for try in 1 2 3 4 5 6; do
    for list in each sum; do
        pfetch -q -j auto --journal "$list-$try" -d "$list-$try.d" $list.txt
        [ "$(find "$list-$try.d" -type f | wc -l)" = "$(wc -l <$list.txt)" ] || fail "$list: not all"
    done
    each=$(highest "each-$try") sum=$(highest "sum-$try")
    echo "# $each at a time where each has its own rate, $sum where they share one"
    [ "$each" -lt 16 ] || [ "$sum" -gt 4 ] || break
done
[ "$each" -ge 16 ] || fail "only $each at a time"
[ "$sum" -le 8 ] || fail "$sum at a time, and the sum is limited"
