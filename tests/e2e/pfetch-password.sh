#!/usr/bin/env bash
# A password that is missing is asked for on the terminal, and is not seen there; Ctrl-C ends the
# question and leaves the terminal as it was.
. "$(dirname "$0")/lib.bash"
command -v tmux >/dev/null || skip "no tmux"

start_server server server
AT=http://127.0.0.1:$(cat server.port)
terminal() { tmux -u -S "$WORK/tmux" -f /dev/null "$@"; }
end_terminal() {
    terminal kill-server 2>/dev/null || true
    clean_up
}
trap end_terminal EXIT

window() { terminal capture-pane -p -J -S - | sed 's/ *$//'; }
shows() { window | grep -qF "$1"; }
asked() { [ "$(window | grep -cF 'Password of me for the server:')" = "$1" ]; } # so many times

terminal new-session -d -x 100 -y 40 "cd '$WORK'; exec bash --norc --noprofile" 9>&-
wait_for shows bash- # the prompt: what is typed before it is on the screen twice
terminal send-keys "pfetch -u me $AT/auth/me/hunter2/a; echo code=\$?" Enter
wait_for asked 1
terminal send-keys hunter2 Enter
wait_for shows code=0
[ "$(window | grep -c hunter2)" = 1 ] || fail "more than the command is on the screen: $(window)"
[ "$(stat -c %s a)" = 1000 ] || fail 'not fetched'

terminal send-keys "pfetch -u me --proxy-user you $AT/bytes/1/b; echo code=\$?" Enter
wait_for asked 2
terminal send-keys C-c
wait_for shows code=2
terminal send-keys 'stty -a' Enter
wait_for shows ' echo '
[ ! -e b ] || fail 'fetched'
