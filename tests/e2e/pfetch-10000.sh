#!/usr/bin/env bash
# 10,000 URLs of which 100 are 404 and 50 are cut short once: exactly 100 failures, all of them in
# --failed, exit 8, every byte of the other 9,900 right; what failed, given again, fails again.
TMPFS_MB=300
. "$(dirname "$0")/lib.bash"

mktree site --files 9850 --seed 41 --dirs 1 --dist fixed=1500
start_server server server --root "$WORK/site"
start_server liar liar
AT=http://127.0.0.1:$(cat server.port)
LIAR=http://127.0.0.1:$(cat liar.port)

mkdir cut
for i in $(seq 50); do pattern 3000 "cut-$i" >"cut/cut-$i"; done
{
    find site -type f -printf "$AT/root/%P\n"
    seq -f "$AT/status/404/missing-%.0f" 100
    seq -f "$LIAR/cut/1000/3000/1/cut-%.0f" 50
} | awk '{print (NR * 7919) % 10007, $0}' | sort -n | cut -d ' ' -f 2 >urls.txt
[ "$(wc -l <urls.txt)" = 10000 ] || fail "the list has not 10,000 lines"

expect 8 pfetch -q -j 5 -d out --retry-wait 0.1 --journal journal --failed failed.txt urls.txt 2>messages
others=$(grep -v "^pfetch: failed: $AT/status/404/missing-[0-9]*: HTTP 404$" messages || true)
[ -z "$others" ] || fail "other messages: $others"
[ "$(wc -l <messages)" = 100 ] || fail "not a message for each failure"

# The files from the tree, and those that were cut.
[ "$(find out -mindepth 1 | wc -l)" = 9900 ] || fail "$(find out -mindepth 1 | wc -l) names in out"
mkdir got-cut
find out -name 'cut-*' -exec mv -t got-cut {} +
treecmp --ignore=mode,owner,times,dirtimes site out || fail "files from the site differ"
treecmp --ignore=mode,owner,times,dirtimes cut got-cut || fail "files that were cut short differ"

json_lines journal 10000
counts=$(jq -rs 'group_by(.status) | map("\(.[0].status) \(length)") | join(", ")' journal)
[ "$counts" = 'failed 100, ok 9900' ] || fail "the journal tells of $counts"
jq -e -s '[.[] | select(.status == "failed")] | all(.http == 404 and .error.class == "EHTTP")' \
    journal >/dev/null || fail "failures that are not 404"
jq -e -s '[.[] | select(.url | contains("/cut/"))] | all(.attempts == 2)' journal >/dev/null ||
    fail "what was cut short did not take two tries"
jq -r .url journal | sort | cmp - <(sort urls.txt) || fail "the journal's URLs are not the list's"

diff <(sort failed.txt) <(grep /missing- urls.txt | sort) || fail "--failed is not the 404s"
expect 8 pfetch -q -d out --failed again.txt failed.txt 2>messages
diff <(sort again.txt) <(sort failed.txt) || fail "given again, others failed"

# And the whole list again costs requests for the failures alone.
mv got-cut/* out/
expect 8 pfetch -q -d out --journal second urls.txt 2>messages
[ "$(jq -r .status second | sort | uniq -c | tr -s ' \n' ' ')" = ' 100 failed 9900 skipped ' ] ||
    fail "the second run did not skip what is there"
no_litter out
