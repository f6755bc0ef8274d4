#!/usr/bin/env bash
# C2, C3: the power is cut after pcopy ended and while it runs, on ext4 and xfs; what must hold then is
# told in cuts.bash. Several operands and backups, too.
TMPFS_MB=700
. "$(dirname "$0")/lib.bash"
. "$FAULTS/disk.bash"
. "$FAULTS/cuts.bash"
need jq

mktree src --files 150 --dirs 12 --seed 5 --links --big one=5M --big two=3M
mktree old --files 150 --dirs 12 --seed 6 --links --big one=3M
{ records_of src && records_of old; } | sort -z -u >known
records_of src >new

TARGET=disk/dst SYNC=--sync DURING=()
COMMAND=(pcopy -q -j 2 --chunk-size 1M --journal j -T src "$TARGET")

target_records() { records_of "$TARGET"; }
differences() { treecmp src "$TARGET" 2>&1 | head -n 5 || true; }
missing() {
    local path
    [ -e j ] || return 0
    while IFS= read -r path; do
        cmp -s "src/${path#"$TARGET/"}" "$path" || echo "$path"
    done < <(jq -Rr 'fromjson? | select(.status == "ok" and .type == "file" and .durable) | .path' j)
}

# Several operands into a directory that is there, one a file, one a directory, one a link.
more() { # HOW
    WHERE="$KIND, operands, cut $1"
    begin_with -
    mkdir disk/dst && sync -f disk
    ends_as 0 pcopy -q --sync=file --backup=numbered src/two src/links src/links/dangling disk/dst
    ends_as 0 pcopy -q --sync=file --backup=numbered src/one -T disk/dst/two
    disk_cut_again "$1"
    a_case
    cmp -s src/one disk/dst/two || lost "$WHERE: the second version of two"
    cmp -s src/two disk/dst/two.~1~ || lost "$WHERE: the backup of two"
    [ -L disk/dst/dangling ] || lost "$WHERE: a link"
    treecmp src/links disk/dst/links >differs 2>&1 || lost "$WHERE: $(head -n 3 differs)"
}

cut_all "$(some 15 1)"
