#!/usr/bin/env bash
# 200 pieces on standard output with 16 workers, the first one the slowest: their concatenation, in
# no more than 1.1 times the time of the same download to files. And large pieces, of which far more
# wait for the first one than fits: in less than 64 MiB of memory.
TMPFS_MB=2000
. "$(dirname "$0")/lib.bash"

start_server server server
AT=http://127.0.0.1:$(cat server.port)
export TMPDIR=$WORK

# ---- speed: the server gives 2 MiB/s to each connection, and half of that to the first ----
{
    echo "$AT/pace/1048576/1048576/first"
    for ((i = 1; i < 200; i++)); do echo "$AT/pace/2097152/262144/$i"; done
} >list.txt
{
    pattern 1048576 first
    for ((i = 1; i < 200; i++)); do pattern 262144 $i; done
} >want
for try in 1 2 3 4 5 6; do # a machine may be busy elsewhere
    begin=$(now_ms)
    pfetch -q -j 16 -d "files-$try" list.txt
    files_ms=$(($(now_ms) - begin))
    begin=$(now_ms)
    pfetch -q --stdout -j 16 list.txt | cmp - want || fail "not the concatenation"
    stdout_ms=$(($(now_ms) - begin))
    [ $((stdout_ms * 10)) -gt $((files_ms * 11)) ] || break
done
[ "$SAN" != none ] || [ $((stdout_ms * 10)) -le $((files_ms * 11)) ] ||
    fail "$stdout_ms ms in order, $files_ms ms to files"
rm -rf want files-*

# ---- memory: 1.5 GiB wait ----
pieces=184 bytes=8388608
[ "$SAN" = none ] || pieces=20
{
    echo "$AT/delay/1000/first"
    for ((i = 1; i < pieces; i++)); do echo "$AT/bytes/$bytes/large"; done
} >large.txt
clocked clock pfetch -q --stdout -j 16 large.txt | tail -c +52 | {
    for ((i = 1; i < pieces; i++)); do
        head -c $bytes | cmp - <(pattern $bytes large) || fail "piece $i is another"
    done
}
read -r _ _ _ rss_kb status <clock
[ "$status" = 0 ] || fail "exit $status"
[ "$SAN" != none ] || [ "$rss_kb" -lt 65536 ] || fail "$rss_kb KiB of memory"
no_litter .
echo "# to files $files_ms ms, in order $stdout_ms ms; $rss_kb KiB with large pieces"
