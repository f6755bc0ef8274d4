#!/usr/bin/env bash
# C25, F15, F30: a storm of signals, standard streams that are closed, full or gone: the programs end in
# time, by the signal where one told them to, nothing is torn, nothing is written into by accident.
TMPFS_MB=300
. "$(dirname "$0")/lib.bash"

start_server server server
AT=http://127.0.0.1:$(cat server.port)
mktree src --files 400 --seed 11 --dist fixed=3000 --big one=20M --big two=9M
records_of src >known
pattern 4000000 large >want
copy=(pcopy -j 2 --chunk-size 1M --progress=bar --reflink never -T src dst)
fetch=(pfetch -j 3 --progress=bar -d out "$AT/pace/9000000/4000000/large")

check_pcopy() {
    check_records dst known
    [ -z "$(find dst -name '*.pcopy-tmp*' 2>/dev/null)" ] || left "$WHERE: $(find dst -name '*.pcopy-tmp*')"
    ends_as 0 "${copy[@]}" -q
    treecmp src dst >differs 2>&1 || lost "$WHERE: after the second run: $(head -n 3 differs)"
    rm -rf dst
}
check_pfetch() {
    [ ! -e out/large ] || cmp -s want out/large || torn "$WHERE"
    ends_as 0 "${fetch[@]}" -q
    cmp -s want out/large || lost "$WHERE: after the second run"
    [ -z "$(litter_in out)" ] || left "$WHERE: $(litter_in out)"
    rm -rf out
}

# waits_for MS CODE...: what was started ends within that time, in one of these ways.
waits_for() {
    local limit=$1 begin
    shift
    begin=$(now_ms)
    while kill -0 "$PID" 2>/dev/null && [ $(($(now_ms) - begin)) -lt "$limit" ]; do sleep 0.02; done
    if kill -KILL "$PID" 2>/dev/null; then hung "$WHERE"; fi
    STATUS=0
    wait "$PID" 2>/dev/null || STATUS=$?
    case " $* " in *" $STATUS "*) ;; *) wrong "$WHERE: exit $STATUS: $(tail -n 3 err)" ;; esac
}
# begun MS: up to that long after the program knows what signals mean; before, they kill it, as any. (The
# name is asked for first: the shell that becomes the program catches signals, too.)
begun() {
    local name caught
    while kill -0 "$PID" 2>/dev/null; do
        name=$(cat "/proc/$PID/comm" 2>/dev/null) || true
        caught=$(sed -n 's/^SigCgt:\t//p' "/proc/$PID/status" 2>/dev/null) || true
        [ "$name" != "$program" ] || [ $((0x0${caught:-0} & 0x200)) = 0 ] || break
    done
    random_below "$1"
    sleep "$(seconds "$R")"
}
storm() { # SIGNAL...: two hundred of them, mixed
    local i all=("$@")
    for ((i = 0; i < 200; i++)); do
        kill -"${all[i % ${#all[@]}]}" "$PID" 2>/dev/null || return 0
    done
}

rounds=$(some 25 3)
for ((round = 0; round < rounds; round++)); do
    for program in pcopy pfetch; do
        [ $program = pcopy ] && command=("${copy[@]}") || command=("${fetch[@]}")
        # those that only ask, then the rest: it goes on to its end
        WHERE="$program, a storm of USR1, WINCH, CONT, PIPE"
        a_case
        start "${command[@]}" 2>err
        begun 50
        storm USR1 WINCH CONT PIPE
        waits_for 100000 0
        "check_$program"
        # to drain, and to end: by the signal, or 75, or it was done already
        WHERE="$program, a storm of USR1, USR2, then TERM"
        a_case
        start "${command[@]}" 2>err
        begun 80
        storm USR1 USR2 WINCH
        storm TERM
        waits_for 60000 0 75 143
        # the second one ends it at once: then names of unfinished work may stay until the next run
        check_records dst known
        ends_as 0 "${command[@]}" -q
        "check_$program"
        WHERE="$program, INT and TERM together"
        a_case
        start "${command[@]}" 2>err
        begun 80
        storm INT TERM
        waits_for 60000 0 130 143
        check_records dst known
        ends_as 0 "${command[@]}" -q
        "check_$program"
    done
done

# closed COMMAND...: each of the standard streams closed, and all; a full and a broken one.
closed() {
    local program=$1 how code
    shift
    for how in '<&-' '>&-' '2>&-' '<&- >&- 2>&-' '>/dev/full' '2>/dev/full' '2>&1 | true'; do
        for more in '' --json --report=json; do
            WHERE="$program $more $how"
            a_case
            code=0
            # shellcheck disable=SC2016,SC2294 # words of the command, and a redirection
            eval "timeout -k 5 $LIMIT \"\$@\" $more $how" >out.txt 2>err || code=$?
            [ $code != 124 ] || hung "$WHERE"
            [ $code -lt 126 ] || [ $code -gt 141 ] || wrong "$WHERE: exit $code"
            "check_$program"
        done
    done
}
closed pcopy "${copy[@]}" --progress=plain
fetch=(pfetch -j 3 -d out "$AT/bytes/4000000/large")
closed pfetch "${fetch[@]}" --progress=plain
