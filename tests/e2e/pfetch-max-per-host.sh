#!/usr/bin/env bash
# -x 2 with 8 workers: there are never more than two connections to the host, those included that
# workers keep for reuse; all files come, and no try is lost to a connection that was given up.
. "$(dirname "$0")/lib.bash"

[ -r /proc/net/tcp ] || skip "no /proc/net/tcp"
start_server server server
PORT=$(cat server.port)

# Connections whose other end is the server's port, seen from this end.
connections() {
    awk -v port="$(printf ':%04X' "$PORT")" \
        'index($3, port) == 9 && $4 == "01" {n++} END {print n + 0}' /proc/net/tcp
}

# The kernel lists connections one after the other, so one that has gone may be counted together with
# the one that took its place: the least of three looks in a row is what there was.
# (A busy machine may leave hardly time for a look: then the replies take longer.)
for ms in 5 25 125; do
    rm -rf out journal
    for i in $(seq 400); do echo "http://127.0.0.1:$PORT/delay/$ms/page-$i"; done >urls.txt
    start pfetch -q -j 8 -x 2 -d out --journal journal urls.txt
    most=0 samples=0
    while kill -0 "$PID" 2>/dev/null; do
        n=99
        for _ in 1 2 3; do
            now=$(connections)
            if [ "$now" -lt "$n" ]; then n=$now; fi
        done
        if [ "$n" -gt "$most" ]; then most=$n; fi
        samples=$((samples + 1))
        sleep 0.01
    done
    wait "$PID" || fail "exit $?"
    echo "# $most connections at most, $samples looks"
    [ "$(find out -type f | wc -l)" = 400 ] || fail "not 400 files"
    jq -es 'all(.attempts == 1)' journal >/dev/null || fail "tries were lost"
    [ "$samples" -lt 5 ] || break
done
[ "$samples" -ge 5 ] || fail "only $samples looks"
[ "$most" -ge 1 ] || fail "saw no connection"
[ "$most" -le 2 ] || fail "$most connections"
