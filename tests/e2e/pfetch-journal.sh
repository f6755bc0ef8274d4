#!/usr/bin/env bash
# A batch with a journal, killed with SIGKILL at a random moment, 20 times: the journal never tells of
# a file that is not there whole; the same command goes on, makes no request for what the journal
# proved done (--on-exist=overwrite would fetch it again), and finishes the batch; a third run makes
# no request at all.
TMPFS_MB=100
. "$(dirname "$0")/lib.bash"

start_server server server
AT=http://127.0.0.1:$(cat server.port)
mkdir want
for i in $(seq 60); do
    echo "$AT/bytes/$((i * 3000))/small-$i" >>urls.txt
    pattern $((i * 3000)) "small-$i" >"want/small-$i"
done
for i in 1 2 3; do
    echo "$AT/pace/16000000/$((i * 100000 + 1100000))/large-$i" >>urls.txt
    pattern $((i * 100000 + 1100000)) "large-$i" >"want/large-$i"
done
files=$(wc -l <urls.txt)

requests() { wc -l <server.log; }

# What the journal proves: NAME of each line that is whole and says so.
proved() { jq -Rr 'fromjson? | select(.status == "ok") | .path | sub(".*/"; "")' journal | sort; }

fetch=(pfetch -q -j 3 -d out --on-exist=overwrite --journal journal)
begin=$(now_ms)
"${fetch[@]}" urls.txt
full_ms=$(($(now_ms) - begin))

all=$(rounds 20 5) killed=0 spared=0
for ((round = 1; round <= all; round++)); do
    rm -rf out journal
    start "${fetch[@]}" urls.txt
    random_below "$full_ms"
    kill_after "$R"
    killed=$((killed + KILLED))
    : >>journal
    proved >done.txt
    while read -r name; do
        cmp -s "out/$name" "want/$name" || fail "round $round: the journal tells of $name"
    done <done.txt
    spared=$((spared + $(wc -l <done.txt)))

    before=$(requests)
    "${fetch[@]}" urls.txt
    tail -n +$((before + 1)) server.log | cut -f 3 | sed 's|.*/||' | sort -u >asked.txt
    again=$(comm -12 done.txt asked.txt)
    [ -z "$again" ] || fail "round $round: asked for again: $again"
    diff -r want out || fail "round $round: the batch is not whole"
    no_litter out

    before=$(requests)
    "${fetch[@]}" urls.txt
    [ "$(requests)" = "$before" ] || fail "round $round: a finished batch made requests"
    [ "$(jq -Rr 'fromjson? | .reason' journal | tail -n "$files" | sort -u)" = 'done' ] ||
        fail "round $round: not everything was done"
done
[ "$killed" -ge $((all / 2)) ] || fail "only $killed of $all runs were still running when killed"
[ "$all" -lt 20 ] || [ "$spared" -gt 0 ] || fail "no request was spared"
echo "# $killed of $all runs were killed; $spared files were not asked for again"
