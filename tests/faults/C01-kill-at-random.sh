#!/usr/bin/env bash
# C1, F16, C22: killed at random moments and run again until done (the whole runs of tests/e2e, with more
# rounds): pcopy with and without a journal, pfetch, its segments, its journal.
. "$(dirname "$0")/lib.bash"

# rounds_of CASE ROUNDS: its last line tells what it did.
rounds_of() {
    local i
    E2E_SEED=$((SEED + 1)) E2E_ROUNDS=$2 bash "$FAULTS/../e2e/$1.sh" >said 2>err ||
        torn "$1: $(tail -n 5 err)"
    sed "s/^# /# $1: /" said
    for ((i = 0; i < $2; i++)); do a_case; done
}
SEED=${E2E_SEED:-$((RANDOM))}
echo "# E2E_SEED=$SEED"
rounds_of pcopy-kill-9 "$(some 300 6)"
rounds_of pfetch-kill-9 "$(some 100 4)"
rounds_of pfetch-segments-kill-9 "$(some 50 4)"
rounds_of pfetch-journal "$(some 50 4)"
