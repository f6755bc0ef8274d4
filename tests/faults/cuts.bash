# shellcheck shell=bash disable=SC2034,SC2154
# Sourced after disk.bash by the scripts that cut the power under a program: when the cuts come, and what
# must hold after each. Over nothing and over an old tree, with SYNC=file every name of the target is old
# or complete at any time, and what was reported is there; with SYNC=end too, once the program has ended
# with 0. The same command then finishes. The same without sync, or with calls that only say they did,
# must lose something, or this proves nothing. A script has
#
#   COMMAND    the run, with the journal j; options come behind it
#   TARGET     where it puts what it makes, on disk/
#   SYNC       its option: --sync or --fsync
#   DURING     options of a run that is cut short
#   old        a tree that is there before; known, new: files with the records that may be there, and
#              those of a complete target
#
#   target_records   prints the records of what is there
#   differences      prints how the target differs from a complete one, in a few lines
#   missing          prints what the journal tells of, must be there and is not
#   more HOW         more cases of each round, or nothing
#
# and calls cut_all ROUNDS.

begin_with() { # TREE, or - for none
    rm -rf "$TARGET" j
    [ "$1" = - ] || cp -a "$1" "$TARGET"
    sync -f disk
}

bad_names() { # KNOWN
    [ ! -d "$TARGET" ] || target_records | comm -z -23 - "$1" | tr '\0' ' '
}

check_missing() {
    local bad
    bad=$(missing)
    [ -z "$bad" ] || lost "$WHERE: the journal has $bad"
}

# The same command once more, in a system that was started anew.
again() { # OPTION...
    local bad
    another_boot "${COMMAND[@]}" "$@"
    [ "$STATUS" = 0 ] || wrong "$WHERE: again: exit $STATUS: $(tail -n 3 err)"
    bad=$(differences)
    [ -z "$bad" ] || lost "$WHERE: after the second run: $bad"
    bad=$(litter_in "$TARGET")
    [ -z "$bad" ] || left "$WHERE: $bad"
}

# after HOW TREE OPTION...: cut when it has ended with 0: all of it is there.
after() {
    local how=$1 tree=$2 bad
    shift 2
    WHERE="$KIND, after $*, cut $how, over $tree"
    begin_with "$tree"
    ends_as 0 "${COMMAND[@]}" "$@"
    disk_cut_again "$how"
    a_case
    bad=$(differences)
    [ -z "$bad" ] || lost "$WHERE: $bad"
    check_missing
    again "$@"
}

# during HOW TREE OPTION...: cut at a random moment; FULL_MS is what the run takes.
during() {
    local how=$1 tree=$2 bad
    shift 2
    WHERE="$KIND, during $*, cut $how, over $tree"
    begin_with "$tree"
    start "${COMMAND[@]}" "${DURING[@]}" "$@" 2>err
    random_below "$FULL_MS"
    sleep "$(seconds "$R")"
    # shellcheck disable=SC2086 # -f or nothing
    power_cut "$PID" $how
    disk_again
    a_case
    bad=$(bad_names known)
    [ -z "$bad" ] || torn "$WHERE: $bad"
    check_missing
    again "$@"
}

# control HOW COMMAND...: the run ends with 0 and its promise is not kept: FAILED counts where it shows.
control() {
    local how=$1
    shift
    WHERE="$KIND, control $*, cut $how"
    begin_with -
    ends_as 0 "$@"
    disk_cut_again "$how"
    ALL=$((ALL + 1))
    [ -z "$(differences)" ] || FAILED=$((FAILED + 1))
    [ -z "$(bad_names new)" ] || TORN=$((TORN + 1))
}

cut_round() {
    local how tree
    for how in '' -f; do
        control "$how" "${COMMAND[@]}" "$SYNC=none"
        control "$how" "${unsynced[@]}" "${COMMAND[@]}" "$SYNC=file"
        control "$how" "${unsynced[@]}" "${COMMAND[@]}" "$SYNC=end"
        more "$how"
        for tree in - old; do
            after "$how" "$tree" "$SYNC=end"
            after "$how" "$tree" "$SYNC=file"
            during "$how" "$tree" "$SYNC=file"
        done
    done
}

cut_all() { # ROUNDS
    local begin round
    for KIND in ext4 xfs; do
        disk_make $KIND || { echo "# no $KIND here" && disk_end && continue; }
        begin_with -
        begin=$(now_ms)
        ends_as 0 "${COMMAND[@]}" "$SYNC=file"
        FULL_MS=$(($(now_ms) - begin))
        ALL=0 FAILED=0 TORN=0
        for ((round = 0; round < $1; round++)); do cut_round; done
        disk_end
        echo "# $KIND: a synced run takes $FULL_MS ms; of $ALL controls $FAILED lost something, as they must, in $TORN a final name was torn"
        [ $FAILED -gt 0 ] || fail "$KIND: no control failed: this proves nothing"
    done
}
