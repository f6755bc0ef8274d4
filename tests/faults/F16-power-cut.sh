#!/usr/bin/env bash
# F16: the power is cut after pfetch ended and while it runs, on ext4 and xfs, over nothing and over old
# files. With --fsync=file every final name is old or complete at any time, and what was reported is
# there; with --fsync=end too, once the program has ended with 0. The same command then finishes. Without,
# or with calls that only say they synced, something must be lost, or this proves nothing.
TMPFS_MB=600
. "$(dirname "$0")/lib.bash"
. "$FAULTS/disk.bash"
need jq

start_server server server
AT=http://127.0.0.1:$(cat server.port)
mkdir want old
for i in $(seq 30); do echo "$((i * i * 300)) small-$i"; done >files.txt
for i in 1 2 3; do echo "$((i * 700000 + 900000)) large-$i"; done >>files.txt
while read -r size name; do
    pattern "$size" "$name" >"want/$name"
    echo "old $name" >"old/$name"
    echo "$AT/bytes/$size/$name" >>urls.txt
done <files.txt
echo "$AT/pace/8000000/2000000/slow" >>urls.txt
pattern 2000000 slow >want/slow
contents_of() { (cd "$1" && find . -type f ! -name '.*' -exec sha256sum -z -- {} + | sort -z); }
{ contents_of want && contents_of old; } | sort -z -u >known
contents_of want >new

fetch=(pfetch -q -j 4 -s 2 -k 256K --on-exist=overwrite --journal j -d disk/out)
begin_with() { # TREE, or - for none
    rm -rf disk/out j
    [ "$1" = - ] || cp -a "$1" disk/out
    sync -f disk
}
bad_names() { # KNOWN
    [ ! -d disk/out ] || contents_of disk/out | comm -z -23 - "$1" | tr '\0' ' '
}
# Reported as ok, by a journal on a disk that was not cut: is it there?
missing() {
    local name
    [ -e j ] || return 0
    while read -r name; do
        cmp -s "want/$name" "disk/out/$name" || echo "$name"
    done < <(jq -Rr 'fromjson? | select(.status == "ok") | .path | sub(".*/"; "")' j)
}

after() { # HOW TREE OPTION...
    local how=$1 tree=$2 bad
    shift 2
    WHERE="$KIND, after $*, cut $how, over $tree"
    begin_with "$tree"
    ends_as 0 "${fetch[@]}" "$@" urls.txt
    # shellcheck disable=SC2086 # -f or nothing
    disk_cut $how
    disk_again
    a_case
    bad=$(diff -rq -x '.*.part*' want disk/out 2>&1) || lost "$WHERE: $bad"
    again "$@"
}

# The same command once more, in a system that was started anew.
again() {
    local bad
    another_boot "${fetch[@]}" "$@" urls.txt
    [ "$STATUS" = 0 ] || wrong "$WHERE: again: exit $STATUS: $(tail -n 3 err)"
    bad=$(diff -rq -x '.*.part*' want disk/out 2>&1) || lost "$WHERE: after the second run: $bad"
    bad=$(litter_in disk/out)
    [ -z "$bad" ] || left "$WHERE: $bad"
}

during() { # HOW TREE OPTION...
    local how=$1 tree=$2 bad
    shift 2
    WHERE="$KIND, during $*, cut $how, over $tree"
    begin_with "$tree"
    start "${fetch[@]}" --retries 0 "$@" urls.txt 2>err
    random_below "$FULL_MS"
    sleep "$(seconds "$R")"
    # shellcheck disable=SC2086 # -f or nothing
    power_cut "$PID" $how
    disk_again
    a_case
    bad=$(bad_names known)
    [ -z "$bad" ] || torn "$WHERE: $bad"
    # where pfetch had to make the directory, that may be gone as a whole
    bad=$(missing)
    [ -z "$bad" ] || [ ! -d disk/out ] || lost "$WHERE: reported and not there: $bad"
    again "$@"
}

control() { # HOW COMMAND...
    local how=$1
    shift
    WHERE="$KIND, control $*, cut $how"
    begin_with -
    ends_as 0 "$@" urls.txt
    # shellcheck disable=SC2086 # -f or nothing
    disk_cut $how
    disk_again
    ALL=$((ALL + 1))
    diff -rq want disk/out >/dev/null 2>&1 || FAILED=$((FAILED + 1))
    [ -z "$(bad_names new)" ] || TORN=$((TORN + 1))
}

ROUNDS=$(some 12 1)
for KIND in ext4 xfs; do
    disk_make $KIND || { echo "# no $KIND here" && disk_end && continue; }
    begin_with -
    begin=$(now_ms)
    ends_as 0 "${fetch[@]}" --fsync=file urls.txt
    FULL_MS=$(($(now_ms) - begin))
    ALL=0 FAILED=0 TORN=0
    for ((round = 0; round < ROUNDS; round++)); do
        for how in '' -f; do
            control "$how" "${fetch[@]}" --fsync=none
            control "$how" "${unsynced[@]}" "${fetch[@]}" --fsync=file
            control "$how" "${unsynced[@]}" "${fetch[@]}" --fsync=end
            for tree in - old; do
                after "$how" "$tree" --fsync=end
                after "$how" "$tree" --fsync=file
                during "$how" "$tree" --fsync=file
            done
        done
    done
    disk_end
    echo "# $KIND: a synced run takes $FULL_MS ms; of $ALL controls $FAILED lost something, as they must, in $TORN a final name was torn"
    [ $FAILED -gt 0 ] || fail "$KIND: no control failed: this proves nothing"
done
