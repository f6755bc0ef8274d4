#!/usr/bin/env bash
# Memory, threads and library objects that are refused: the Nth call for one that our own code makes
# fails (failing.c), once, and for good from there on, for each N until there is none. Both programs
# in several ways of working, and the library alone (library.c).
#
# A run ends with 0 and then all is there, or with another code and then every final name is old,
# absent or complete and the same command finishes the job; it does not crash, hang or lose memory.
#
# The programs are those built with AddressSanitizer (which tells of leaks) where they are there:
# FAIL_BUILD, default build/asan. Without them leaks are not looked for. FAIL_FIRST=N begins there.
. "$(dirname "$0")/lib.bash"
need cc jq

# FAIL_POINTS: so many calls of each way, evenly spread; 0 is all of them.
POINTS=${FAIL_POINTS:-$(some 0 6)}
FAIL_BUILD=${FAIL_BUILD:-$(dirname "$BUILD")/asan}
[ -x "$FAIL_BUILD/pfetch" ] && [ -x "$FAIL_BUILD/pcopy" ] || FAIL_BUILD=$BUILD
PATH=$FAIL_BUILD:$PATH
checked='no leaks are looked for'
flags=()
if grep -q __asan_init <(nm "$FAIL_BUILD/pcopy"); then
    checked='with AddressSanitizer'
    flags=('-fsanitize=address,undefined')
fi
echo "# $FAIL_BUILD: $checked"
cc -O1 -g -shared -fPIC -o failing.so "$FAULTS/failing.c" -ldl
cc -g "${flags[@]}" -I"$FAULTS/../../include" -pthread -o library "$FAULTS/library.c" \
    "$FAIL_BUILD/libpxfer.a"
LIMIT=300
sanitizers=(ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=1:exitcode=99
    LSAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:exitcode=99)

# with_failure N [STICKY] COMMAND...: sets STATUS; FAILED is what was refused, empty when nothing was.
with_failure() {
    local at=$1 sticky=$2
    shift 2
    : >calls
    runs env "${sanitizers[@]}" FAIL_AT="$at" ${sticky:+FAIL_STICKY=1} FAIL_LOG="$PWD/calls" \
        LD_PRELOAD="$PWD/failing.so" "$@" >said
    FAILED=$(sed -n 's/^failed //p' calls | head -n 1)
    WHERE="$mode, call $at${sticky:+ and on} ($FAILED)"
}

# The lines of a report that matter, else the last ones.
what_went_wrong() {
    grep -m 14 -E 'ERROR: |runtime error|SUMMARY|^ *#[0-9]+ .* (src|tests)/' err || tail -n 3 err
}

# judge MODE: what the run has left.
judge() {
    if [ "$STATUS" -ge 99 ] && [ "$STATUS" != 124 ]; then
        wrong "$WHERE: exit $STATUS: $(what_went_wrong)"
    elif [ "$STATUS" = 0 ]; then
        "$1_whole" || lost "$WHERE: exit 0, and not all is there"
    else
        "$1_safe" || torn "$WHERE: exit $STATUS: neither old nor new"
        # a message needs memory, too
        [ -s err ] || [ -n "$sticky" ] || wrong "$WHERE: exit $STATUS without a word"
    fi
}

# fail_each MODE COMMAND...: as kill_each in lib.bash: MODE_begin makes what is there before;
# MODE_whole: is all there? MODE_safe: is each name old, absent or complete?
fail_each() {
    local mode=$1 sticky at step last
    shift
    "${mode}_begin"
    with_failure 0 '' "$@"
    last=$(sed -n 's/^calls //p' calls)
    [ "$STATUS" = 0 ] || fail "$mode: exit $STATUS without a failure: $(tail -n 3 err)"
    step=1
    [ "$POINTS" = 0 ] || step=$((last / POINTS + 1))
    for sticky in '' yes; do
        for ((at = ${FAIL_FIRST:-1}; at <= last + 20; at += step)); do
            "${mode}_begin"
            with_failure "$at" "$sticky" "$@"
            [ -n "$FAILED" ] || continue # other threads were faster this time
            a_case
            judge "$mode"
            [ "$STATUS" = 0 ] || is_short || again "$mode" "$@"
        done
    done
    echo "# $mode: $last calls"
}

# The same command without a failure finishes the job.
again() {
    local mode=$1
    shift
    runs env "${sanitizers[@]}" "$@" >said
    if [ "$STATUS" != 0 ] || ! "${mode}_whole" 0; then
        lost "$WHERE: the second run, exit $STATUS: $(tail -n 3 err)"
    fi
}

# --- the library ----------------------------------------------------------------------------------

library_begin() { :; }
library_whole() { :; }
library_safe() { [ "$STATUS" = 3 ]; }

# --- pcopy ----------------------------------------------------------------------------------------

mkdir -p src/d/e src/empty
for name in a d/b d/e/c; do
    head -c 30000 /dev/zero | tr '\0' "${name: -1}" >"src/$name"
done
ln src/a src/d/hard
ln -s ../a src/d/soft
truncate -s 1M src/sparse
printf 'x' | dd of=src/sparse bs=1 seek=500000 conv=notrunc status=none
setfattr -n user.note -v text src/a 2>/dev/null || true
mkdir -p old/d && echo old >old/a && echo old >old/d/b && echo gone >old/extra
head -c 3300000 /dev/zero | tr '\0' x >big

