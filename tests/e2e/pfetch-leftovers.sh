#!/usr/bin/env bash
# What a kill may leave at the three moments around the naming of a large file: linked but the part
# file not yet removed, its state not yet removed, the state half written. The same command run
# again tidies up; the part of an unfinished download is left alone.
. "$(dirname "$0")/lib.bash"

start_server server server
AT=http://127.0.0.1:$(cat server.port)

mkdir -p out/sub
for name in linked named torn sub/deep; do
    pattern 2000000 "$(basename $name)" >out/$name
    echo "$AT/bytes/2000000/$(basename $name)" >>urls.txt
    [ $name != sub/deep ] || printf "  %s\n" out=deep dir=out/sub >>urls.txt
done
ln out/linked out/.linked.part
ln out/sub/deep out/sub/.deep.part
for state in linked.part.state named.part.state named.part.state~ torn.part.state torn.part.state~ sub/deep.part.state; do
    echo "half a state" >"out/${state/deep/.deep}"
done
for name in linked named torn; do
    for end in part.state part.state~; do
        [ ! -e "out/$name.$end" ] || mv "out/$name.$end" "out/.$name.$end"
    done
done
pfetch -q -d out urls.txt
no_litter out
for name in linked named torn sub/deep; do
    pattern 2000000 "$(basename $name)" | cmp - out/$name || fail "$name was changed"
done

# An interrupted --on-exist=overwrite: the old file is whole, the part is another file.
echo "some bytes" >out/.named.part
echo "some state" >out/.named.part.state
pfetch -q -d out urls.txt
for left in .named.part .named.part.state; do
    [ -e out/$left ] || fail "an unfinished download lost $left"
done
pfetch -q --on-exist=overwrite -d out urls.txt
no_litter out
