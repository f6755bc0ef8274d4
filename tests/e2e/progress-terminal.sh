#!/usr/bin/env bash
# The live display on a terminal: a line for each active item, as many as fit, and a total, nothing
# wider than the window; at the end nothing is left of it but what was said and the report.
TMPFS_MB=200
. "$(dirname "$0")/lib.bash"
command -v tmux >/dev/null || skip "no tmux"

start_server server server
AT=http://127.0.0.1:$(cat server.port)
long=$(printf 'long-name-%.0s' $(seq 20))
wide=$(printf '%%E6%%96%%87%.0s' $(seq 30)) # a character that takes two columns
for name in one two "$long" "$wide" five; do
    echo "$AT/gate/300000/600000/$name"
done >urls.txt

# A new server for each window has a socket of its own: the old one may still be leaving.
turn=0
terminal() { tmux -u -S "$WORK/tmux-$turn" -f /dev/null "$@"; }
end_terminal() {
    terminal kill-server 2>/dev/null || true
    clean_up
}
trap end_terminal EXIT

# in_terminal COLUMNS ROWS COMMAND: starts it in a window of that size, between two lines of text.
in_terminal() {
    local columns=$1 rows=$2 command=$3
    terminal kill-server 2>/dev/null || true
    turn=$((turn + 1))
    rm -f ended
    LC_ALL=C.UTF-8 terminal new-session -d -x "$columns" -y "$rows" \
        "cd '$WORK'; echo before; $command; echo after; touch ended; sleep 100" 9>&-
}

# What the window shows and what has left it at the top, wrapped lines joined.
window() { terminal capture-pane -p -J -S - | sed "s/ *$//"; }

wait_for_end() { wait_for [ -e ended ]; }

# shows FILE WORD...: the window shows all these words; what it shows is in FILE.
shows() {
    local word
    window >"$1"
    for word in "${@:2}"; do grep -qF -- "$word" "$1" || return 1; done
}

# not_wider COLUMNS FILE
not_wider() {
    local widest
    widest=$(LC_ALL=C.UTF-8 wc -L <"$2")
    [ "$widest" -le "$1" ] || fail "a line of $widest columns in a window of $1: $(cat "$2")"
}

# nothing_left FILE WORD...: of the display; the words are what a line may begin with.
nothing_left() {
    local file=$1 allowed
    shift
    allowed=$(printf '|%s' "$@")
    if grep -vE "^(${allowed#|})" "$file" | grep -q .; then
        fail "left on the screen: $(cat "$file")"
    fi
}

report='pfetch: |pcopy: |  [a-z]|before$|after$|$'

# While the server waits in the middle of each there is a line for each, and all of the total.
in_terminal 80 24 "pfetch -j 5 -d out urls.txt"
wait_for shows middle one two long-name- 文文 five 0/5 1.43
sleep 0.5
window >middle
for name in one two "$long" "$wide" five; do opens "$AT" "$name"; done
wait_for_end
window >end
not_wider 80 middle
for name in one two long-name- 文文 five; do
    grep -qF "$name" middle || fail "no line for $name: $(cat middle)"
done
grep -qE '0/5' middle || fail "no total: $(cat middle)"
[ "$(grep -c . middle)" = 7 ] || fail "not a line for each of five and a total: $(cat middle)"
nothing_left end "$report"
grep -q '^pfetch: 5 files: 5 ok' end || fail "no report: $(cat end)"
[ "$(sed -n 1p end)" = before ] || fail "the line above has gone: $(cat end)"

# Seven lines do not fit into four rows; messages come above the display.
echo "$AT/status/404/missing" >>urls.txt
sed -i 's|/600000/|&again/|' urls.txt # gates that are closed
in_terminal 40 5 "pfetch -j 6 -d narrow --report=none urls.txt"
wait_for shows middle 404 more '1/6 files'
for name in one two "$long" "$wide" five; do opens "$AT" "again/$name"; done
wait_for_end
window >end
grep -q '404' middle || fail "no message: $(cat middle)"
grep -v '404' middle >display # the message is wrapped by the terminal, not by the program
not_wider 40 display
grep -q 'more$' display || fail "nothing says that not all fit: $(cat middle)"
grep -q '1/6 files' display || fail "no total: $(cat middle)"
nothing_left end 'pfetch: failed: ' 'before$' 'after$' '$'

# Many small files: the display comes and goes without a trace.
mktree tree --files 3000 --seed 71
in_terminal 80 24 "pcopy -j 2 tree copy"
wait_for_end
window >end
nothing_left end "$report"
grep -q '^pcopy: .* ok' end || fail "no report: $(cat end)"
treecmp --ignore=dirtimes tree copy || fail "the copy differs"
