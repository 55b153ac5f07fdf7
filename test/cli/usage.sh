#!/bin/bash
# usage.sh - words that make no sense: exit code 64, one line that names the word and the way out.
. "$(dirname "$0")/lib.sh"

# bad TEXT ARGUMENT...: 64, TEXT in one line on stderr, nothing on stdout.
bad() {
    local text=$1
    shift
    try 64 "$@"
    says "headroom: " "$text"
    prints_nothing
    [ "$(wc -l <"$err")" -eq 1 ] || fail "$what: not one line"
}

bad 'no command is called "rum"; did you mean "run"?' rum
bad 'no command is called "frobnicate" (see headroom help)' frobnicate
bad 'no command is called ""' ''
bad 'no command is called "--frobnicate"' --frobnicate
bad 'help: no command is called "docter"; did you mean "doctor"?' help docter
bad 'help: no command is called "worker"' help worker
bad 'no completion for "tcsh"' help --completion tcsh
bad 'no benchmark or suite is called "silicon.memry"; did you mean "silicon.memory"?' \
    run silicon.memry
bad 'did you mean "quick"?' run quik
bad 'no benchmark or suite is called "zzz*"' run 'zzz*'
bad 'no benchmark or suite is called ""' run ''
bad 'list: nothing is called "silicon.memry"; did you mean "silicon.memory"?' list silicon.memry
bad 'unexpected "b"' list a b
bad 'unexpected "b"' info b
bad 'unexpected "b"' doctor b

bad 'no option "--secnds"; did you mean --seconds?' run --secnds 3
bad 'no option "--frobnicate=3"' run --frobnicate=3
bad 'no option "-x"' run -x
bad 'no option "--set"' list --set a=b
bad '--json takes no value' run --json=yes
bad '--seconds needs a value' run --seconds
bad '--output -:' run -o -

bad '"op": expected axis=value' run --set op
bad '"op=": expected axis=value' run --set op=
bad '"=read": expected axis=value' run --set =read
bad '"": expected axis=value' run --set ''
bad 'silicon.memory: axis op has no value "raed"; did you mean "read"?' \
    run silicon.memory --set op=raed
bad '"read,"' run silicon.memory --set op=read,
bad '"read,,write"' run silicon.memory --set op=read,,write
bad '"read=write"' run silicon.memory --set op=read=write
bad 'no selected benchmark has that axis (see headroom list)' run silicon.memory --set colour=red
bad 'no selected benchmark has that axis; did you mean "level"?' run quick --set lvl=l1
bad '"99TiB" is not a size from' run silicon.storage --set bs=99TiB
bad '"-4KiB" is not a size from' run silicon.storage --set bs=-4KiB
bad '"1.5" is not a whole number' run silicon.storage --set depth=1.5
bad '"99999999999999999999" is not a whole number' \
    run silicon.storage --set depth=99999999999999999999
bad 'axis depth: "*"' run silicon.storage --set 'depth=*'

for s in nan inf -1 0 1e9 '' ' 1' 1e 0x1 1e400 -inf NaN 3x; do
    bad "--seconds: \"$s\" is not a time from" run "${row[@]}" --seconds "$s"
done
bad '--wait: "-1"' run --wait -1
for r in 0 -1 x 1e3 99999999999999999999 ''; do
    bad "--repeat: \"$r\" is not a whole number" run --repeat "$r"
done
bad '--seed: "-1"' run --seed -1
bad '--target: "0"' run --target 0
bad '--target: "nan"' run --target nan
bad '--launcher: no command' run --launcher ' '
bad '--launcher: more than' run --launcher "$(printf 'a %.0s' {1..60})"
bad "--dir: the folder's name is empty" run --dir ''
bad '--output: the name of the file is empty' run "${row[@]}" -o ''

for d in foo '' cpu:0 gpu: gpu:x gpu:-1 gpu:1x GPU; do
    bad "--device \"$d\": expected cpu, gpu or gpu:N" run "${row[@]}" --device "$d"
done
# Sensible words, but this machine has no hundred GPUs.
try 5 run "${row[@]}" --device gpu:99
says '--device gpu:99: this machine has no such device'

bad 'started by "run", not by hand' worker
bad 'started by "run", not by hand' worker 1 2 3 .
leaves
done_testing
