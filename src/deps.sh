#!/bin/sh
# Installs what is missing to build, test, lint, fuzz, break or bench pxfer, and nothing else:
#
#   sh src/deps.sh [--list] build|test|lint|fuzz|faults|bench...
#
# With everything in place it only looks at files and ends at once. Otherwise it
# uses apt, dnf, pacman, apk or brew; on a terminal it asks first. --list prints
# the missing packages and installs nothing (exit 1 when there are some).
set -u

# probe                    apt                  dnf               pacman            apk                brew
table_build='
cmd:make                   make                 make              make              make               make
cmd:cc                     gcc                  gcc               gcc               gcc                gcc
cmd:bash                   bash                 bash              bash              bash               bash
hdr:stdio.h                libc6-dev            glibc-devel       glibc             musl-dev           -
hdr:linux/fs.h             linux-libc-dev       kernel-headers    linux-api-headers linux-headers      -
hdr:curl/curl.h            libcurl4-openssl-dev libcurl-devel     curl              curl-dev           curl
hdr:openssl/evp.h          libssl-dev           openssl-devel     openssl           openssl-dev        openssl@3
hdr:zlib.h                 zlib1g-dev           zlib-devel        zlib              zlib-dev           zlib
hdr:expat.h                libexpat1-dev        expat-devel       expat             expat-dev          expat
hdr:jansson.h              libjansson-dev       jansson-devel     jansson           jansson-dev        jansson
hdr:xxhash.h               libxxhash-dev        xxhash-devel      xxhash            xxhash-dev         xxhash
hdr:libxml2/libxml/HTMLparser.h libxml2-dev     libxml2-devel     libxml2           libxml2-dev        libxml2
hdr:uthash.h               uthash-dev           uthash-devel      uthash            uthash-dev         uthash
hdr:microhttpd.h           libmicrohttpd-dev    libmicrohttpd-devel libmicrohttpd   libmicrohttpd-dev  libmicrohttpd
'
table_test='
hdr:cmocka.h               libcmocka-dev        libcmocka-devel   cmocka            cmocka-dev         cmocka
cmd:jq                     jq                   jq                jq                jq                 jq
cmd:pkg-config             pkg-config           pkgconf-pkg-config pkgconf          pkgconf            pkgconf
cmd:timeout                coreutils            coreutils         coreutils         coreutils          coreutils
cmd:openssl                openssl              openssl           openssl           openssl            openssl@3
cmd:awk                    mawk                 gawk              gawk              gawk               gawk
cmd:tmux                   tmux                 tmux              tmux              tmux               tmux
cmd:cmp                    diffutils            diffutils         diffutils         diffutils          diffutils
cmd:find                   findutils            findutils         findutils         findutils          findutils
cmd:setpriv                util-linux           util-linux        util-linux        setpriv            -
cmd:strace                 strace               strace            strace            strace             -
cmd:rsync                  rsync                rsync             rsync             rsync              rsync
cmd:tinyproxy              tinyproxy-bin        tinyproxy         tinyproxy         tinyproxy          tinyproxy
cmd:microsocks             microsocks           -                 -                 -                  microsocks
hdr:nghttp2/nghttp2.h      libnghttp2-dev       libnghttp2-devel  libnghttp2        nghttp2-dev        libnghttp2
cmd:g++                    g++                  gcc-c++           gcc               g++                gcc
rt:libasan.so              -                    libasan           -                 -                  -
rt:libubsan.so             -                    libubsan          -                 -                  -
rt:libtsan.so              -                    libtsan           -                 -                  -
'
table_lint='
cmd:nm                     binutils             binutils          binutils          binutils           binutils
cmd:clang                  clang                clang             clang             clang              llvm
cmd:clang-tidy             clang-tidy           clang-tools-extra clang             clang-extra-tools  llvm
cmd:clang-format           clang-format         clang-tools-extra clang             clang-extra-tools  clang-format
cmd:cppcheck               cppcheck             cppcheck          cppcheck          cppcheck           cppcheck
cmd:shellcheck             shellcheck           ShellCheck        shellcheck        shellcheck         shellcheck
cmd:mandoc                 mandoc               mandoc            mandoc            mandoc             mandoc
'
table_fuzz='
cmd:clang                  clang                clang             clang             clang              llvm
clangrt:libclang_rt.fuzzer libclang-rt-dev      compiler-rt       compiler-rt       compiler-rt        llvm
'
table_faults='
cmd:strace                 strace               strace            strace            strace             -
cmd:jq                     jq                   jq                jq                jq                 jq
cmd:mkfs.ext4              e2fsprogs            e2fsprogs         e2fsprogs         e2fsprogs          -
cmd:mkfs.xfs               xfsprogs             xfsprogs          xfsprogs          xfsprogs           -
cmd:xfs_io                 xfsprogs             xfsprogs          xfsprogs          xfsprogs-extra     -
cmd:losetup                mount                util-linux        util-linux        losetup            -
cmd:unshare                util-linux           util-linux        util-linux        util-linux         -
cmd:nbdkit                 nbdkit               nbdkit            nbdkit            nbdkit             -
cmd:nbdfuse                libnbd-bin           nbdfuse           libnbd            -                  -
cmd:fusermount3            fuse3                fuse3             fuse3             fuse3              -
'
table_bench='
hdr:glib-2.0/glib.h        libglib2.0-dev       glib2-devel       glib2             glib-dev           glib
cmd:pkg-config             pkg-config           pkgconf-pkg-config pkgconf          pkgconf            pkgconf
cmd:curl                   curl                 curl              curl              curl               curl
cmd:wget2                  wget2                wget2             wget2             wget2              wget2
cmd:wget                   wget                 wget              wget              wget               wget
cmd:lftp                   lftp                 lftp              lftp              lftp               lftp
cmd:aria2c                 aria2                aria2             aria2             aria2              aria2
cmd:nginx                  nginx-light          nginx             nginx             nginx              nginx
cmd:rsync                  rsync                rsync             rsync             rsync              rsync
cmd:openssl                openssl              openssl           openssl           openssl            openssl@3
cmd:jq                     jq                   jq                jq                jq                 jq
cmd:mkfs.ext4              e2fsprogs            e2fsprogs         e2fsprogs         e2fsprogs          -
cmd:mkfs.xfs               xfsprogs             xfsprogs          xfsprogs          xfsprogs           -
cmd:mkfs.btrfs             btrfs-progs          btrfs-progs       btrfs-progs       btrfs-progs        -
cmd:unshare                util-linux           util-linux        util-linux        util-linux         -
cmd:mountpoint             util-linux           util-linux        util-linux        util-linux         -
cmd:setpriv                util-linux           util-linux        util-linux        setpriv            -
cmd:awk                    mawk                 gawk              gawk              gawk               gawk
cmd:find                   findutils            findutils         findutils         findutils          findutils
cmd:diff                   diffutils            diffutils         diffutils         diffutils          diffutils
'

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '%s\n' "deps: $*" >&2; }
die() {
    say "$*"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Files are looked at first: that starts no process. pkg-config and the compiler
# are asked only about headers in unusual places.
have_header() {
    for dir in /usr/include /usr/local/include /usr/include/*-linux-* /opt/homebrew/include \
        /home/linuxbrew/.linuxbrew/include; do
        [ -f "$dir/$1" ] && found=$dir/$1 && return 0
    done
    found=
    case $1 in
    curl/*) module=libcurl ;;
    openssl/*) module=libcrypto ;;
    microhttpd.h) module=libmicrohttpd ;;
    nghttp2/*) module=libnghttp2 ;;
    zlib.h) module=zlib ;;
    expat.h) module=expat ;;
    jansson.h) module=jansson ;;
    xxhash.h) module=libxxhash ;;
    libxml2/*) module=libxml-2.0 ;;
    cmocka.h) module=cmocka ;;
    *) module= ;;
    esac
    [ -n "$module" ] && have pkg-config && pkg-config --exists "$module" && return 0
    for compiler in "${CC:-cc}" gcc; do
        echo "#include <$1>" | $compiler -E - >/dev/null 2>&1 && return 0
    done
    return 1
}

# The runtime library of a sanitizer; a compiler that has it prints its full path.
have_runtime() {
    case $(gcc -print-file-name="$1" 2>/dev/null) in
    */*) return 0 ;;
    esac
    return 1
}

