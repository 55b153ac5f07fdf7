#!/bin/bash
# exit_codes.sh - the table of exit codes, each code that can be reached today.
. "$(dirname "$0")/lib.sh"

try 0 run "${row[@]}" -o r.json
json r.json 'd["run"]["status"] == "complete" and d["results"][0]["status"] == "ok"'
leaves r.json

# A failed row is 4; it has the reason, and no value.
try 4 run "${row[@]}" -o r.json --launcher /bin/false
says 'FAILED: the worker process ended with exit code 1'
prints 'FAILED' '1 failed'
valid r.json
json r.json 'd["results"][0]["status"] == "failed" and d["results"][0]["value"] is None'
leaves r.json
try 4 run "${row[@]}" -o r.json --launcher /nonexistent/launcher
says 'could not be started'
leaves r.json

# A skipped row is 0.
if may_mount 'a skipped row'; then
    tmpfs "$scratch/memory" size=64m
    try 0 run silicon.storage --set op=read --set cache=direct --set bs=1MiB --seconds 0.05 \
        --wait 120 --dir "$scratch/memory" -o r.json
    json r.json 'all(r["status"] in ("ok", "skipped") for r in d["results"])'
    leaves r.json
fi

try 5 run "${row[@]}" -o /nonexistent/folder/r.json
try 64 run --frobnicate
for signal in INT:130 TERM:143 HUP:129; do
    start run "${long[@]}" -o r.json
    until_true 60 first_row_done || fail "$what: no first row"
    kill -"${signal%:*}" "$pid"
    ended "${signal#*:}"
    leaves r.json
done
done_testing
