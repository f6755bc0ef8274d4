#!/usr/bin/env bash
# SIGINT and SIGTERM at random moments: pcopy ends within a second, by that signal, with no torn
# final name and no temporary file left, and the same command run again finishes the job.
TMPFS_MB=700
. "$(dirname "$0")/lib.bash"

mktree src --files 5000 --seed 51 --dist fixed=3000 --big one=60M --big two=40M
mktree begin --files 5000 --seed 52 --dist fixed=3000
find begin -type f -name 'f*[1-9]' -delete

copy=(pcopy -j 2 --chunk-size 1M -T src dst)
cp -a begin dst
begin=$(now_ms)
"${copy[@]}" 2>messages
full_ms=$(($(now_ms) - begin))

sums_of() { (cd "$1" && find . -type f ! -name '*.pcopy-tmp*' -print0 | xargs -0 -r sha256sum --); }
{ sums_of src && sums_of begin; } | sort -u >known

stopped=0 all=$(rounds 8 4)
for ((round = 0; round < all; round++)); do
    if [ $((round % 2)) = 0 ]; then signal=INT number=130; else signal=TERM number=143; fi
    rm -rf dst
    cp -a begin dst
    start "${copy[@]}" 2>messages
    random_below "$full_ms"
    stop_after "$R" $signal
    case $STATUS in
    "$number") stopped=$((stopped + 1)) ;;
    0) sooner ;;
    *) fail "SIG$signal: exit $STATUS: $(cat messages)" ;;
    esac
    left=$(find dst -name '*.pcopy-tmp*')
    [ -z "$left" ] || fail "temporary files are left: $left"
    if [ $LATE -gt 0 ] && [ "$STATUS" = "$number" ]; then round=$((round - 1)) stopped=$((stopped - 1)); fi
    wrong=$(sums_of dst | sort | comm -23 - known)
    [ -z "$wrong" ] || fail "neither old nor new: $wrong"
    "${copy[@]}" -q
    differs=$(treecmp src dst 2>&1) || fail "the second run did not finish the job: $differs"
done
[ $stopped -ge $((all / 3)) ] || fail "only $stopped of $all runs were still running when stopped"
echo "# the slowest end took $SLOWEST ms"
