#!/bin/bash
# history.sh - a run goes into the history and comes out again, or is in a file and the user is told.
. "$(dirname "$0")/lib.sh"
store=$XDG_DATA_HOME/headroom/history.db

# A run is stored where nothing else is said, and comes back byte for byte.
try 0 run "${row[@]}" -o a.json
[ -f "$store" ] || fail "$what: no $store"
try 0 export latest -o b.json
cmp -s a.json b.json || fail "$what: another file"
try 0 import a.json
prints 'in the history already'
try 0 run "${row[@]}" --no-store -o c.json
try 0 export latest -o b.json
cmp -s a.json b.json || fail "$what: --no-store stored"
try 0 --version
id=$(python3 -c 'import json; print(json.load(open("c.json"))["run"]["id"])')
try 64 export "$id"
says "no file, baseline or run is called \"$id\"" 'the latest runs are'
try 0 import c.json b.json
try 0 export "$id"
cmp -s "$out" c.json || fail "$what: another file"
try 64 export 2
says 'runs begin with "2"'
try 64 export ''
try 64 export
try 64 import
leaves a.json b.json c.json

# Many at once: each waits for the others, and what they share is there once.
try 0 run "${row[@]}" --no-store -o a.json
for i in 1 2 3 4; do
    sed "s/\"id\":\"\([0-9TZ]*\)-........\"/\"id\":\"\1-0000000$i\"/" a.json >"many-$i.json"
done
for _ in 1 2 3 4 5 6 7 8; do # to be made by several at once is what went wrong one time in some
    rm -f many.db*
    pids=()
    for i in 1 2 3 4; do
        "$program" import --store many.db "many-$i.json" >/dev/null & pids+=($!)
    done
    for p in "${pids[@]}"; do wait "$p" || fail 'import beside others'; done
done
try 0 history --store many.db --runs
[ "$(wc -l <"$out")" -eq 4 ] || fail "$what: not four runs"
python3 - <<'PYTHON' || fail 'import beside others: what runs share is there twice'
import json, sqlite3, sys
run = json.load(open("a.json"))
parts = {json.dumps(part) for of in ("machine", "build") for part in run[of].values()}
n = sqlite3.connect("many.db").execute("SELECT count(*) FROM block").fetchone()[0]
sys.exit(n != len(parts))
PYTHON
cp a.json plain # a file whose name looks like one of a baseline
try 0 export --store many.db plain
cmp -s "$out" a.json || fail "$what: another file"
leaves a.json many.db many-{1..4}.json plain

# Another place; a layout that is not ours; what is no result file.
try 0 run "${row[@]}" --store other/h.db -o a.json
[ -f other/h.db ] || fail "$what: no other/h.db"
python3 -m json.tool a.json >pretty.json
rm -r other
try 0 import --store other/h.db pretty.json
try 0 export --store other/h.db latest
cmp -s "$out" pretty.json || fail "$what: another file"
echo '{"schema": 99}' >newer.json
echo '{"some": "thing"}' >foreign.json
head -c 3000 a.json >cut.json
sed 's/"mean_ns":[0-9]/&7/' a.json >wrong.json
try 5 import --store other/h.db newer.json foreign.json cut.json wrong.json missing.json
says 'newer.json: ' 'this program reads 1' 'foreign.json: not a file that import knows' \
    'cut.json: ' 'not valid JSON' 'wrong.json: ' 'but the samples give' 'missing.json: No such file'
try 5 import --store other/h.db a.json
says 'with another content'
rm -r other

# Hostile ones: as deep as can be, more rows than any run has, a number that is none.
python3 - <<'PYTHON'
import json
run = json.load(open("a.json"))
open("deep.json", "w").write('{"schema": 1, "run": ' + "[" * 100000)
row = json.dumps(run["results"][0])
run["results"] = []
open("many.json", "w").write(json.dumps(run)[:-2] + ",".join(["{}"] * 10001) + "]}")
open("inf.json", "w").write(json.dumps(run)[:-2] + row.replace('"value": ', '"value": 1e999, "x": ', 1) + "]}")
PYTHON
try 5 import deep.json many.json inf.json
says 'deep.json: ' 'many.json: results: 10001 items' 'inf.json: ' 'not valid JSON'
try 0 import a.json
leaves a.json cut.json deep.json foreign.json inf.json many.json newer.json pretty.json wrong.json

# A history that can never take the run is refused before anything is measured.
refuses() {
    try 5 run "${row[@]}" --store "$1" -o r.json
    says "$2" '--no-store measures without a history'
    prints_nothing
    leaves "${@:3}"
}
head -c 5000 /dev/urandom >noise.db
refuses noise.db 'noise.db: not a history' noise.db
mkdir folder
refuses folder 'folder: ' folder
refuses postgresql://127.0.0.1:1/none 'no connection'
try 64 run "${row[@]}" --store ''

# Held by another program for longer than we wait: the run is in the file, and can be stored later.
try 0 run "${row[@]}" -o a.json
python3 - "$store" >"$scratch/held" <<'PYTHON' &
import signal, sqlite3, sys
d = sqlite3.connect(sys.argv[1], isolation_level=None)
d.execute("BEGIN IMMEDIATE")
print("held", flush=True)
signal.pause()
PYTHON
holder=$!
until_true 10 grep -q held "$scratch/held" || fail 'nobody holds the history'
try 5 run "${row[@]}" --json
beside=$(ls headroom-*.json)
says 'could not store the run: ' 'another program held it' "the run is in $beside" \
    "store it with \`headroom import $beside\`"
