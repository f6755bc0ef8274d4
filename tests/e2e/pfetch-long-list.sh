#!/usr/bin/env bash
# A list of a million lines (E2E_ROUNDS=10000: ten) in constant memory: plain, with --strict from a
# pipe, as JSON Lines in gzip data, as Metalink. A share of it is planned, nothing is fetched. Under a
# sanitizer the peak says nothing, and a tenth of the lines is enough.
. "$(dirname "$0")/lib.bash"
lines=$(($(rounds 1000 100) * 1000))

plain() { seq 1 $lines | sed 's|.*|http://host&.example/dir/file-&.bin|'; }
json() { seq 1 $lines | sed 's|.*|{"url": "http://host&.example/dir/file-&.bin"}|' | gzip -1; }
metalink() {
    echo '<metalink xmlns="urn:ietf:params:xml:ns:metalink">'
    seq 1 $lines | sed 's|.*|<file name="file-&.bin"><url>http://host&.example/dir/&</url></file>|'
    echo '</metalink>'
}

# memory_of NAME MAKER OPTION...: plans a share of the list and notes the peak, in KiB.
declare -A peak
memory_of() {
    local name=$1 maker=$2 begin got=0
    shift 2
    mkfifo list
    begin=$(now_ms)
    pfetch --dry-run -q --shard 3/64 --shard-by item "$@" list >"plan.$name" 9>&- &
    PID=$!
    # the last byte comes when the peak was noted: the program is still there then
    {
        $maker
        sleep 0.3
        peak[$name]=$(awk '/^VmHWM/ {print $2}' "/proc/$PID/status")
    } >list
    wait $PID || got=$?
    [ $got = 0 ] || fail "$name: exit $got"
    rm list
    echo "# $name: $lines lines, peak ${peak[$name]} KiB, $(($(now_ms) - begin)) ms"
    [ "$SAN" != none ] || [ "${peak[$name]}" -le 24000 ] || fail "$name: ${peak[$name]} KiB"
}

memory_of plain plain
memory_of strict plain --strict
memory_of json json
memory_of metalink metalink
wc=$(wc -l <plan.plain)
if [ "$wc" -lt $((lines / 80)) ] || [ "$wc" -gt $((lines / 50)) ]; then fail "a share of $wc lines"; fi
cmp plan.plain plan.strict
cmp plan.plain plan.json
diff <(sed 's/.* -> //' plan.plain) <(sed 's/.* -> //' plan.metalink) || fail "another share"
