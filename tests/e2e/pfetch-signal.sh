#!/usr/bin/env bash
# SIGINT and SIGTERM at random moments: pfetch ends within a second, by that signal, with no torn
# final name, and the same command run again finishes the job. So it does while every worker waits
# for a server that says nothing.
TMPFS_MB=200
. "$(dirname "$0")/lib.bash"

start_server server server
AT=http://127.0.0.1:$(cat server.port)
mkdir want
for i in $(seq 12); do
    echo "$AT/bytes/$((i * 9000))/small-$i" >>urls.txt
    pattern $((i * 9000)) "small-$i" >"want/small-$i"
done
for i in 1 2 3 4 5 6; do
    echo "$AT/pace/6000000/$((i * 300000 + 400000))/slow-$i" >>urls.txt
    pattern $((i * 300000 + 400000)) "slow-$i" >"want/slow-$i"
done
(cd want && sha256sum -- *) >sums

# check_names: every final name has just the right bytes.
check_names() {
    local wrong
    [ -d out ] || return 0
    wrong=$(cd out && sha256sum --ignore-missing --quiet -c ../sums 2>&1 | grep FAILED) || true
    [ -z "$wrong" ] || fail "torn: $wrong"
}

full_ms=400
stopped=0 all=$(rounds 8 4)
for ((round = 0; round < all; round++)); do
    if [ $((round % 2)) = 0 ]; then signal=INT number=130; else signal=TERM number=143; fi
    rm -rf out
    start pfetch -j 5 -d out urls.txt 2>messages
    random_below "$full_ms"
    stop_after $((R + 30)) $signal
    case $STATUS in
    "$number") stopped=$((stopped + 1)) ;;
    0) sooner ;;
    *) fail "SIG$signal: exit $STATUS: $(cat messages)" ;;
    esac
    check_names
    if [ $LATE -gt 0 ] && [ "$STATUS" = "$number" ]; then round=$((round - 1)) stopped=$((stopped - 1)); fi
    pfetch -q -j 5 -d out urls.txt
    treecmp --ignore=mode,owner,times,dirtimes want out || fail "the second run did not finish the job"
done
[ $stopped -ge $((all / 2)) ] || fail "only $stopped of $all runs were still running when stopped"

seq -f "$AT/delay/1000000/page-%.0f" 20 >silent.txt
for signal in INT TERM; do
    LATE=0
    while :; do
        start pfetch -j 5 --streams 2 -d silent silent.txt 2>messages
        stop_after 300 $signal
        [ $LATE -gt 0 ] || break
    done
    case $signal-$STATUS in
    INT-130 | TERM-143) ;;
    *) fail "SIG$signal while waiting: exit $STATUS: $(cat messages)" ;;
    esac
    [ -z "$(find silent -mindepth 1)" ] || fail "litter: $(find silent -mindepth 1)"
done
echo "# the slowest end took $SLOWEST ms"
