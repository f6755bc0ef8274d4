# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by every script of tests/faults (see README.md there), each of which is a row of the table
# that `make faults` ends in. What tests/e2e/lib.bash gives is at hand, and words that count:
#
#   a_case        one more was tried
#   torn, lost, left, hung, wrong TEXT...   a fault of that kind; the script goes on
#
# and at the end the counts go to $FAULTS_TALLY, and the status is 1 when there was any fault.

# In a mount namespace of its own: one that somebody else makes meanwhile would have a copy of our
# mounts, and keep a file system alive that was shut down.
if [ -z "${PX_OWN_MOUNTS:-}" ] && [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    PX_OWN_MOUNTS=1 exec unshare -m bash "$0" "$@"
fi

FAULTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$FAULTS/../e2e/lib.bash"

LIMIT=180 # seconds that a run may take before it counts as one that hangs
declare -A COUNT=([cases]=0 [torn]=0 [lost]=0 [leftovers]=0 [hangs]=0 [other]=0)
MOUNTS=() LOOPS=() # what the end of the script takes away again, the last first

# is_short: CI's form. some LONG SHORT: the number for this form.
is_short() { [ -n "${SHORT:-}" ]; }
some() { if is_short; then echo "$2"; else echo "$1"; fi; }

a_case() { COUNT[cases]=$((COUNT[cases] + 1)); }
count_fault() { # KIND TEXT...
    local kind=$1
    shift
    COUNT[$kind]=$((COUNT[$kind] + 1))
    [ "${COUNT[$kind]}" -gt 10 ] || echo "$kind: $(head -c 500 <<<"$*")" >&2
}
torn() { count_fault torn "$@"; }
lost() { count_fault lost "$@"; }
left() { count_fault leftovers "$@"; }
hung() { count_fault hangs "$@"; }
wrong() { count_fault other "$@"; }
no_faults() { [ $((COUNT[torn] + COUNT[lost] + COUNT[leftovers] + COUNT[hangs] + COUNT[other])) = 0 ]; }

end_faults() {
    local status=$? i
    trap - EXIT
    cd /
    for ((i = ${#MOUNTS[@]} - 1; i >= 0; i--)); do umount -l "${MOUNTS[i]}" 2>/dev/null || true; done
    for ((i = ${#LOOPS[@]} - 1; i >= 0; i--)); do losetup -d "${LOOPS[i]}" 2>/dev/null || true; done
    [ "$(type -t at_end)" != function ] || at_end || true
    cd "$WORK"
    [ -z "${FAULTS_TALLY:-}" ] || echo "${COUNT[cases]} ${COUNT[torn]} ${COUNT[lost]}" \
        "${COUNT[leftovers]} ${COUNT[hangs]} ${COUNT[other]}" >"$FAULTS_TALLY"
    clean_up
    no_faults || [ $status -ne 0 ] || status=1
    exit $status
}
trap end_faults EXIT

need_root() { [ "$(id -u)" = 0 ] || skip "needs root"; }
need() { # COMMAND...
    local word
    for word in "$@"; do command -v "$word" >/dev/null || skip "no $word"; done
}

# runs COMMAND...: STATUS is how it ended; one that hangs is counted and killed. Bash's own line about
# a killed process is kept out of the way.
runs() {
    STATUS=0
    { timeout -k 5 "$LIMIT" "$@" 9>&-; } 2>err || STATUS=$?
    if [ "$STATUS" = 124 ]; then hung "$*"; fi
}

# ends_as CODE[|CODE...] COMMAND...: it must end with one of these.
ends_as() {
    local codes=$1
    shift
    runs "$@"
    case "|$codes|" in
    *"|$STATUS|"*) ;;
    *) [ "$STATUS" = 124 ] || wrong "exit $STATUS, not $codes: $*: $(tail -n 3 err)" ;;
    esac
}

# is_litter DIR: names of unfinished work below DIR.
litter_in() { find "$1" \( -name '.*.part*' -o -name '*.pcopy-tmp*' -o -name '*.pcopy-part*' \) -print; }

# check_records DIR KNOWN [PATTERN]: each name of DIR is one of KNOWN (records_of of the old and new
# trees), but for names like PATTERN.
check_records() {
    local bad
    [ -d "$1" ] || return 0
    bad=$(records_of "$1" | { grep -zvE "${3:-^$}" || true; } | comm -z -23 - "$2" | tr '\0' ' ')
    [ -z "$bad" ] || torn "$WHERE: neither old nor new: $bad"
}

# --- killed before each call ---------------------------------------------------------------------

# The calls that change what is on the disk, or hold on to it.
STATE_CALLS='openat mkdirat mknodat symlinkat linkat unlinkat renameat renameat2 write pwrite64
copy_file_range ioctl fallocate ftruncate fchmod fchmodat fchown fchownat fsetxattr fremovexattr
lsetxattr utimensat fsync fdatasync syncfs flock close'

# Which of them COMMAND makes, with the number of the first that counts and of the last one that any
# thread makes: lines "CALL FIRST LAST". (openat: the first that is not for reading.)
calls_of() {
    strace -f -qqq -o calls -e trace="${STATE_CALLS//[[:space:]]/,}" -- "$@" 9>&-
    awk '{call = $2; sub(/\(.*/, "", call)}
        $2 ~ /^[a-z]/ {n[$1 call]++; last[call] = n[$1 call] > last[call] ? n[$1 call] : last[call]
            if (!(call in first) && (call != "openat" || /O_WRONLY|O_RDWR|O_CREAT/)) {first[call] = n[$1 call]}}
        END {for (call in first) print call, first[call], last[call]}' calls | sort
}

# kill_each MODE POINTS COMMAND...: kills COMMAND before the Nth call of each kind, for each N (not more
# than POINTS of a kind, evenly spread; 0 is all). Around it it calls MODE_begin: makes what is there
# before; MODE_killed: judges what the kill left; MODE_again: judges what it is after COMMAND once more.
# WHERE says the point for messages.
kill_each() {
    local mode=$1 points=$2 call first last n step
    shift 2
    "${mode}_begin"
    calls_of "$@" >"calls-$mode"
    while read -r call first last; do
        step=1
        [ "$points" = 0 ] || step=$(((last - first) / points + 1))
        for ((n = first; ; n += step)); do
            WHERE="$mode, before $call $n"
            "${mode}_begin"
            runs strace -f -qqq -o trace -e trace="$call" \
                -e inject="$call:signal=SIGKILL:when=$n" -- "$@"
            if [ "$STATUS" != 137 ]; then # it has not so many of them
                [ "$STATUS" = 0 ] || [ "$STATUS" = 124 ] || wrong "$WHERE: exit $STATUS: $(tail -n 3 err)"
                break
            fi
            a_case
            "${mode}_killed"
            ends_as 0 "$@"
            "${mode}_again"
        done
    done <"calls-$mode"
}
