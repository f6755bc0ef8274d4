#!/usr/bin/env bash
# F16: pfetch killed before each call that changes something: new files, replacing, going on with what
# a killed run left, in segments; with a journal. Every final name is old, absent or complete, the journal
# tells of nothing that is not there, and the same command then finishes and leaves nothing behind.
TMPFS_MB=100
. "$(dirname "$0")/lib.bash"
need strace jq

POINTS=$(some 0 2)
start_server server server
AT=http://127.0.0.1:$(cat server.port)

mkdir want old
for file in 3000/small 200000/middle 1500000/large; do
    pattern "${file%/*}" "${file#*/}" >"want/${file#*/}"
    echo "old ${file#*/}" >"old/${file#*/}"
    echo "$AT/bytes/$file" >>urls.txt
done
mkdir want-one
pattern 1200000 one >want-one/one
# Modes too: a part file has another one than the file that it becomes.
contents_of() { (cd "$1" && find . -type f ! -name '.*' -printf '%m %p\0' -exec sha256sum -z -- {} + | sort -z); }
{ contents_of want && contents_of want-one && contents_of old; } | sort -z -u >known

begin_with() { # TREE, or - for none
    rm -rf out j
    [ "$1" = - ] || cp -a "$1" out
}
check_killed() { # WANT
    local bad name
    [ -d out ] || return 0
    bad=$(contents_of out | comm -z -23 - known | tr '\0' ' ')
    [ -z "$bad" ] || torn "$WHERE: neither old nor new: $bad"
    [ -e j ] || return 0
    while read -r name; do
        cmp -s "out/$name" "$1/$name" || lost "$WHERE: the journal has $name"
    done < <(jq -Rr 'fromjson? | select(.status == "ok") | .path | sub(".*/"; "")' j)
}
check_again() { # WANT
    local bad
    bad=$(diff -rq "$1" out 2>&1) || lost "$WHERE: after the second run: $bad"
    bad=$(litter_in out)
    [ -z "$bad" ] || left "$WHERE: $bad"
}

fresh_begin() { begin_with -; }
fresh_killed() { check_killed want; }
fresh_again() { check_again want; }

replacing_begin() { begin_with old; }
replacing_killed() {
    check_killed want
    [ "$(find out -type f ! -name '.*' | wc -l)" = 3 ] || lost "$WHERE: an old file"
}
replacing_again() { check_again want; }

segments_begin() { begin_with -; }
segments_killed() { check_killed want-one; }
segments_again() { check_again want-one; }
segments=(pfetch -q -s 3 -k 64K --journal j -d out "$AT/pace/4000000/1200000/one")

# What a killed run has left: a part with its state.
resuming_begin() {
    begin_with -
    runs strace -f -qqq -o trace -e trace=pwrite64 -e inject=pwrite64:signal=SIGKILL:when=4 "${one[@]}"
}
resuming_killed() { check_killed want-one; }
resuming_again() { check_again want-one; }
one=(pfetch -q -j 1 --fsync=file --journal j -d out "$AT/pace/6000000/1200000/one")

kill_each fresh "$POINTS" pfetch -q -j 1 --journal j -d out urls.txt
kill_each replacing "$POINTS" pfetch -q -j 2 --fsync=file --on-exist=overwrite -d out urls.txt
kill_each segments "$POINTS" "${segments[@]}"
kill_each resuming "$POINTS" "${one[@]}"
