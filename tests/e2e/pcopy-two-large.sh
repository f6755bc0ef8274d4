#!/usr/bin/env bash
# Two files of 250 MB in memory, copied by one worker and by two: the copies are right. How much
# faster two are is printed here and judged by make bench, on a machine that does nothing else.
TMPFS_MB=1800
. "$(dirname "$0")/lib.bash"
[ "${WORK#/dev/shm/}" != "$WORK" ] || skip "no $TMPFS_MB MB free in /dev/shm"

size=250M
[ "$SAN" = none ] || size=150M
mktree src --files 0 --seed 61 --big one=$size --big two=$size
for turn in 1 2 3; do
    for jobs in 1 2; do
        rm -rf dst
        pcopy -j $jobs --report=json --progress=none -T src dst 2>report
        jq -r .wall_ms report >>wall-$jobs
        if [ $turn = 1 ]; then
            treecmp src dst || fail "-j $jobs: the copy differs"
        fi
    done
done
best() { sort -n "$1" | head -n 1; }
awk -v one="$(best wall-1)" -v two="$(best wall-2)" \
    'BEGIN {printf "# -j 1: %.0f ms, -j 2: %.0f ms, ratio %.2f\n", one, two, one / two}'
