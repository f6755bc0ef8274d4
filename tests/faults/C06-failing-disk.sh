#!/usr/bin/env bash
# C5, C6, F13: a disk that returns EIO, for writes from some moment on, for reads of a source: exit 3 (or 1
# for a source), the message names the file and the error, what was there stays, no final name is
# wrong, and when the disk is well again the same command finishes.
. "$(dirname "$0")/lib.bash"
need_root
need nbdkit nbdfuse fusermount3 losetup mkfs.ext4 mkfs.xfs
[ -w /dev/fuse ] || skip "no /dev/fuse here"
[ -w /dev/loop-control ] || skip "no loop devices here"

start_server server server
AT=http://127.0.0.1:$(cat server.port)

# disk_make KIND: a file system at disk/ whose writes fail while the file bad-writes is there, and its
# reads while bad-reads is.
disk_make() {
    rm -f bad-* && : >nbd && mkdir -p disk
    nbdfuse nbd --command nbdkit -s --exit-with-parent --filter=error memory 400M \
        error-pwrite=EIO error-pwrite-rate=100% error-pwrite-file="$WORK/bad-writes" \
        error-pread=EIO error-pread-rate=100% error-pread-file="$WORK/bad-reads" >nbd.log 2>&1 9>&- &
    NBD=$!
    local i
    for ((i = 0; i < 2000; i++)); do
        [ ! -s nbd ] || break
        sleep 0.05
    done
    LOOP=$(losetup -f --show nbd 2>err) || skip "no loop device on nbdfuse: $(cat err)"
    LOOPS+=("$LOOP")
    case $1 in
    ext4) mkfs.ext4 -q "$LOOP" ;;
    xfs) mkfs.xfs -q "$LOOP" ;;
    esac
    disk_mount
}
disk_mount() {
    mount "$LOOP" disk
    MOUNTS=("$WORK/disk")
}
# A new mount forgets what could not be written, and an ext4 or xfs that has given up.
disk_well() {
    rm -f bad-writes bad-reads
    local i
    for ((i = 0; i < 600; i++)); do
        ! umount disk 2>err || break
        sleep 0.1
    done
    disk_mount
}
disk_end() {
    rm -f bad-writes bad-reads
    umount disk && losetup -d "$LOOP"
    MOUNTS=() LOOPS=()
    fusermount3 -u nbd
    wait $NBD || true
}
at_end() { fusermount3 -u "$WORK/nbd" 2>/dev/null || true; }

told() { # FILE: its name, and the error
    grep -q "failed: .*$1.*\(Input/output error\|Read-only file system\|Structure needs cleaning\)" err ||
        wrong "$WHERE: the message is: $(cat err)"
}

mktree src --files 20 --seed 9 --dist fixed=20000 --big large=4M
{ pattern 3000000 one && pattern 5000 two; } >/dev/null

# Writes fail from the begin: told by fsync, as an error of the file; by syncfs at the end.
pcopy_on() { # SYNC
    WHERE="$KIND, pcopy --sync=$1"
    a_case
    rm -rf disk/dst && mkdir disk/dst && echo old >disk/dst/large && sync -f disk
    touch bad-writes
    ends_as 3 pcopy -q -j 2 --sync="$1" -T src disk/dst
    [ "$1" = end ] || told 'src/'
    disk_well
    [ "$1" = end ] || [ "$(cat disk/dst/large)" = old ] || cmp -s src/large disk/dst/large ||
        torn "$WHERE: large"
    ends_as 0 pcopy -q -j 2 --sync="$1" -T src disk/dst
    treecmp src disk/dst >differs 2>&1 || lost "$WHERE: after the second run: $(head -n 3 differs)"
    [ -z "$(litter_in disk/dst)" ] || left "$WHERE: $(litter_in disk/dst)"
}

pfetch_on() { # FSYNC
    WHERE="$KIND, pfetch --fsync=$1"
    a_case
    rm -rf disk/out && mkdir disk/out && echo old >disk/out/one && sync -f disk
    touch bad-writes
    local fetch=(pfetch -q -j 2 --retries 1 --retry-wait 0.05 --fsync="$1" --on-exist=overwrite
        -d disk/out "$AT/bytes/3000000/one" "$AT/bytes/5000/two")
    ends_as 3 "${fetch[@]}"
    [ "$1" = end ] || told 'one'
    disk_well
    [ "$1" = end ] || [ "$(cat disk/out/one)" = old ] || torn "$WHERE: one"
    ends_as 0 "${fetch[@]}"
    pattern 3000000 one | cmp -s - disk/out/one || lost "$WHERE: one"
    pattern 5000 two | cmp -s - disk/out/two || lost "$WHERE: two"
    [ -z "$(litter_in disk/out)" ] || left "$WHERE: $(litter_in disk/out)"
}

# A source that cannot be read: that file fails at an offset, and has no copy; the rest is there.
bad_source() {
    WHERE="$KIND, a source that cannot be read"
    a_case
    rm -rf disk/from to && mkdir disk/from to
    head -c 30M /dev/urandom >disk/from/bad && cp disk/from/bad good && echo old >to/bad
    echo fine >fine
    disk_well # so that nothing of it is in memory, neither here nor below the loop device
    sync nbd && dd if=nbd iflag=nocache count=0 status=none
    ls -lR disk/from >/dev/null # but its inodes are
    stat disk/from/bad >/dev/null
    touch bad-reads
    ends_as 1 pcopy -q --reflink=never fine disk/from/bad to
    told 'disk/from/bad: read at offset\|disk/from/bad: copy_file_range at offset'
    echo old | cmp -s - to/bad || torn "$WHERE: to/bad"
    cmp -s fine to/fine || lost "$WHERE: to/fine"
    disk_well
    ends_as 0 pcopy -q fine disk/from/bad to
    cmp -s good to/bad || lost "$WHERE: after the second run"
}

for KIND in ext4 xfs; do
    disk_make $KIND
    for sync in file end; do
        pcopy_on $sync
        pfetch_on $sync
    done
    bad_source
    disk_end
done
