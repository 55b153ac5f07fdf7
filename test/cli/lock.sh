#!/bin/bash
# lock.sh - one run at a time on a machine.
. "$(dirname "$0")/lib.sh"

# The first one runs until it is told to end, however long the others take.
start run "${long[@]}" --set op=read --seconds 120 -o first.json
first=$pid
until_true 120 grep -q headroom "$out" || fail "$what: never started"
err=$scratch/err2
# A second one: refused, and the holder is named.
"$program" run "${row[@]}" --wait 0 -o second.json >"$scratch/out2" 2>"$err"
code=$?
what='the second run'
[ "$code" -eq 5 ] || fail "$what: exit code $code, expected 5"
says "another run is measuring on this machine (process $first, since " '--wait'
# doctor does not disturb it either.
"$program" doctor >"$scratch/out2" 2>"$err"
[ $? -eq 0 ] || fail 'doctor: not 0'
grep -q "not tried: another run is measuring" "$scratch/out2" || fail 'doctor measured all the same'
# One that waits gets its turn, and says whom it waits for.
"$program" run "${row[@]}" -o second.json >"$scratch/out2" 2>"$err" </dev/null &
second=$!
until_true 30 grep -q 'waiting up to 120 s' "$err" || fail 'does not wait'
says "process $first"
kill -INT "$first"
ended 130
wait "$second"
[ $? -eq 0 ] || fail 'the run that waited: not 0'
leaves first.json second.json
# Waiting ends with a signal.
start run "${long[@]}" --set op=read --seconds 120 -o first.json
first=$pid
until_true 120 grep -q headroom "$out" || fail "$what: never started"
err=$scratch/err3
"$program" run "${row[@]}" -o second.json >"$scratch/out2" 2>"$err" </dev/null &
second=$!
until_true 30 grep -q 'waiting up to' "$err" || fail 'does not wait'
kill -TERM "$second"
wait "$second"
[ $? -eq 143 ] || fail 'SIGTERM while waiting: not 143'
kill -INT "$first"
ended 130
leaves first.json
done_testing
