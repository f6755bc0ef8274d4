#!/usr/bin/env bash
# A file in segments, killed with SIGKILL at random moments, now and then twice in a row, then run
# again: in segments, in other segments or in one stream. Each time the file is the server's, byte for
# byte, and bytes that were held are not all fetched again. Between runs the file may have changed:
# then it is the new one.
TMPFS_MB=200
. "$(dirname "$0")/lib.bash"

start_server server server
AT=http://127.0.0.1:$(cat server.port)
BYTES=16000000 RATE=8000000

pattern "$BYTES" big >want
fetch=(pfetch -q -k 256K -d out --retry-wait 0.1)

# Runs with other -s than the one before: each must find its way with what is there.
splits=(1 3 8 2 16)
full_ms=900
all=$(rounds 20 6) killed=0 resumed=0 saved=0
for ((round = 1; round <= all; round++)); do
    rm -rf out journal
    for ((kills = 1 + (round % 3 == 0); kills > 0; kills--)); do
        start "${fetch[@]}" -s "${splits[(round + kills) % 5]}" "$AT/pace/$RATE/$BYTES/big"
        random_below "$full_ms"
        kill_after "$R"
        killed=$((killed + KILLED))
    done
    [ ! -e out/big ] || cmp out/big want || fail "round $round: torn"
    [ ! -e out/.big.part ] || saved=$((saved + 1))
    "${fetch[@]}" --journal journal -s "${splits[round % 5]}" "$AT/pace/$RATE/$BYTES/big"
    cmp out/big want || fail "round $round: not the file of the server"
    no_litter out
    resumed=$((resumed + $(grep -c '"resumed":true' journal || true)))
done
[ "$killed" -ge $((all / 2)) ] || fail "only $killed of $all runs were still running when killed"
[ "$all" -lt 20 ] || [ "$resumed" -gt 0 ] || fail "no run went on with the bytes of the one before"

# Changed between two runs: shorter, longer, of the same length. A part of the old one is there.
mkdir root
start_server files server --root root
ROOT=http://127.0.0.1:$(cat files.port)
pattern 60000000 old >root/old
for size in 50000000 60000000 70000000; do
    pattern "$size" "new-$size" >new
    for ((tries = 0; tries < 40; tries++)); do
        rm -rf out
        cp root/old root/x
        start "${fetch[@]}" -s 4 "$ROOT/root/x"
        until [ -e out/.x.part.state ] || ! kill -0 "$PID" 2>/dev/null; do sleep 0.005; done
        random_below 20
        kill_after "$R"
        [ ! -e out/.x.part.state ] || break
    done
    [ "$tries" -lt 40 ] || fail "never killed with a part"
    cp new root/x.new && mv root/x.new root/x
    "${fetch[@]}" -s 4 "$ROOT/root/x" 2>log
    cmp new out/x || fail "size $size: not the new file"
    no_litter out
done
echo "# $killed were killed, $saved had saved a part, $resumed went on with it"
