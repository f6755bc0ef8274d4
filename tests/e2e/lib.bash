# shellcheck shell=bash disable=SC2034
# Sourced by every script of tests/e2e, each of which is one case: a whole run of the programs
# against servers on loopback. A case prints nothing but "# ..." lines when all is well, says what
# was wrong otherwise, and ends with 0 or 1. It stands in a scratch folder that is removed at the
# end, with the programs and helpers on PATH.
#
#   BUILD=build/release SAN=none bash tests/e2e/CASE.sh
#
# E2E_SEED chooses the random moments; E2E_ROUNDS how often they are tried; E2E_KEEP=1 leaves the
# scratch folder. tests/run gives each case ten minutes.
set -Eeuo pipefail

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=${BUILD:-build/release}
case $BUILD in /*) ;; *) BUILD=$(cd "$E2E/../.." && cd "$BUILD" && pwd) ;; esac
SAN=${SAN:-none}
PATH=$BUILD:$BUILD/helper:$PATH
export BUILD SAN PATH LC_ALL=C
CASE=$(basename "$0" .sh)
RANDOM=${E2E_SEED:-7}

# A case that sets TMPFS_MB before it sources this file works in memory where there is that much.
tmp=${TMPDIR:-/tmp}
if [ -w /dev/shm ] && [ "${TMPFS_MB:-0}" -gt 0 ] &&
    [ "$(df --output=avail -B 1M /dev/shm | tail -n 1)" -ge "$TMPFS_MB" ]; then
    tmp=/dev/shm
fi
WORK=$(mktemp -d "$tmp/px-e2e.XXXXXX")
cd "$WORK"

clean_up() {
    local pids
    exec 9>&- # the pipe that keeps the servers alive
    pids=$(jobs -pr)
    # shellcheck disable=SC2086 # a list of numbers
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
    wait 2>/dev/null || true
    cd /
    if [ -n "${E2E_KEEP:-}" ]; then
        echo "# kept: $WORK"
    else
        chmod -R u+rwx "$WORK" 2>/dev/null || true
        rm -rf "$WORK"
    fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
trap 'echo "status $?: line $LINENO: $BASH_COMMAND" >&2' ERR
mkfifo guard
exec 9<>guard

fail() {
    echo "FAILED: $*" >&2
    trap - ERR
    exit 1
}

# skip REASON: the case cannot be tried here.
skip() {
    printf '1..1\nok 1 %s # SKIP %s\n' "$CASE" "$*"
    exit 0
}

# rounds N M: N, or M under a sanitizer, or what E2E_ROUNDS says.
rounds() { if [ "$SAN" = none ]; then echo "${E2E_ROUNDS:-$1}"; else echo "${E2E_ROUNDS:-$2}"; fi; }

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
seconds() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); } # of milliseconds, for sleep

# start_server NAME PROGRAM OPTION...: a helper; its port is in NAME.port, its log NAME.log.
start_server() {
    local name=$1 i
    shift
    : >"$name.log"
    "$@" --stdin-guard --port-file "$name.port" --log "$name.log" <guard 9>&- &
    for ((i = 0; i < 5000; i++)); do
        [ -s "$name.port" ] && return
        sleep 0.02
    done
    fail "$1 did not start"
}

# expect CODE COMMAND...: the command must end with that exit code.
expect() {
    local want=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" = "$want" ] || fail "exit $got, expected $want: $*"
}

# one_of_five ATTEMPT: calls that function with 1, 2, ... until a try ends without having called wrong();
# for what depends on who gets a processor.
one_of_five() {
    local try
    for try in 1 2 3 4 5; do
        WRONG=
        "$1" $try
        [ -n "$WRONG" ] || return 0
        echo "# $try: $WRONG"
    done
    fail "$WRONG"
}

# wrong WORDS: this try is not as it should be.
wrong() { WRONG=$*; }

# start COMMAND...: in the background, with signals as a terminal leaves them; sets PID.
start() {
    env --default-signal=INT,QUIT "$@" 9>&- &
    PID=$!
}

# opens AT NAME: lets the server at that address send what waits behind the gate NAME.
opens() {
    local host=${1#http://}
    exec 5<>"/dev/tcp/${host%:*}/${host#*:}"
    printf 'GET /open/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$2" "$host" >&5
    grep -q '^open' <&5 || fail "no gate $2"
    exec 5<&-
}

# wait_for COMMAND...: until it succeeds, at most 100 s; that is for what hangs.
wait_for() {
    local end=$((SECONDS + 100))
    while [ $SECONDS -lt $end ]; do
        ! "$@" || return 0
        sleep 0.02
    done
    fail "waited in vain for $*"
}

# sooner: what was to be stopped was done already. FULL_MS, below which moments are chosen, shrinks, so
# that enough of them lie within a run also where the machine was slower when a whole one was measured.
sooner() { full_ms=$((full_ms * 4 / 5 + 1)); }

# kill_after MS: kills what `start` started. KILLED is 1 when it was still running.
full_ms=1000
kill_after() {
    sleep "$(seconds "$1")"
    kill -KILL "$PID" 2>/dev/null || true
    local got=0
    wait "$PID" 2>/dev/null || got=$?
    case $got in
    137) KILLED=1 ;;
    0) KILLED=0 && sooner ;;
    *) fail "exit $got before it was killed" ;;
    esac
}

# stop_after MS SIGNAL: sends it to what `start` started, which must end within a second (two under
# a sanitizer). On a machine that is busy elsewhere it may be later than that, LATE times in a row, but not
# always: the caller repeats its round while LATE is not 0. STATUS is how it ended, SLOWEST the longest
# of those in time.
SLOWEST=0 LATE=0
stop_after() {
    sleep "$(seconds "$1")"
    local begin took limit=1000
    [ "$SAN" = none ] || limit=2000
    begin=$(now_ms)
    kill -"$2" "$PID" 2>/dev/null || true
    STATUS=0
    wait "$PID" 2>/dev/null || STATUS=$?
    took=$(($(now_ms) - begin))
    if [ $took -gt $limit ]; then
        LATE=$((LATE + 1))
        [ $LATE -lt 8 ] || fail "took $took ms to end after SIG$2, and too long seven times before"
        return
    fi
    LATE=0
    if [ $took -gt $SLOWEST ]; then SLOWEST=$took; fi
}

# random_below N: into R; $RANDOM has 15 bits.
random_below() { R=$(((RANDOM << 15 | RANDOM) % $1)); }

# No name that begins with a dot is left in DIR.
no_litter() {
    local left
    left=$(find "$1" -name '.*' ! -path "$1")
    [ -z "$left" ] || fail "left behind in $1: $left"
}

# json_lines FILE N: N lines, each one a JSON object.
json_lines() {
    [ "$(wc -l <"$1")" = "$2" ] || fail "$1 has $(wc -l <"$1") lines, expected $2"
    jq -Rne '[inputs | fromjson | type] | all(. == "object")' "$1" >/dev/null ||
        fail "$1 is not JSON Lines"
}

# records_of DIR: what pcopy has there, but directories and temporary names, as NUL-terminated records:
# of files the content, mode and time; of links the target. (What is no file is made under its name,
# which no call can do with the right owner and times.)
records_of() {
    (
        cd "$1"
        find . -type f ! -name '*.pcopy-*' -print0 | xargs -0 -r sha256sum -z --
        find . -type f ! -name '*.pcopy-*' -printf 'f %m %T@ %s %p\0' -o \
            ! -type d ! -type f ! -name '*.pcopy-*' -printf '%y %l %p\0'
    ) | LC_ALL=C sort -z
}
