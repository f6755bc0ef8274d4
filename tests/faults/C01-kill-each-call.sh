#!/usr/bin/env bash
# C1: pcopy killed before each call that changes something, in each of its ways to work: every final
# name is old, absent or complete, nothing old is lost, the journal tells of nothing that is not
# there, and the same command then finishes the job and leaves nothing behind.
TMPFS_MB=100
. "$(dirname "$0")/lib.bash"
need strace jq

POINTS=$(some 0 2)

# src: what is to be copied; old: what was there, some names the same, some more.
mktree src --files 6 --dirs 3 --seed 1 --dist fixed=3000
ln src/f000000 src/d0001/twin && ln src/f000000 src/twin
ln -s f000000 src/link && mkfifo src/fifo && mkdir -m 0555 src/closed && echo x >src/closed/x
setfattr -n user.some -v thing src/f000003 2>/dev/null || true
head -c 300000 /dev/urandom >src/ranged
mktree old --files 6 --dirs 3 --seed 2 --dist fixed=5000
ln -s elsewhere old/link && echo more >old/d0001/more && mkdir old/extra && echo extra >old/extra/e
mkfifo old/fifo && ln old/f000003 old/f000003-twin
mktree large --files 0 --seed 3 --big one=3500K --big two=2M
{ records_of src && records_of old && records_of large; } | sort -z -u >known

names_of() { (cd "$1" && find . ! -type d ! -name '*.pcopy-*' | sort); }
comm -12 <(names_of src) <(names_of old) >both
begin_with() { # TREE, or - for none
    chmod -R u+w dst 2>/dev/null || true
    rm -rf dst j
    [ "$1" = - ] || cp -a "$1" dst
}
check_equal() { # TREE [OPTION]: what dst must be
    local bad
    bad=$(treecmp "${@:2}" "$1" dst 2>&1) || lost "$WHERE: after the second run: $bad"
}
check_litter() {
    local bad
    bad=$(litter_in dst)
    [ -z "$bad" ] || left "$WHERE: $bad"
}
check_names() { # FILE: these must be there
    local gone
    gone=$(comm -23 "$1" <(names_of dst))
    [ -z "$gone" ] || lost "$WHERE: $gone"
}

fresh_begin() { begin_with -; }
fresh_killed() { check_records dst known; }
fresh_again() { check_equal src && check_litter; }

replacing_begin() { begin_with old; }
replacing_killed() {
    check_records dst known
    check_names <(names_of old)
}
# What is only in the old tree stays.
replacing_again() {
    check_names <(names_of old)
    check_equal src --ignore=extra
    check_litter
}

delete_begin() { begin_with old; }
delete_killed() {
    check_records dst known
    check_names both
}
delete_again() { fresh_again; }

# Each old file is there under its name or a numbered one, at any time.
backup_begin() { begin_with old; }
backup_keeps() {
    local name kept
    while read -r name; do
        for kept in "dst/$name" "dst/$name.~1~" "dst/$name.~2~"; do
            ! cmp -s "old/$name" "$kept" || continue 2
        done
        lost "$WHERE: old $name"
    done < <(cd old && find . -type f)
}
backup_killed() {
    check_records dst known '~$'
    backup_keeps
}
backup_again() {
    backup_keeps
    check_equal src --ignore=extra,dirtimes
    check_litter
}

# The journal: files that it tells of are there; chunks, too, in the part that they were written to.
journal_is_true() { # SRC
    local path bytes offset begun inode
    [ -e j ] || return 0
    while IFS=$'\t' read -r path; do
        cmp -s "$1/${path#dst/}" "$path" || lost "$WHERE: the journal has $path"
    done < <(jq -Rr 'fromjson? | select(.status == "ok" and .type == "file") | .path' j)
    while IFS=$'\t' read -r path offset bytes begun; do
        [ -e "dst/.${path#dst/}.pcopy-part" ] || continue
        inode=$(jq -Rr --arg b "$begun" --arg p "$path" \
            'fromjson? | select(.status == "begin" and .run == $b and .path == $p) | .inode' j)
        [ "$inode" = "$(stat -c %i "dst/.${path#dst/}.pcopy-part")" ] || continue
        cmp -s -n "$bytes" -i "$offset" "$1/${path#dst/}" "dst/.${path#dst/}.pcopy-part" ||
            lost "$WHERE: the journal has $offset of $path"
    done < <(jq -Rr 'fromjson? | select(.status == "chunk") | [.path, .offset, .bytes, .begun] | @tsv' j)
}
chunks_begin() { begin_with -; }
chunks_killed() {
    check_records dst known
    journal_is_true large
}
chunks_again() {
    journal_is_true large
    check_equal large
    check_litter
}

# What a run has left that was killed in the middle of the large files.
journal=(pcopy -q -j 1 --reflink never --chunk-size 1M --journal j -T large dst)
begin_with -
runs strace -f -qqq -o trace -e trace=pwrite64 -e inject=pwrite64:signal=SIGKILL:when=6 "${journal[@]}"
[ -e dst/.one.pcopy-part ] || fail "no part of a killed run to go on with"
cp -a dst begun && cp j begun.j
resuming_begin() {
    begin_with -
    # moved, not copied: the journal knows the part's inode, so it is made again by the same run
    runs strace -f -qqq -o trace -e trace=pwrite64 -e inject=pwrite64:signal=SIGKILL:when=6 "${journal[@]}"
}
resuming_killed() { chunks_killed; }
resuming_again() { chunks_again; }

kill_each fresh "$POINTS" pcopy -q -j 1 -T src dst --specials
kill_each replacing "$POINTS" pcopy -q -j 2 --specials --sync=file -T src dst
kill_each delete "$POINTS" pcopy -q -j 1 --specials --delete -T src dst
kill_each backup "$POINTS" pcopy -q -j 1 --specials --backup=numbered -T src dst
kill_each chunks "$POINTS" pcopy -q -j 2 --reflink never --chunk-size 1M --journal j --sync=file -T large dst
kill_each resuming "$POINTS" "${journal[@]}"