# same_tree DIR [NAME...]: as src, but for the names.
same_tree() { diff -r --no-dereference src "$1" >differs 2>&1; }
# each_is DIR: every file in it is whole, of src or of old.
each_is() {
    local name
    [ -d "$1" ] || return 0
    while IFS= read -r name; do
        cmp -s "$1/$name" "src/$name" || cmp -s "$1/$name" "old/$name" || return 1
    done < <(cd "$1" && find . -type f ! -name '*.pcopy-*' ! -name '*~')
}

tree_begin() { rm -rf out j m; }
tree_whole() {
    same_tree out && [ "$(stat -c %h out/a)" = 2 ] && [ "$(sha256sum -c m 2>differs | grep -c OK)" -ge "${1:-5}" ] &&
        [ "$(grep -c '"status":"ok"' j)" -ge "${1:-10}" ]
}
tree_safe() { each_is out && { [ ! -s m ] || sha256sum --quiet -c m >differs 2>&1; }; }

replace_begin() { rm -rf out j && cp -a old out; }
replace_whole() { same_tree out; }
replace_safe() { [ -e out/a ] && [ -e out/d/b ] && each_is out; }

backup_begin() { rm -rf out && cp -a old out; }
backup_whole() { cmp -s out/a src/a && cmp -s out/d/b src/d/b && [ ! -e out/sparse ] && { [ -n "${1:-}" ] || cmp -s out/a~ old/a; }; }
backup_safe() { each_is out && { [ -e out/a ] || [ -e out/a~ ]; }; }

chunks_begin() { rm -f out-big j; }
chunks_whole() { cmp -s big out-big; }
chunks_safe() { [ ! -e out-big ] || cmp -s big out-big; }

check_begin() { rm -rf out && cp -a src out; }
check_whole() { :; }
check_safe() { :; }

printf 'a\nd/b\n' >names
printf '*.o\n/sparse\n' >rules

# --- pfetch ---------------------------------------------------------------------------------------

start_server server server
AT=http://127.0.0.1:$(cat server.port)
mkdir want
for file in 1000/one 70000/two 200000/three; do
    pattern "${file%/*}" "${file#*/}" >"want/${file#*/}"
    jq -nc --arg url "$AT/bytes/$file" --arg sum "sha-256=$(sha256sum <"want/${file#*/}" | cut -d' ' -f1)" \
        '{url: $url, checksum: $sum, mirrors: [$url + "?m"], headers: {"X-A": "b"}}' >>list.jsonl
    echo "$AT/bytes/$file" >>urls
done
(cd want && sha256sum one two three) >sums
printf '127.0.0.1\tFALSE\t/\tFALSE\t0\tname\tvalue\n' >cookies
{
    echo '<metalink xmlns="urn:ietf:params:xml:ns:metalink">'
    while read -r url; do
        echo "<file name=\"${url##*/}\"><size>$(stat -c %s "want/${url##*/}")</size><url>$url</url></file>"
    done <urls
    echo '</metalink>'
} >list.xml
pattern 900000 big >want-big

fetched_begin() { rm -rf got j failed; }
fetched_whole() { diff -r want got >differs 2>&1 && { [ ! -e j ] || [ "$(jq -r .status j | sort -u)" != failed ]; }; }
fetched_safe() {
    local name
    [ -d got ] || return 0
    for name in got/*; do
        [ ! -e "$name" ] || cmp -s "$name" "want/${name#got/}" || return 1
    done
}
list_begin() { fetched_begin; }
list_whole() {
    fetched_whole && { [ -n "${1:-}" ] ||
        [ "$(jq -rs '[.[] | select(.status == "ok" or .reason == "done") | .path] | unique | length' j)" = 3 ]; }
}
list_safe() { fetched_safe; }
metalink_begin() { fetched_begin; }
metalink_whole() { fetched_whole; }
metalink_safe() { fetched_safe; }
options_begin() { fetched_begin; }
options_whole() { fetched_whole && [ "$(grep -c '^[^ ]* 200 ' said)" = 3 ]; }
options_safe() { fetched_safe; }
segments_begin() { rm -rf got j; }
segments_whole() { cmp -s want-big got/big; }
segments_safe() { [ ! -e got/big ] || segments_whole; }
resume_begin() {
    rm -rf got
    runs pfetch -q --retries=0 --max-size=1M -d got "$CUT"
}
resume_whole() { cmp -s want-cut got/want-cut; }
resume_safe() { [ ! -e got/want-cut ] || resume_whole; }
body_begin() { :; }
body_whole() { cmp -s said want-big; }
body_safe() { cmp -s said <(head -c "$(stat -c %s said)" want-big); }

fail_each library ./library
fail_each tree pcopy -q -j 2 --hash=sha256 --manifest=m --verify --journal=j -T src out
fail_each replace pcopy -q -j 2 --journal=j --delete -T src out
fail_each backup pcopy -q -j 2 --backup --files-from=names --exclude-from=rules --sync=end -T src out
fail_each chunks pcopy -q -j 3 --chunk-size=1M --journal=j big out-big
fail_each check pcopy -q --check --json -T src out
fail_each list pfetch -q -j 2 --journal=j --failed=failed -d got list.jsonl
fail_each metalink pfetch -q -j 3 --streams=2 --json --fsync=end -d got list.xml
fail_each options pfetch -q -j 2 --checksum-file=sums --load-cookies=cookies -H 'X-B: c' \
    --content-disposition --write-out '%{url} %{http_code} %{title}\n' -d got urls
fail_each segments pfetch -q -s 3 -k 64K --journal=j -d got "$AT/bytes/900000/big"
fail_each body pfetch -q --stdout "$AT/bytes/900000/big"