cmp -s "$out" "$beside" || fail "$what: another run beside"
kill "$holder"
wait "$holder" 2>/dev/null
try 0 import "$beside"
leaves a.json "$beside"

# No room: on a disk that is full, and on one that can only be read.
if may_mount 'a full disk and one that is read-only'; then
    tmpfs "$scratch/small" size=400k
    try 0 run "${row[@]}" --store "$scratch/small/h.db" -o a.json
    cat /dev/zero >"$scratch/small/fill" 2>/dev/null
    try 5 run "${row[@]}" --store "$scratch/small/h.db" -o r.json
    if [ -f r.json ]; then
        says 'could not store the run' 'the run is in r.json'
    else
        says '--no-store measures without a history'
    fi
    rm "$scratch/small/fill"
    try 0 export --store "$scratch/small/h.db" latest
    cmp -s "$out" a.json || fail "$what: the history lost a run"
    mount -o remount,ro "$scratch/small"
    rm -f r.json
    try 5 run "${row[@]}" --store "$scratch/small/h.db" -o r.json
    says 'Read-only file system'
    try 0 export --store "$scratch/small/h.db" latest
    cmp -s "$out" a.json || fail "$what: a read-only history cannot be read"
    leaves a.json
fi

# Baselines: names for runs, which do not come to mean others by accident.
rm -f "$store"
try 0 baseline list
prints 'no baselines yet'
try 64 baseline show nightly
try 0 run "${row[@]}" --no-store -o a.json
try 0 run "${row[@]}" -o b.json
try 0 baseline save nightly ./a.json
prints 'baseline nightly: run ' '1 rows, 1 ok, of machine '
try 64 baseline save nightly b.json
says 'there is a baseline nightly already' '--replace nightly'
try 64 baseline save nightly b.json --replace weekly
says '--replace weekly: the baseline to save is nightly'
try 0 export nightly
cmp -s "$out" a.json || fail "$what: another run"
try 0 baseline save nightly latest --replace nightly
try 0 export nightly
cmp -s "$out" b.json || fail "$what: another run"
try 64 baseline save latest a.json
try 64 baseline save 2026 a.json
try 64 baseline save nightly
try 64 baseline forget nightly
try 0 baseline list --json
prints_json
json "$out" '[b["name"] for b in d] == ["nightly"] and len(d[0]["machine"]) == 16'
try 0 baseline show nightly
prints 'baseline nightly, saved ' 'read l1 one'
try 64 baseline show nigtly
says 'did you mean nightly?'
try 64 export nigtly
says 'did you mean baseline nightly?'
try 0 baseline delete nightly
try 64 baseline delete nightly
try 0 history --runs
[ "$(wc -l <"$out")" -eq 2 ] || fail "$what: a run was lost"
leaves a.json b.json

# What was measured over time.
for i in 1 2 3; do try 0 run "${row[@]}" -o r.json; done
try 0 history
prints 'silicon.memory, cpu: bandwidth in GB/s' 'read l1 one' '5 runs'
try 0 history --json --last 3 'silicon.*'
json "$out" 'len(d["runs"]) == 3 and len(d["series"]) == 1 and \
    all(p["value"] > 0 for p in d["series"][0]["points"])'
LC_ALL=C try 0 history
! LC_ALL=C grep -q '[^ -~]' "$out" || fail "$what: not ASCII"
try 64 history silicon.memroy
says 'did you mean silicon.memory?'
try 64 history --machine ffffffffffffffff
try 64 history --machine zebra
try 64 history --last 0
try 0 history --store none.db
says 'there is no history none.db yet'
leaves r.json

# doctor says what is wrong with it.
try 0 doctor --json
json "$out" '[a["state"] for a in d if a["name"] == "history"] == ["working"]'
cp "$store" "$scratch/kept" && head -c 5000 /dev/urandom >"$store" && rm -f "$store"-*
try 4 doctor --json
json "$out" '[a["state"] for a in d if a["name"] == "history"] == ["failing"]'
cp "$scratch/kept" "$store"

# A step of 8 % is seen, and the run where it happened is named.
python3 - "$source"/results/*-cascade-lake-2-cores-quick.json <<'PYTHON'
import json, random, sys
draw = random.Random(3)
run = json.load(open(sys.argv[1]))
row = run["results"][0]
row.update(origin="imported", value_ci=None, runs=[], limits=[],
           limit=dict.fromkeys(["kind", "value", "value_ci", "source", "reason", "percent"]))
run["results"] = [row]
for day in range(1, 29):
    row["value"] = (100 if day < 19 else 92) * (1 + 0.004 * draw.gauss(0, 1))
    run["run"]["id"] = f"202602{day:02d}T000000Z-00000000"
    run["run"]["start"] = f"2026-02-{day:02d}T00:00:00.000Z"
    json.dump(run, open(f"day-{day:02d}.json", "w"))
PYTHON
try 0 import --store steps.db day-*.json
try 0 history --store steps.db
prints 'step at run 20260219T000000Z-00000000 (2026-02-19)' ' % worse' '28 runs'
try 0 history --store steps.db --json
json "$out" '[s["run"] for s in d["series"][0]["steps"]] == ["20260219T000000Z-00000000"]'
leaves steps.db day-{01..28}.json

# A password is for the server, not for whoever sees the result.
try 5 run "${row[@]}" --store postgresql://me:secret@127.0.0.1:1/none -o r.json
! grep -q secret "$err" "$out" || fail "$what: says the password"
done_testing
