# shellcheck shell=bash
# Runs the cmd of a case, $1 (see tests/cli/README.md), with words for checks at hand, which
# say what was wrong and end the case.

PIDS=() MOUNTS=()
trap 'echo "status $?: line $LINENO: $BASH_COMMAND" >&2' ERR
trap clean_up EXIT

clean_up() {
    local dir
    [ ${#PIDS[@]} -eq 0 ] || kill -KILL "${PIDS[@]}" 2>/dev/null || true
    for dir in "${MOUNTS[@]}"; do umount -l "$dir" || true; done
}

# To the case's own stderr, also where that of the check goes to a file: `expect 0 pcopy a b 2>err`.
fail() {
    {
        [ ! -f err ] || sed 's/^/err: /' err
        echo "FAILED: $*"
    } >>"$CASE_STDERR"
    trap - ERR
    exit 99
}

skip() {
    echo "$*" >&2
    exit 77
}

# expect CODE COMMAND...: the command must end with that exit code.
expect() {
    local want=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" = "$want" ] || fail "exit $got, expected $want: $*"
}

# is_bytes FILE N NAME [VERSION]: FILE holds just the bytes that a server sends for NAME.
is_bytes() {
    [ -f "$1" ] || fail "no file $1"
    pattern "$2" "$3" --version "${4:-0}" | cmp - "$1" >&2 || fail "wrong bytes in $1"
}

# holds DIR NAME...: DIR holds these names and no other, hidden ones included.
holds() {
    local dir=$1 want got
    shift
    want=$(printf '%s\n' "$@" | sort)
    got=$(find "$dir" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)
    [ "$want" = "$got" ] && return
    diff <(echo "$want") <(echo "$got") >&2 || true
    fail "$dir does not hold just these names: $*"
}

# has FILE TEXT: some line of FILE holds TEXT. lacks: none does.
has() { grep -qF -e "$2" "$1" || { cat "$1" >&2 && fail "$1 lacks: $2"; }; }
lacks() {
    if grep -F -e "$2" "$1" >&2; then fail "$1 has: $2"; fi
}

# same_tree A B [treecmp option]...
same_tree() {
    local a=$1 b=$2
    shift 2
    treecmp "$@" "$a" "$b" >&2 || fail "$a and $b differ"
}

# start COMMAND...: in the background, with signals as a terminal would leave them; sets PID.
start() {
    env --default-signal=INT,QUIT "$@" &
    PID=$!
    PIDS+=("$PID")
}

# ends_with CODE: the program of `start` ends so; died by signal N is 128 + N.
ends_with() {
    local got=0
    wait "$PID" || got=$?
    [ "$got" = "$1" ] || fail "exit $got, expected $1"
}

# wait_until COMMAND...: until it succeeds, at most 100 s: that is for what hangs, not for what is slow.
wait_until() {
    local end=$((SECONDS + 100))
    while [ $SECONDS -lt $end ]; do
        "$@" && return
        sleep 0.02
    done
    fail "waited in vain for: $*"
}

# list NAME: a list of fixtures/lists, for this run's server.
list() { sed -e "s|@SERVER@|$SERVER|g" "$FIXTURES/lists/$1"; }

# small_disk DIR TYPE_OPTION...: a file system of its own at DIR; root only.
small_disk() {
    mkdir "$1"
    mount "${@:2}" none "$1" || skip "cannot mount"
    MOUNTS+=("$PWD/$1")
}

# in_memory: goes on in a directory in memory, where that may be mounted, to spare the disk.
in_memory() {
    mkdir memory
    mount -t tmpfs none memory 2>/dev/null && MOUNTS+=("$PWD/memory")
    cd memory || fail "no directory"
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# soon MS SCENARIO: what the function SCENARIO N does takes at most that long, by the TOOK (ms) that it
# sets, in one of eight tries, for a busy machine may hold up any one of them; and one with more than
# twice as many runnable threads as processors all of them. A sanitizer makes everything a few times
# slower: there it only has to work, once.
soon() {
    local try
    for try in 1 2 3 4 5 6 7 8; do
        TOOK=
        "$2" $try
        if [ "$SAN" != none ] || [ "$TOOK" -le "$1" ]; then return; fi
        echo "try $try: $TOOK ms" >&2
    done
    read -r try _ </proc/loadavg
    [ "${try%.*}" -ge $((2 * $(nproc))) ] || fail "more than $1 ms, eight times: $2"
    echo "a load of $try: not judged" >&2
}

# took COMMAND...: sets TOOK.
took() {
    local begin
    begin=$(now_ms)
    "$@"
    TOOK=$(($(now_ms) - begin))
}

# killed SIGNAL CODE: the program of `start` gets that signal and ends so; sets TOOK.
killed() {
    local begin
    begin=$(now_ms)
    kill "-$1" "$PID"
    ends_with "$2"
    TOOK=$(($(now_ms) - begin))
}

# ask BASE PATH: the first line of what the server at BASE answers.
ask() {
    local host=${1#http://} line
    exec 5<>"/dev/tcp/${host%:*}/${host#*:}"
    printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$2" "$host" >&5
    while read -r line <&5 && [ "$line" != $'\r' ]; do :; done
    read -r line <&5 || true # a body may lack its line end
    exec 5<&-
    echo "$line"
}

# opens BASE NAME: lets that server send what waits behind the gate NAME.
opens() { [ "$(ask "$1" "/open/$2")" = open ] || fail "no gate at $1"; }

# requests BASE PATH: how many requests the server at BASE has had for PATH.
requests() { ask "$1" "/count$2"; }

# was_asked BASE PATH COUNT
was_asked() {
    local got
    got=$(requests "$1" "$2")
    [ "$got" = "$3" ] || fail "$2 was asked for $got times, expected $3"
}

# json_lines FILE N: N lines, each one JSON object, in UTF-8.
json_lines() {
    [ "$(wc -l <"$1")" = "$2" ] || { cat "$1" >&2 && fail "$1 has not $2 lines"; }
    jq -Rne '[inputs | fromjson | type] | all(. == "object")' "$1" >/dev/null ||
        fail "$1 is not JSON Lines"
    iconv -f UTF-8 -t UTF-8 "$1" >/dev/null || fail "$1 is not UTF-8"
}

# json_is FILE FILTER VALUE: jq -r FILTER over all lines as one array gives VALUE.
json_is() {
    local got
    got=$(jq -rs "$2" "$1")
    [ "$got" = "$3" ] || { cat "$1" >&2 && fail "$1: $2 is '$got', expected '$3'"; }
}

# in_modes FUNCTION: calls it in a folder of its own for each way to download: one worker, five,
# and four that share each file. MODE holds the options, M a word for names that nobody counted yet.
in_modes() {
    local top=$PWD
    for M in one five pieces; do
        case $M in
        one) MODE=(-j 1) ;;
        five) MODE=(-j 5) ;;
        pieces) MODE=(-j 4 -s 4 -k 64K) ;;
        esac
        echo "# $M" >&2
        mkdir "$M"
        cd "$M" || fail "no folder $M"
        "$1"
        cd "$top" || fail "no folder $top"
    done
}

# A fetch in this mode, with short pauses; what it says goes to the file err.
get() { pfetch "${MODE[@]}" --retry-wait 0.05 -d out "$@" 2>err; }

# comes N URL [VERSION] [OPTION]...: @ in URL is the file's name. The file comes, whole, and with
# nothing beside it.
comes() {
    local n=$1 name=$CASE-$M url version=${3:-0}
    url=${2//@/$name}
    shift $(($# > 3 ? 3 : $#))
    expect 0 get "$@" "$url"
    is_bytes "out/$name" "$n" "$name" "$version"
    holds out "$name"
}

# fails CODE URL [OPTION]...: it does not come, with that exit code: no final name, one line that
# tells the file and why; and an old file stays as it is.
fails() {
    local code=$1 url=$2 name
    shift 2
    for name in "$CASE-$M" "$CASE-$M-old"; do
        mkdir -p out
        [ "${name%-old}" = "$name" ] || echo old >"out/$name"
        expect "$code" get --on-exist=overwrite "$@" "${url//@/$name}"
        [ "$(grep -c '^pfetch: failed: ' err)" = 1 ] || fail "not one line: $(cat err)"
        if [ "${name%-old}" = "$name" ]; then
            [ ! -e "out/$name" ] || fail "a final name"
        else
            has "out/$name" old
        fi
    done
}

# The leak check of a sanitizer cannot work under another tracer.
strace() { ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 command strace "$@"; }

# writes_of COMMAND...: runs it; what each of its threads did to names, and its syncs, is in writes.N.
writes_of() {
    rm -f writes.*
    strace -ff -qq -o writes -e trace=openat,open,creat,mkdir,mkdirat,mknod,mknodat,symlink,symlinkat,link,linkat,unlink,unlinkat,rmdir,rename,renameat,renameat2,truncate,chmod,fchmodat,chown,lchown,fchownat,utimensat,setxattr,lsetxattr,removexattr,lremovexattr,fsync,fdatasync \
        "$@"
}

# names_only NAME...: writes_of saw no write-side call with a path in it (the links of /proc aside, which
# stand for descriptors), and made, opened for writing or truncated no file under one of these
# names: they came by rename or linkat.
names_only() {
    local bad
    bad=$(cat writes.* | awk -v names="$*" '
        BEGIN { n = split(names, list, " "); for (i = 1; i <= n; i++) final[list[i]] = 1 }
        /^open/ && !/O_(WRONLY|RDWR|CREAT|TRUNC)/ { next }
        {
            rest = $0
            sub(/^symlinkat\("[^"]*", /, "", rest) # what a link says is no path of ours
            line = rest
            while (match(rest, /"[^"]*"/)) {
                text = substr(rest, RSTART + 1, RLENGTH - 2)
                rest = substr(rest, RSTART + RLENGTH)
                if (text ~ /\// && text !~ /^\/proc\/self\/(fd|task)\//) print
                if ((line ~ /^(open|creat|truncate)/) && (text in final)) print
            }
        }')
    [ -z "$bad" ] || fail "by path, or written in place: $bad"
}

# synced_first: each file without a name that writes_of saw was synced before it got a final one.
synced_first() {
    local file bad
    for file in writes.*; do
        bad=$(awk '
            { fd = $1; gsub(/[^0-9]/, "", fd) }
            /^openat/ && /O_TMPFILE/ { synced[$NF] = 0 }
            /^f(data)?sync\(/ { synced[fd] = 1 }
            /^linkat\([0-9]+, "", .*= 0$/ {
                if ($4 ~ /^"\./) named[$4] = fd # a temporary name, or that of a part
                else if (!synced[fd]) print
            }
            /^renameat/ && $2 in named && !synced[named[$2]] { print }
        ' "$file")
        [ -z "$bad" ] || fail "a name before its bytes: $bad"
    done
}

# as_nobody COMMAND...: without root's rights; the programs are copied to where nobody
# may read them.
as_nobody() {
    local program
    if [ "$(id -u)" != 0 ]; then
        "$@"
        return
    fi
    mkdir -p "$TMPDIR/bin"
    for program in pcopy pfetch; do
        [ ! -e "$BUILD/$program" ] || cp "$BUILD/$program" "$TMPDIR/bin/"
    done
    PATH=$TMPDIR/bin:$PATH setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# shellcheck source=/dev/null
. "$1"
