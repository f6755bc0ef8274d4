#!/usr/bin/env bash
# Five workers and five URLs that take a second each: done in 1.1 s, and the report, which has
# measured one worker first, says that this is at least 4.5 times as fast. A machine that is busy elsewhere
# gets five tries, and more time: ten times as much as a sleep of a second beside it is late.
. "$(dirname "$0")/lib.bash"

start_server server server
AT=http://127.0.0.1:$(cat server.port)
for i in 1 2 3 4 5; do echo "$AT/delay/1000/page-$i"; done >urls.txt

# late: how much later than a second a sleep of a second comes back, in ms, for the whole of a try.
late() {
    local begin worst=0 took
    while [ ! -e over ]; do
        begin=$(now_ms)
        sleep 1
        took=$(($(now_ms) - begin - 1000))
        if [ $took -gt $worst ]; then worst=$took; fi
    done
    echo $worst
}

for try in 1 2 3 4 5; do
    rm -f over
    late >worst &
    begin=$(now_ms)
    pfetch -j 5 -d "first-$try" urls.txt 2>text
    whole_ms=$(($(now_ms) - begin))
    pfetch -j 5 --baseline --report=json --progress=none -d "second-$try" urls.txt 2>report
    touch over
    wait $!
    limit=$((1050 + 10 * $(cat worst)))
    if [ "$limit" -lt 1100 ]; then limit=1100; fi
    [ "$SAN" = none ] || limit=$((limit + 400))
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

# of the two times that the report tells, a second each
least=$(jq -n "if $limit > 1100 then 5000 / $limit else 4.5 end")
speedup=$(jq -r .single_thread.measured.speedup report)
[ "$wall_ms" -le "$limit" ] || fail "the run took $wall_ms ms"
[ "$whole_ms" -le $((limit + 100)) ] || fail "the program took $whole_ms ms"
[ "$SAN" != none ] || jq -e '.single_thread.measured.speedup >= '"$least" report >/dev/null || fail "speed-up $speedup"
echo "# $wall_ms ms, speed-up $speedup"
