# shellcheck shell=bash
# Sourced by the parts of the benchmark: the work directory and its end, fresh file
# systems, timed runs in turns. A part defines three functions and calls race:
#
#   prepare          what a run needs, untimed; sets nothing but files below $work
#   command_of KEY   sets the array cmd
#   verify           says on stdout what is wrong with the outcome, nothing if all is right
#   figure           if there is one: prints a figure of the run for the section's column
#
# Results are lines of TAB-separated fields in $RESULTS; report.awk reads them:
#   M section row kind label round wall_us user_us sys_us rss_kib verdict figure
#   C section title-of-its-column
#   T section row metric label against limit text
set -u
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

BUILD=${BUILD:-build/release}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
QUICK=${QUICK:-}
rounds=${ROUNDS:-5}
warm_ups=${WARM_UPS:-1}
if [ -n "$QUICK" ]; then rounds=${ROUNDS:-1} warm_ups=${WARM_UPS:-0}; fi
ROWS=${ROWS:-.}
: "${RESULTS:?is set by tests/bench/run}"
: "${WORK:?is set by tests/bench/run}"

bench_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$WORK/${0##*/}
fs=$work/fs # where the file system of a run is mounted
mkdir -p "$fs" "$work/home"
pids=()
# RT=1: what is timed, and the servers, go before everything else that runs here.
ahead=()
[ -z "${RT:-}" ] || ahead=(chrt -r 1)

note() { printf '%s\n' "bench: $*" >&2; }
die() {
    note "$*"
    exit 1
}

# quick A B: A for the full benchmark, B for the small one
pick() { if [ -n "$QUICK" ]; then printf '%s' "$2"; else printf '%s' "$1"; fi; }

drop_fs() {
    if mountpoint -q "$fs"; then umount "$fs" || return 1; fi
    rm -f "$work/fs.img"
    # Without the right to mount, the file system is only a directory.
    [ -n "${MAY_MOUNT:-}" ] || rm -rf "$fs"
    mkdir -p "$fs"
}

clean_up() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    drop_fs
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A server must not outlive this script, not even when it is killed.
serve() {
    setpriv --pdeathsig TERM "${ahead[@]}" "$@" </dev/null >>"$work/server.log" 2>&1 &
    pids+=($!)
}

# fresh_fs TYPE: an empty file system of that type at $fs. Inode tables are not
# initialised in the background, which would fall into the timed part.
fresh_fs() {
    local xfs
    drop_fs || return 1
    case $1 in
    tmpfs) mount -t tmpfs -o size=90%,nr_inodes=0 bench "$fs" ;;
    ext4)
        truncate -s 16G "$work/fs.img"
        mkfs.ext4 -q -F -E nodiscard "$work/fs.img"
        mount -o loop,noinit_itable "$work/fs.img" "$fs"
        ;;
    xfs | xfs-no-reflink)
        truncate -s 16G "$work/fs.img"
        if [ "$1" = xfs ]; then xfs=1; else xfs=0; fi
        mkfs.xfs -q -f -K -m reflink=$xfs "$work/fs.img"
        mount -o loop "$work/fs.img" "$fs"
        ;;
    btrfs)
        truncate -s 16G "$work/fs.img"
        mkfs.btrfs -q -f -K "$work/fs.img" >/dev/null
        mount -o loop "$work/fs.img" "$fs"
        ;;
    here) ;;
    *) die "no way to make a file system of type $1" ;;
    esac || die "cannot make a fresh $1"
}

fs_types() { if [ -n "${MAY_MOUNT:-}" ]; then printf '%s\n' "$@"; else echo here; fi; }

# timed LIMIT_S: runs cmd; sets numbers to the five of helper/clocked, verdict to the
# empty string or what went wrong.
timed() {
    local status
    rm -f "$work/clock"
    HOME=$work/home setpriv --pdeathsig TERM timeout -k 5 "$1" "${ahead[@]}" \
        "$BUILD/helper/clocked" "$work/clock" "${cmd[@]}" \
        </dev/null >"$work/out" 2>"$work/err" &
    pids+=($!)
    wait "$!"
    status=$?
    unset "pids[-1]"
    numbers=(0 0 0 0 0)
    # shellcheck disable=SC2034 # race reads numbers
    [ -s "$work/clock" ] && read -r -a numbers <"$work/clock"
    case $status in
    0) verdict=$(verify | head -1) ;;
    124 | 137) verdict="stopped after $1 s" ;;
    *) verdict="exit $status: $(tail -1 "$work/err")" ;;
    esac
}

figure() { :; }

# column SECTION TITLE: the section's table has a column for what figure prints.
column() { printf 'C\t%s\t%s\n' "$1" "$2" >>"$RESULTS"; }

# race SECTION ROW KIND|LABEL|KEY...: all contenders in turns, a round after the other, each
# round beginning with another one. KIND: main (its ratio to the fastest peer is the result),
# ours, peer, other (neither ours nor a measure). Rounds up to 0 warm up and do not count.
race() {
    local section=$1 row=$2 round i kind label key
    shift 2
    local entries=()
    for i in "$@"; do
        IFS='|' read -r kind label key <<<"$i"
        [[ "$label" =~ ${LABELS:-} ]] && entries+=("$i")
    done
    set -- "${entries[@]}"
    [[ "$section: $row" =~ $ROWS ]] || return 0
    note "$section: $row"
    for ((round = 1 - warm_ups; round <= rounds; round++)); do
        for ((i = 0; i < $#; i++)); do
            IFS='|' read -r kind label key <<<"${entries[(i + round + $#) % $#]}"
            prepare
            command_of "$key"
            timed "${LIMIT_S:-300}"
            [ -z "$verdict" ] || note "$label: $verdict"
            [ "$round" -lt 1 ] || printf 'M\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n' "$section" \
                "$row" "$kind" "$label" "$round" "${numbers[@]:0:4}" "$verdict" "$(figure)" >>"$RESULTS"
            drop_fs || die "cannot unmount $fs"
        done
    done
}

# target SECTION ROW METRIC LABEL AGAINST LIMIT TEXT: METRIC (ratio, wall_s, rss_mb) of LABEL in
# that row is to be at most LIMIT; AGAINST is another label, fastest-peer, or - for no ratio.
target() {
    [[ "$1: $2" =~ $ROWS ]] || return 0
    printf 'T\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@" >>"$RESULTS"
}
