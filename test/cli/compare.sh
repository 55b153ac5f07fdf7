#!/bin/bash
# compare.sh - compare, gate, rerun and selftest as a user meets them.
. "$(dirname "$0")/lib.sh"
export XDG_DATA_HOME=$scratch/data

try 0 run "${row[@]}" --repeat 3 -o old.json --no-store
for i in 1 2 3 4 5; do
    edit old.json a$i.json "1.00$i" "d['run']['start'] = '2026-01-0${i}T00:00:00.000Z'"
done
edit old.json half.json 0.5
edit old.json near.json 1.001

# Two sessions are weak; five and three processes are not.
try 3 compare old.json half.json
prints 'unclear' '1 row: 1 unclear' '5 sessions'
try 2 compare a1.json,a2.json,a3.json,a4.json,a5.json half.json
prints 'slower FAIL' '1 slower (1 fail, 0 warn)'
mkdir base && mv a?.json base/
try 2 compare base half.json --json
prints_json
json "$out" 'd["exit_code"] == 2 and d["rows"][0]["verdict"] == "slower"'
json "$out" 'abs(d["rows"][0]["change_pct"] + 50) < 2 and len(d["a"]["runs"]) == 5'

# The gate works from files, writes one summary, and ends with the documented codes.
try 2 gate --baseline base half.json --markdown summary.md
prints 'gate: regression (exit code 2)'
grep -q '^| \*\*slower FAIL\*\* | silicon.memory' summary.md || fail "$what: no row in summary.md"
try 0 gate --baseline base near.json
prints 'gate: passed'
try 3 gate --baseline base/a1.json near.json
edit old.json small.json 0.93
try 1 gate --baseline base small.json
prints 'slower WARN'
edit old.json bad.json 1 'd["results"][0].update(status="failed", reason="wrong output", value=None, value_ci=None); d["results"][0]["limit"]["percent"] = None; d["results"][0]["runs"] = []'
try 4 gate --baseline base bad.json
prints 'wrong output' 'INVALID'
try 64 gate near.json
try 64 gate --baseline base/a1.json base/a1.json
says 'the baseline itself'
try 64 gate --baseline base near.json,base/a1.json
says 'the baseline itself'
try 5 gate --baseline base nothing.json

# Promises: what is allowed and what a wrong file is told.
echo '{"schema": 1, "promises": [{"name": "silicon.*", "warn_pct": 60, "fail_pct": 500}]}' >wide.json
try 1 gate --baseline base half.json --promises wide.json
echo '{"schema": 1, "promises": [{"warn_pct": 20, "fail_pct": 10}]}' >p.json
try 5 gate --baseline base half.json --promises p.json
says 'p.json: promises[0].fail_pct: 10 is less than warn_pct, 20'
echo '{"schema": 2, "promises": []}' >p.json
try 5 gate --baseline base half.json --promises p.json
says 'p.json: schema'

# A file does not steer the terminal of who looks at it.
edit old.json steer.json 1 'd["results"][0]["name"] = "\x1b[31mred"; d["run"]["suite"] = "\x1b[2J"; d["machine"]["cpu"]["model"] = "\x1b]0;x\x07"'
try 3 compare old.json steer.json --force
! grep -q $'\x1b' "$out" "$err" || fail "$what: an escape on the terminal"
try 0 baseline save steered steer.json --store steer.db
! grep -q $'\x1b' "$out" "$err" || fail "$what: an escape on the terminal"
for words in 'history' 'history --runs' 'baseline list' 'baseline show steered' 'report steer.json'; do
    case $words in report*) try 0 $words ;; *) try 0 $words --store steer.db ;; esac
    ! grep -q $'\x1b' "$out" "$err" || fail "$what: an escape on the terminal"
done

# Another machine is refused unless forced, and then labelled.
edit old.json other.json 1 'd["machine"]["cpu"]["model"] = "Another CPU"'
try 64 compare old.json other.json
says 'another machine' '--force'
try 3 compare old.json other.json --force
prints 'ANOTHER MACHINE' 'cpu.model'

