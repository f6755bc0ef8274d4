#!/usr/bin/env bash
# pcopy killed with SIGKILL at a random moment, 50 times, every other time with a journal, over a target
# that holds older versions of some files: after each kill every file and link is the old one or the new one, whole, with its
# mode and time; the same command run again makes the target equal and leaves nothing behind.
# (Which names are hard links of one file is no part of this.)
TMPFS_MB=300
. "$(dirname "$0")/lib.bash"

# Both trees have the same names. The big files are shared by the workers, chunk by chunk.
mktree src --files 600 --seed 31 --links --odd-names --big one=9M --big two=5M --big three=3M
mktree begin --files 600 --seed 32 --links --odd-names --big one=5M --big two=9M
find begin -type f -name 'f*[0-6]' -delete
find begin -type l -name '*[02468]' -delete

{ records_of src && records_of begin; } | LC_ALL=C sort -z -u >known

check_names() {
    [ -d dst ] || return 0
    local wrong
    wrong=$(records_of dst | LC_ALL=C comm -z -23 - known | tr '\0' '\n')
    [ -z "$wrong" ] || fail "neither old nor new: $wrong"
}

options=(-q -j 2 --chunk-size 1M)
copy=(pcopy "${options[@]}" -T src dst)
begin_anew() {
    chmod -R u+w dst 2>/dev/null || true
    rm -rf dst j
    # With nothing there new names are made; over old files they are replaced.
    [ "$1" = empty ] || cp -a begin dst
}

full_ms=999999 # the least: a machine that is busy now may not be later
for what in empty old empty old; do
    begin_anew $what
    begin=$(now_ms)
    "${copy[@]}"
    took=$(($(now_ms) - begin))
    if [ $took -lt $full_ms ]; then full_ms=$took; fi
done

all=$(rounds 50 12) killed=0 left=0
for ((round = 1; round <= all; round++)); do
    if [ $((round % 5)) = 0 ]; then begin_anew empty; else begin_anew old; fi
    copy=(pcopy "${options[@]}" -T src dst)
    [ $((round % 2)) = 0 ] || copy=(pcopy "${options[@]}" --journal j -T src dst)
    for ((kills = 1 + (round % 4 == 0); kills > 0; kills--)); do
        start "${copy[@]}"
        random_below "$full_ms"
        kill_after "$R"
        killed=$((killed + KILLED))
        check_names
    done
    [ ! -d dst ] || [ -z "$(find dst -name '*.pcopy-tmp*' -print -quit)" ] || left=$((left + 1))
    "${copy[@]}"
    differs=$(treecmp --ignore=links src dst 2>&1) || fail "round $round: $differs"
done
[ "$killed" -ge $((all / 2)) ] || fail "only $killed of $all runs were still running when killed"
echo "# a whole run takes $full_ms ms; $killed were killed, $left of them left temporary files"
