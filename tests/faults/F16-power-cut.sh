#!/usr/bin/env bash
# F16: the power is cut after pfetch ended and while it runs, on ext4 and xfs; what must hold then is told
# in cuts.bash.
TMPFS_MB=600
. "$(dirname "$0")/lib.bash"
. "$FAULTS/disk.bash"
. "$FAULTS/cuts.bash"
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

TARGET=disk/out SYNC=--fsync DURING=(--retries 0)
COMMAND=(pfetch -q -j 4 -s 2 -k 256K --on-exist=overwrite --journal j -d "$TARGET" urls.txt)

target_records() { contents_of "$TARGET"; }
differences() { diff -rq -x '.*.part*' want "$TARGET" 2>&1 | head -n 5 || true; }
# By a journal on a disk that was not cut. Where pfetch had to make the directory, that may be gone as
# a whole.
missing() {
    local name
    [ -e j ] && [ -d "$TARGET" ] || return 0
    while read -r name; do
        cmp -s "want/$name" "$TARGET/$name" || echo "$name"
    done < <(jq -Rr 'fromjson? | select(.status == "ok") | .path | sub(".*/"; "")' j)
}
more() { :; }

cut_all "$(some 12 1)"