# Targets.
cat >t.json <<'END'
{"schema": 1, "title": "ours", "targets": [
 {"id": "fast", "what": "reads", "of": "value", "name": "silicon.memory", "params": {"op": "read"},
  "bound": ">=", "value": 0.001, "unit": "TB/s", "source": "here"},
 {"id": "elsewhere", "what": "reads", "of": "value", "name": "silicon.memory", "bound": ">=",
  "value": 1e9, "unit": "GB/s", "hardware": "*GB10*", "source": "there"},
 {"id": "clean", "what": "no errors", "of": "check", "check": "no_errors", "source": "here"}]}
END
try 0 gate --targets t.json old.json
prints 'other hardware' '3 targets: 2 met, 1 other hardware'
try 0 gate --targets t.json --json old.json
json "$out" 'd["targets"][0]["status"] == "met" and d["comparison"] is None'
sed -i 's/0.001/1e6/' t.json
try 2 gate --targets t.json old.json --markdown summary.md
prints 'missed'
sed -i 's/"source": "here"},/"source": 5},/' t.json
try 5 gate --targets t.json old.json
says 't.json: targets[0].source'

edit old.json failed.json 1 'd["results"][0].update(status="failed", reason="wrong output", value=None, value_ci=None); d["results"][0]["limit"]["percent"] = None; d["results"][0]["runs"] = []'
sed -i 's/"source": 5},/"source": "here"},/' t.json
try 4 gate --targets t.json failed.json
prints 'failed: wrong output' 'gate: invalid measurement'

# A file of another tool says what reads it.
try 5 compare old.json "$source/test/data/import/hyperfine.json"
says 'not a result file of headroom' 'headroom import'

# Two programs in turn.  These are the same one, so nothing may be slower.
try 64 compare --ab "$program"
try 64 compare --ab "$program" "$program" -- list
try 5 compare --ab /nonexistent/program "$program" --keep k1 -- run "${row[@]}"
says '/nonexistent/program ended with exit code 127'
try 64 compare old.json
"$program" compare --ab "$program" "$program" --keep ab --pairs 6 -- run "${row[@]}" >"$out" 2>"$err"
code=$? what='compare --ab'
[ $code -eq 0 ] || [ $code -eq 3 ] || fail "exit code $code of A against A"
says 'pair 6: A' 'judges them again'
[ "$(ls ab/a/*.json ab/b/*.json | wc -l)" -eq 12 ] || fail 'not twelve results'
try $code compare ab/a ab/b
try 64 compare --ab "$program" "$program" --keep ab -- run "${row[@]}"
says 'holds results already'

# A signal judges the whole pairs that there are, and leaves no half one.
start compare --ab "$program" "$program" --keep cut --pairs 20 -- run "${row[@]}" --seconds 0.3
until_true 60 test -s cut/b/02.json || fail "$what: no second pair"
until_true 60 test -s cut/a/02.json || fail "$what: no second pair"
kill -INT "$pid"
ended 130
[ "$(ls cut/a/*.json | wc -l)" -eq "$(ls cut/b/*.json | wc -l)" ] || fail 'half a pair was left'

# However early it comes, even before the program that it is handed to has begun.
for i in 1 2 3 4 5 6; do
    start compare --ab "$program" "$program" --keep early$i -- run "${row[@]}" --seconds 10
    until [ -e early$i/b ] || ! kill -0 "$pid"; do :; done # it is made just before
    kill -INT "$pid"
    SECONDS=0
    wait "$pid"
    [ $SECONDS -lt 8 ] || fail "$what: went on for $SECONDS s after a signal"
done

try 0 rerun old.json --dry-run
prints 'headroom run silicon.memory --device cpu'
try 3 rerun old.json -o again.json --store "$scratch/h.db"
valid again.json
try 0 history --runs --store "$scratch/h.db"
prints custom # the new run went where the old ones are
try 5 rerun nothing.json

try 0 selftest silicon.memory --device cpu --set op=read --set level=l1 --set threads=one \
    --seconds 0.05 --pairs 6 --keep self
prints 'spread between runs' 'relabelled 200 times'
try 64 selftest no.such.benchmark --keep none
says 'no.such.benchmark'
try 0 selftest silicon.memory --device cpu --set op=read --set level=l1 --set threads=one \
    --seconds 0.05 --pairs 3 --keep few
prints '3 pairs cannot call anything, 6 are needed'
ls "$XDG_DATA_HOME"/headroom/noise-*.json >/dev/null || fail 'no noise was kept'
done_testing
