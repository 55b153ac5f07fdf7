#!/bin/bash
# signals.sh - a run that is ended from outside: what was measured is kept, nothing is left behind.
. "$(dirname "$0")/lib.sh"

kept='[r["status"] for r in d["results"]].count("ok") >= 1 and d["results"][0]["value"] > 0'
for signal in INT:130 TERM:143 HUP:129; do
    start run "${long[@]}" -o r.json
    until_true 150 first_row_done || fail "$what: no first row"
    worker=$(child_of "$pid")
    kill -"${signal%:*}" "$pid"
    SECONDS=0
    ended "${signal#*:}"
    [ "$SECONDS" -le 4 ] || fail "$what: took $SECONDS s to end"
    is_gone "$worker" || fail "$what: the worker lives on"
    prints 'interrupted' 'read l1 one'
    valid r.json
    json r.json 'd["run"]["status"] == "interrupted" and d["results"][3]["status"] == "skipped"'
    json r.json "$kept"
    leaves r.json
done

# A run under nohup outlives its terminal.
what='nohup'
: >"$out" >"$err"
(trap '' HUP && exec "$program" run "${row[@]}" --seconds 1 --target 0.01 -o r.json) \
    >"$out" 2>"$err" </dev/null &
pid=$!
until_true 150 grep -q headroom "$out"
kill -HUP "$pid"
ended 0
leaves r.json

# SIGKILL: the file is valid, the worker gone within a second.
start run "${long[@]}" -o r.json
until_true 150 first_row_done || fail "$what: no first row"
worker=$(child_of "$pid")
kill -KILL "$pid"
ended 137
until_true 1 is_gone "$worker" || fail "$what: the worker lives on"
valid r.json
json r.json 'd["run"]["status"] == "partial"'
json r.json "$kept"
leaves r.json

# SIGKILL before the first row: the old file; and no scratch file stays in --dir.
echo 'what was here before' >r.json
mkdir dir
has_scratch() { ls -l "/proc/$(child_of "$pid")/fd" | grep -q "$PWD/dir/"; }
start run silicon.storage --set op=read --set cache=page --set bs=1MiB --seconds 5 --target 0.01 \
    --wait 120 --dir dir -o r.json
until_true 150 has_scratch || fail "$what: no scratch file was ever open"
worker=$(child_of "$pid")
kill -KILL "$pid"
ended 137
until_true 1 is_gone "$worker" || fail "$what: the worker lives on"
[ "$(cat r.json)" = 'what was here before' ] || fail "$what: the old file changed"
[ -z "$(ls -A dir)" ] || fail "$what: left in --dir: $(ls -A dir)"
leaves dir r.json

# A worker that does not listen is killed after a while; a second SIGINT ends the run at once.
cat >"$scratch/deaf" <<'EOF'
#!/bin/sh
trap '' TERM
while :; do sleep 0.1; done
EOF
chmod +x "$scratch/deaf"
start run "${row[@]}" --launcher "$scratch/deaf" -o r.json
until_true 150 grep -q headroom "$out"
sleep 0.3
deaf=$(child_of "$pid")
kill -INT "$pid"
sleep 0.5
kill -0 "$pid" 2>/dev/null || fail "$what: gave up on the worker at once"
kill -INT "$pid"
SECONDS=0
ended 130
[ "$SECONDS" -le 1 ] || fail "$what: the second SIGINT took $SECONDS s"
until_true 1 is_gone "$deaf" || fail "$what: the launcher lives on"
rm -f r.json
leaves
start run "${row[@]}" --launcher "$scratch/deaf" -o r.json
until_true 150 grep -q headroom "$out"
sleep 0.3
kill -INT "$pid"
ended 130
json r.json 'd["results"][0]["reason"] == "interrupted; the worker had to be killed"'
leaves r.json

# Stopped at the terminal for longer than a worker may be silent: nobody's fault.
start run "${row[@]}" --seconds 1 --target 0.01 -o r.json
until_true 150 grep -q headroom "$out"
sleep 0.2
kill -STOP "$pid"
sleep 1.5
kill -CONT "$pid"
ended 0
leaves r.json

start doctor
until_true 20 test -s "$err" || sleep 0.3
kill -INT "$pid"
wait "$pid"
case $? in
0 | 4 | 130) ;; # on a fast machine it was done
*) fail "$what: not ended by SIGINT" ;;
esac
leaves
done_testing
