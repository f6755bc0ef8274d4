#!/usr/bin/env bash
# C2, C3: the power is cut after pcopy ended and while it runs, on ext4 and xfs, over nothing and over an
# old tree. With --sync=file every final name is old or complete at any time and what the journal tells
# of is there; with --sync=end too, once the program has ended with 0. The same command then finishes.
# The same without sync, or with calls that only say they did, must lose something, or this proves nothing.
TMPFS_MB=700
. "$(dirname "$0")/lib.bash"
. "$FAULTS/disk.bash"
need jq

mktree src --files 150 --dirs 12 --seed 5 --links --big one=5M --big two=3M
mktree old --files 150 --dirs 12 --seed 6 --links --big one=3M
{ records_of src && records_of old; } | sort -z -u >known
records_of src >new

begin_with() { # TREE, or - for none
    rm -rf disk/dst j
    [ "$1" = - ] || cp -a "$1" disk/dst
    sync -f disk
}
copy=(pcopy -q -j 2 --chunk-size 1M --journal j -T src disk/dst)

# The names that are not as they must be.
bad_names() { # KNOWN
    [ ! -d disk/dst ] || records_of disk/dst | comm -z -23 - "$1" | tr '\0' ' '
}
journal_lies() {
    local path
    [ -e j ] || return 0
    while IFS= read -r path; do
        cmp -s "src/${path#disk/dst/}" "$path" || echo "$path"
    done < <(jq -Rr 'fromjson? | select(.status == "ok" and .type == "file" and .durable) | .path' j)
}
same_again() {
    local bad
    another_boot "${copy[@]}" "$@"
    [ "$STATUS" = 0 ] || wrong "$WHERE: again: exit $STATUS: $(tail -n 3 err)"
    bad=$(treecmp src disk/dst 2>&1 | head -n 5) || true
    [ -z "$bad" ] || lost "$WHERE: after the second run: $bad"
    bad=$(litter_in disk/dst)
    [ -z "$bad" ] || left "$WHERE: $bad"
}

# after HOW TREE OPTION...: cut when it has ended with 0: all of it is there.
after() {
    local how=$1 tree=$2 bad
    shift 2
    WHERE="$KIND, after $*, cut $how, over $tree"
    begin_with "$tree"
    ends_as 0 "${copy[@]}" "$@"
    # shellcheck disable=SC2086 # -f or nothing
    disk_cut $how
    disk_again
    a_case
    bad=$(treecmp src disk/dst 2>&1 | head -n 5) || true
    [ -z "$bad" ] || lost "$WHERE: $bad"
    bad=$(journal_lies)
    [ -z "$bad" ] || lost "$WHERE: the journal has $bad"
}

# during HOW TREE OPTION...: cut at a random moment; FULL_MS is what the run takes.
during() {
    local how=$1 tree=$2 bad
    shift 2
    WHERE="$KIND, during $*, cut $how, over $tree"
    begin_with "$tree"
    start "${copy[@]}" "$@" 2>err
    random_below "$FULL_MS"
    sleep "$(seconds "$R")"
    # shellcheck disable=SC2086 # -f or nothing
    power_cut "$PID" $how
    disk_again
    a_case
    bad=$(bad_names known)
    [ -z "$bad" ] || torn "$WHERE: $bad"
    bad=$(journal_lies)
    [ -z "$bad" ] || lost "$WHERE: the journal has $bad"
    same_again "$@"
}

# operands HOW: several of them into a directory that is there, one a file, one a directory, one a link.
operands() {
    WHERE="$KIND, operands, cut $1"
    begin_with -
    mkdir disk/dst && sync -f disk
    ends_as 0 pcopy -q --sync=file --backup=numbered src/two src/links src/links/dangling disk/dst
    ends_as 0 pcopy -q --sync=file --backup=numbered src/one -T disk/dst/two
    # shellcheck disable=SC2086 # -f or nothing
    disk_cut $1
    disk_again
    a_case
    cmp -s src/one disk/dst/two || lost "$WHERE: the second version of two"
    cmp -s src/two disk/dst/two.~1~ || lost "$WHERE: the backup of two"
    [ -L disk/dst/dangling ] || lost "$WHERE: a link"
    treecmp src/links disk/dst/links >differs 2>&1 || lost "$WHERE: $(head -n 3 differs)"
}

# control HOW COMMAND...: the run ends with 0 and its promise is not kept: CONTROLS counts where it shows.
control() {
    local how=$1
    shift
    WHERE="$KIND, control $*, cut $how"
    begin_with -
    ends_as 0 "$@"
    # shellcheck disable=SC2086 # -f or nothing
    disk_cut $how
    disk_again
    ALL=$((ALL + 1))
    treecmp src disk/dst >/dev/null 2>&1 || FAILED=$((FAILED + 1))
    [ -z "$(bad_names new)" ] || TORN=$((TORN + 1))
}

ROUNDS=$(some 15 1)
for KIND in ext4 xfs; do
    disk_make $KIND || { echo "# no $KIND here" && disk_end && continue; }
    begin_with -
    begin=$(now_ms)
    ends_as 0 "${copy[@]}" --sync=file
    FULL_MS=$(($(now_ms) - begin))
    ALL=0 FAILED=0 TORN=0
    for ((round = 0; round < ROUNDS; round++)); do
        for how in '' -f; do
            control "$how" "${copy[@]}" --sync=none
            control "$how" "${unsynced[@]}" "${copy[@]}" --sync=file
            control "$how" "${unsynced[@]}" "${copy[@]}" --sync=end
            operands "$how"
            for tree in - old; do
                after "$how" "$tree" --sync=end
                after "$how" "$tree" --sync=file
                during "$how" "$tree" --sync=file
            done
        done
    done
    disk_end
    echo "# $KIND: a synced run takes $FULL_MS ms; of $ALL controls $FAILED lost something, as they must, in $TORN a final name was torn"
    [ $FAILED -gt 0 ] || fail "$KIND: no control failed: this proves nothing"
done
