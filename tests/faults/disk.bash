# shellcheck shell=bash disable=SC2034
# Sourced after lib.bash by the scripts that cut the power of a disk: a file system on a loop device
# whose image is a file of the scratch folder. xfs_io's "shutdown" (XFS_IOC_GOINGDOWN, which ext4 knows,
# too) stops it at once: what is in memory never gets to the disk, not even the log unless told so.
# The cache of a disk itself is not played.
need_root
need losetup mkfs.ext4 mkfs.xfs xfs_io unshare
[ -w /dev/loop-control ] || skip "no loop devices here"
unshare -m true 2>err || skip "no namespace of mounts can be made here (as in a chroot)"

# disk_make KIND: an empty file system at disk/, or 1 where there is no such kind.
disk_make() {
    rm -f image && truncate -s 512M image
    case $1 in
    ext4) mkfs.ext4 -q -F image ;;
    xfs) mkfs.xfs -q -f image ;;
    esac
    mkdir -p disk
    LOOP=$(losetup -f --show image) || skip "no loop device is free"
    LOOPS+=("$LOOP")
    mount "$LOOP" disk 2>err || return 1
    MOUNTS+=("$WORK/disk")
}
disk_end() {
    umount disk
    losetup -d "$LOOP"
    MOUNTS=() LOOPS=()
}

# disk_cut [-f]: with -f the log still gets to the disk, so that names are there whose bytes are not.
disk_cut() { xfs_io -x -c "shutdown $*" disk; }

# power_cut PID [-f]: what runs is stopped first, as by a real cut. An fsync that a shutdown overtakes may
# say 0 (xfs asks whether the inode is pinned in the log, and then it is not any more); a program that went
# on from there would tell of what is not on the disk.
power_cut() {
    local pid=$1
    shift
    kill -STOP "$pid" 2>/dev/null || true
    disk_cut "$@"
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

# The machine starts again: what was cut is mounted, the log is played.
disk_again() {
    local i
    for ((i = 0; i < 50; i++)); do
        ! umount disk 2>err || break
        sleep 0.1
    done
    mount "$LOOP" disk
    : >disk/alive || fail "the file system is still shut down: somebody else holds it"
    rm disk/alive
}

# disk_cut_again HOW: cut, as disk_cut says it, and there again.
disk_cut_again() {
    # shellcheck disable=SC2086 # -f or nothing
    disk_cut $1
    disk_again
}

# another_boot COMMAND...: runs it (as runs does) in a system that was started anew, by the mark that
# the kernel gives each start.
another_boot() {
    cat /proc/sys/kernel/random/uuid >boot_id
    # shellcheck disable=SC2016 # for the inner shell
    runs unshare -m sh -c 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"' \
        "$WORK/boot_id" "$@"
}

# Without what --sync and --fsync rest on: the calls say that all is well and do nothing.
unsynced=(strace -f -qqq -o trace -e trace=fsync,fdatasync,syncfs
    -e inject=fsync,fdatasync,syncfs:retval=0 --)
