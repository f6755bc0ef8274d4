#!/usr/bin/env bash
# C21, F14: few descriptors, a limit on the size of files, and 64 MiB of memory (a cgroup, caches included)
# for a million entries: slower, but right; or class 3 and nothing torn.
TMPFS_MB=2000
[ -z "${SHORT:-}" ] || TMPFS_MB=300
. "$(dirname "$0")/lib.bash"

start_server server server
AT=http://127.0.0.1:$(cat server.port)
limited() { # ULIMIT_OPTION VALUE COMMAND...
    local option=$1 value=$2
    shift 2
    # shellcheck disable=SC2016 # for the inner shell
    runs bash -c 'ulimit "$0" "$1" && shift && exec "$@"' "$option" "$value" "$@"
}

# --- descriptors
mktree src --files 300 --dirs 150 --seed 4 --depth 60 --dist fixed=2000 --big large=9M
for limit in 16 20 64; do
    a_case
    WHERE="pcopy with $limit descriptors"
    rm -rf dst
    limited -n $limit pcopy -q -j 4 --chunk-size 1M -T src dst
    [ "$STATUS" = 0 ] || wrong "$WHERE: exit $STATUS: $(tail -n 3 err)"
    treecmp src dst >differs 2>&1 || lost "$WHERE: $(head -n 3 differs)"
    a_case
    WHERE="pfetch with $limit descriptors"
    rm -rf out && seq -f "$AT/bytes/30000/f%.0f" 40 >urls.txt
    limited -n $limit pfetch -q -j 16 --retries 2 --retry-wait 0.1 -d out urls.txt
    case $STATUS in
    0) [ "$(find out -type f | wc -l)" = 40 ] || lost "$WHERE: $(find out -type f | wc -l) of 40 files" ;;
    3) ;;
    *) wrong "$WHERE: exit $STATUS: $(tail -n 3 err)" ;;
    esac
done

# --- the size of files: no death by SIGXFSZ, the old file stays
mkdir to && echo old >to/large
for program in 'pcopy -q -j 2 --chunk-size 1M src/large to' "pfetch -q --on-exist=overwrite -d to $AT/bytes/9000000/large"; do
    a_case
    # shellcheck disable=SC2086 # a command
    limited -f 2000 $program
    [ "$STATUS" = 3 ] || wrong "$program: exit $STATUS"
    [ "$(cat to/large)" = old ] || torn "$program"
    grep -q 'large.*File too large' err || wrong "$program: $(cat err)"
done

# --- memory
cgroup_make() { # BYTES: CGROUP, or 1
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        CGROUP=/sys/fs/cgroup/pxfer-faults.$$
        mkdir "$CGROUP" 2>/dev/null && echo "$1" >"$CGROUP/memory.max" 2>/dev/null
    else
        CGROUP=/sys/fs/cgroup/memory/pxfer-faults.$$
        mkdir "$CGROUP" 2>/dev/null && echo "$1" >"$CGROUP/memory.limit_in_bytes" 2>/dev/null
    fi
}
if [ "$(id -u)" != 0 ] || ! cgroup_make $((64 << 20)); then
    echo "# the memory limit was not tried: no memory cgroup can be made here"
    exit 0
fi
ENTRIES=$(some 1000000 100000)
LIMIT=1800
many=$(mktemp -d "${TMPDIR:-/tmp}/px-faults.XXXXXX") # on a disk: files of a tmpfs count as memory
at_end() {
    rm -rf "$many"
    rmdir "$CGROUP" 2>/dev/null || true
}
mkdir src2
for ((i = 0; i < ENTRIES / 1000; i++)); do
    mkdir src2/$i && (cd src2/$i && seq 999 | xargs touch)
done
a_case
# shellcheck disable=SC2016 # for the inner shell
runs bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$CGROUP" \
    clocked clock pcopy -q -j 2 -T src2 "$many/dst"
[ "$STATUS" = 0 ] || wrong "$ENTRIES entries in 64 MiB: exit $STATUS: $(tail -n 3 err)"
got=$(find "$many/dst" | wc -l)
[ "$got" = $((ENTRIES + 1)) ] || lost "$ENTRIES entries in 64 MiB: $got names"
echo "# $ENTRIES entries in a cgroup of 64 MiB: $(tr '\n' ' ' <clock)"
