#!/usr/bin/env bash
# C8, C9, C10: while pcopy runs, other processes replace, remove, rename and make files and directories of
# the source, and a file and a directory of each side change places with links to elsewhere, thousands of
# times a second. Each copy is one version, whole; nothing outside is read or written; no hang.
TMPFS_MB=300
. "$(dirname "$0")/lib.bash"

MS=$(some 10000 2000)

# A version of a file is one line, again and again, and a last line that tells how many there are.
version() { # FILE WORD LINES
    awk -v word="$2" -v n="$3" 'BEGIN {for (i = 0; i < n; i++) print word; print "end", n}' >"$1"
}
mkdir -p src outside/in
for ((i = 0; i < 60; i++)); do
    mkdir -p src/d$((i % 12))
    version src/d$((i % 12))/f$i first $((200 + i * 40))
done
echo secret | tee secret outside/f0 outside/in/f >/dev/null

# change_source: replaces files by rename, removes some, renames directories, until "stop" is there.
change_source() {
    local n=0 name
    while [ ! -e stop ]; do
        n=$((n + 1))
        name=src/d$((n % 12))/f$((n % 60))
        version new-version "v$n" $((n % 3000))
        mv -f new-version "$name" 2>/dev/null || true
        [ $((n % 5)) != 0 ] || rm -f "$name"
        if [ $((n % 7)) = 0 ]; then
            mv -T src/d$((n % 12)) src/moved-$n 2>/dev/null || true
            mkdir -p src/d$((n % 12))
        fi
        [ $((n % 50)) != 0 ] || rm -rf src/moved-*
    done
}
# swaps_of A B: A changes places with B for as long as the runs go on.
swaps_of() { swap "$1" "$2" "$MS" >"swaps-$(basename "$2")" 9>&- & }

judge() { # DIR: every file is one version, whole
    local bad
    bad=$(find "$1" -type f ! -name '*.pcopy-*' -exec awk '
        FNR == 1 {if (last != "" && !whole) print last; word = $0; n = 0; whole = 0; last = FILENAME}
        whole {print FILENAME; exit}
        $1 == "end" {whole = ($2 == n); next}
        $0 != word {print FILENAME ": two versions"}
        {n++}
        END {if (last != "" && !whole) print last}' {} +)
    [ -z "$bad" ] || torn "$WHERE: $bad"
    if grep -rqs secret "$1"; then lost "$WHERE: a link was followed"; fi
}

change_source &
CHANGER=$!
end_ms=$(($(now_ms) + MS)) runs=0
while [ "$(now_ms)" -lt $end_ms ]; do
    WHERE="a changing source, run $runs"
    a_case
    # -T over a tree that is there, and in every second run to a new one
    [ $((runs % 2)) = 0 ] || rm -rf dst
    ends_as '0|1|4' pcopy -q -j 2 -T src dst
    judge dst
    [ -z "$(litter_in dst)" ] || left "$WHERE: $(litter_in dst)"
    runs=$((runs + 1))
done
touch stop
wait $CHANGER || true

# --- links that change places with what is copied, on both sides
rm -rf src dst
for ((i = 0; i < 60; i++)); do
    mkdir -p src/d$((i % 12))
    version src/d$((i % 12))/f$i first $((200 + i * 40))
done
cp -a src dst
ln -s "$WORK/outside" link-dir && ln -s "$WORK/secret" link-file
ln -s "$WORK/outside" to-dir && ln -s "$WORK/outside/f0" to-file
find outside secret -printf '%p %s %m %T@ %C@\n' | sort >before
swaps_of src/d1 link-dir
swaps_of src/d2/f2 link-file
swaps_of dst/d3 to-dir
swaps_of dst/d4/f4 to-file
end_ms=$(($(now_ms) + MS - 300)) turn=0
while [ "$(now_ms)" -lt $end_ms ]; do
    WHERE="swapped links, run $turn"
    a_case
    options=()
    [ $((turn % 3)) != 1 ] || options=(--delete)
    # shellcheck disable=SC2016 # for the inner shell
    runs bash -c 'ulimit -n "$0" && exec "$@"' $((turn % 2 ? 16 : 256)) \
        pcopy -q -j 2 "${options[@]}" -T src dst
    case $STATUS in 0 | 1 | 3 | 4 | 124) ;; *) wrong "$WHERE: exit $STATUS: $(tail -n 3 err)" ;; esac
    if grep -rqs secret dst/; then lost "$WHERE: a link was followed"; fi
    turn=$((turn + 1))
done
wait
find outside secret -printf '%p %s %m %T@ %C@\n' | sort >after
cmp -s before after || lost "something outside was changed: $(diff before after)"
echo "# $runs runs over a changing source; $turn with links that changed places $(awk '{n += $1} END {print n}' swaps-*) times"
[ "$(cat swaps-* | sort -n | head -n 1)" -gt 20 ] || wrong "hardly any swaps: $(cat swaps-*)"
