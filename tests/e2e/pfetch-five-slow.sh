#!/usr/bin/env bash
# Five workers and five URLs that take a second each: done in 1.1 s, and the report, which has
# measured one worker first, says that this is at least 4.5 times as fast.
. "$(dirname "$0")/lib.bash"

start_server server server
AT=http://127.0.0.1:$(cat server.port)
for i in 1 2 3 4 5; do echo "$AT/delay/1000/page-$i"; done >urls.txt

limit=1100
[ "$SAN" = none ] || limit=1500

# A machine that is busy elsewhere gets three tries.
for try in 1 2 3; do
    begin=$(now_ms)
    pfetch -j 5 -d "first-$try" urls.txt 2>text
    whole_ms=$(($(now_ms) - begin))
    pfetch -j 5 --baseline --report=json --progress=none -d "second-$try" urls.txt 2>report
    for dir in first second; do
        for i in 1 2 3 4 5; do
            grep -q "<title>page-$i</title>" "$dir-$try/page-$i" || fail "$dir-$try/page-$i is wrong"
        done
        no_litter "$dir-$try"
    done
    wall_ms=$(jq -r '.wall_ms | floor' report)
    [ "$wall_ms" -gt $limit ] || [ "$whole_ms" -gt $((limit + 100)) ] || break
done
grep -q 'speed-up' text || fail "the report says nothing about one thread: $(cat text)"

speedup=$(jq -r .single_thread.measured.speedup report)
[ "$wall_ms" -le $limit ] || fail "the run took $wall_ms ms"
[ "$whole_ms" -le $((limit + 100)) ] || fail "the program took $whole_ms ms"
[ "$SAN" != none ] || jq -e '.single_thread.measured.speedup >= 4.5' report >/dev/null || fail "speed-up $speedup"
echo "# $wall_ms ms, speed-up $speedup"