present() {
    case $1 in
    cmd:cc) have cc || have gcc || have clang ;;
    cmd:*) have "${1#cmd:}" ;;
    hdr:*) have_header "${1#hdr:}" ;;
    rt:*) have_runtime "${1#rt:}" ;;
    clangrt:*) ls "$(clang -print-resource-dir 2>/dev/null)"/lib/*/"${1#clangrt:}"* >/dev/null 2>&1 ;;
    esac
}

# The code uses calls that came with 7.84 (curl_easy_header and its like).
check_curl_version() {
    if have_header curl/curlver.h && [ -n "$found" ]; then
        while read -r _ name value; do
            case $name in
            LIBCURL_VERSION_NUM)
                [ $((value)) -ge $((0x075400)) ] || die "libcurl is older than 7.84 ($found)"
                return
                ;;
            esac
        done <"$found"
    elif have pkg-config && pkg-config --exists libcurl; then
        pkg-config --atleast-version=7.84 libcurl || die "libcurl is older than 7.84"
    fi
}

pick_manager() {
    if have apt-get; then
        manager=apt column=2
    elif have dnf; then
        manager=dnf column=3
    elif have pacman; then
        manager=pacman column=4
    elif have apk; then
        manager=apk column=5
    elif have brew; then
        manager=brew column=6
    else
        manager='' column=2
    fi
}

# Sets $missing to the packages of the lines in $1 whose probe fails.
collect() {
    while read -r probe apt dnf pacman apk brew; do
        [ -n "$probe" ] || continue
        present "$probe" && continue
        [ -n "${column:-}" ] || pick_manager
        case $column in
        2) package=$apt ;;
        3) package=$dnf ;;
        4) package=$pacman ;;
        5) package=$apk ;;
        *) package=$brew ;;
        esac
        # "-" is for what has no package there; two tools may share one package.
        case " - $missing " in
        *" $package "*) ;;
        *) missing="$missing $package" ;;
        esac
    done <<EOF
$1
EOF
}

refresh_apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update; }
install_apt() {
    # shellcheck disable=SC2086 # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $missing
}

install_missing() {
    # shellcheck disable=SC2086 # lists of words
    case $manager in
    apt)
        # A fresh machine or container has no package lists; old ones may name files
        # that the mirror has dropped.
        set -- /var/lib/apt/lists/*_Packages*
        [ -e "$1" ] || refresh_apt || return 1
        install_apt || { refresh_apt && install_apt; }
        ;;
    dnf) as_root dnf -q -y install $missing ;;
    pacman)
        as_root pacman -S --noconfirm --needed $missing ||
            as_root pacman -Sy --noconfirm --needed $missing
        ;;
    apk) as_root apk add --no-cache $missing ;;
    brew) brew install $missing ;;
    esac
}

# Nobody is there to type a password when there is no terminal: sudo -n then fails
# at once instead of waiting.
pick_root() {
    if [ "$(id -u)" -eq 0 ] || [ "$manager" = brew ]; then
        root=''
    elif have sudo; then
        if [ "$interactive" = yes ]; then root='sudo'; else root='sudo -n'; fi
    elif have doas; then
        root='doas'
    else
        die "not root, and neither sudo nor doas is here; please have these installed: $missing"
    fi
}
# shellcheck disable=SC2086 # words
as_root() { $root "$@"; }

list_only=no
[ "${1:-}" = --list ] && list_only=yes && shift
[ $# -gt 0 ] || die "which set? build, test, lint, fuzz, faults or bench"

missing=''
for set_name in "$@"; do
    case $set_name in
    build) collect "$table_build" ;;
    test) collect "$table_test" ;;
    lint) collect "$table_lint" ;;
    fuzz) collect "$table_fuzz" ;;
    faults) collect "$table_faults" ;;
    bench) collect "$table_bench" ;;
    *) die "unknown set: $set_name" ;;
    esac
done
missing=${missing# }

if [ -z "$missing" ]; then
    case " $* " in *" build "*) check_curl_version ;; esac
    exit 0
fi
if [ "$list_only" = yes ]; then
    printf '%s\n' "$missing"
    exit 1
fi
[ -n "$manager" ] || die "no apt, dnf, pacman, apk or brew here; please install what these are on your system: $missing"

interactive=no
[ -t 0 ] && [ -t 2 ] && [ "${CI:-}" != true ] && [ "${CI:-}" != 1 ] && interactive=yes
say "missing: $missing"
pick_root
if [ "$interactive" = yes ]; then
    printf 'deps: install with %s? [Y/n] ' "$manager" >&2
    read -r answer || answer=n
    case $answer in
    '' | [Yy]*) ;;
    *) die "not installed; stopping" ;;
    esac
fi

if [ "$interactive" = yes ] || [ "${V:-}" = 1 ]; then
    install_missing >&2 || die "installing failed"
else
    # Without a person watching, a page of package names is only noise, unless it failed.
    log=$(mktemp) || exit 1
    if ! install_missing >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        die "installing failed"
    fi
    rm -f "$log"
fi

missing=''
for set_name in "$@"; do
    eval "collect \"\$table_$set_name\""
done
[ -z "$missing" ] || die "still missing after installing:$missing"
case " $* " in *" build "*) check_curl_version ;; esac
say "everything is here now"
