#!/bin/bash
# report.sh - `headroom report`: each form, several runs, and everything that can be wrong with them.
. "$(dirname "$0")/lib.sh"
# The newest of each machine.
newest() { ls "$source"/results/*-"$1".json | sort | tail -1; }
run=$(newest cascade-lake-2-cores-quick) other=$(newest emerald-rapids-16-cores-h200-quick)

try 0 report "$run"
prints 'silicon.memory' 'warning: ' 'next: '
leaves

for form in html md csv json; do
    try 0 report "$run" -o "r.$form"
    prints_nothing
done
what='the page'
grep -q '<h2 id="h-roofline">' r.html || fail "$what: no roofline"
! grep -qE '(src|href)="?https?:|@import|url\(' r.html || fail "$what: fetches something"
[ "$(stat -c %s r.html)" -le 1500000 ] || fail "$what: $(stat -c %s r.html) bytes"
what='the Markdown'
grep -q '^| silicon.storage randread' r.md || fail "$what: no row"
what='the CSV'
python3 - r.csv "$run" <<'PY' || fail "$what: not a rectangle of rows"
import csv, json, sys
rows = list(csv.reader(open(sys.argv[1], newline="")))
lines = sum(max(1, len(r["runs"])) for r in json.load(open(sys.argv[2]))["results"])
assert len(rows) == lines + 1 and len({len(r) for r in rows}) == 1, [len(r) for r in rows]
assert all(float(r[rows[0].index("value")]) > 0 for r in rows[1:]
           if r[rows[0].index("status")] == "ok")
PY
what='the JSON'
json r.json 'len(d) == 1 and d[0]["schema"] == 1 and len(d[0]["results"]) > 5'
# What was written is read again, and says the same.
python3 -c 'import json, sys
json.dump(json.load(open("r.json"))[0], open("again.json", "w"))'
try 0 report again.json -o twice.json
cmp -s r.json twice.json || fail "$what: not the same when read again"
rm again.json twice.json
leaves r.csv r.html r.json r.md

# What README shows of a stored result is what the program says of it, word for word.
what='README.md'
python3 - "$program" "$source" <<'PY' || fail "$what: not what the program prints"
import os, re, subprocess, sys
program, source = sys.argv[1:]
shown = re.findall(r"`(results/[^`]*\.json)`[^`]*```\n(.*?)```", open(source + "/README.md").read(), re.S)
assert len(shown) == 2, len(shown)
for path, block in shown:
    says = subprocess.run([program, "report", os.path.join(source, path)], capture_output=True,
                          text=True, check=True).stdout.splitlines()
    wrong = [line for line in block.splitlines() if line not in says]
    assert not wrong, (path, wrong)
PY
leaves

# Two runs: the last is shown, held against the first.
try 0 report "$run" "$run" -o two.md
what='two runs'
grep -q '| verdict |' two.md || fail "$what: no verdicts"
grep -q 'not interleaved' two.md || fail "$what: no reason for the verdict"
# Of different machines they are not compared unless forced, and then labelled.
try 64 report "$run" "$other" -o two.html
says 'is of another machine' '--force'
try 0 report "$run" "$other" --force -o two.html
grep -q 'runs are of different machines' two.html || fail "$what: no label"
grep -q 'What else differs' two.html || fail "$what: no differences"
try 0 report "$run" "$other" -o two.json
json two.json 'len(d) == 2'
try 0 report "$run" "$other" -o two.csv
[ "$(cut -d, -f1 two.csv | sort -u | wc -l)" -eq 3 ] || fail "$what: not two runs and a heading"
leaves two.csv two.html two.json two.md

cat >targets.json <<'JSON'
{"schema": 1, "title": "mine", "targets": [
  {"id": "l1", "what": "reads of L1", "of": "value", "name": "silicon.memory",
   "params": {"op": "read", "level": "l1"}, "bound": ">=", "value": 1e6, "unit": "GB/s",
   "source": "nobody"}]}
JSON
try 0 report "$run" --targets targets.json
prints 'reads of L1' 'missed'
try 0 report "$run" --targets targets.json -o r.md
grep -q 'missed' r.md || fail "$what: no target in the Markdown"
try 0 report "$run" --targets targets.json -o r.html
grep -q '1</b> target missed' r.html || fail "$what: no target counted on the page"
grep -q '<td>reads of L1</td>' r.html || fail "$what: no table of targets on the page"
try 5 report "$run" --targets "$run"
leaves r.html r.md targets.json

# Runs of the history by the names that they have there.
try 0 import "$run" --store h.db
try 0 baseline save nightly "$run" --store h.db
try 0 report latest --store h.db -o r.md
grep -q 'silicon.storage randread' r.md || fail "$what: not the stored run"
try 0 report nightly latest --store h.db -o r.md
grep -q '| verdict |' r.md || fail "$what: no verdicts"
rm -f h.db* r.md

# The founding documents' forms: what the run has is there, the rest is null with its reason, and
# import reads them back.
try 0 report "$run" --form d0 -o baselines/today
prints_nothing
json baselines/today/storage_baseline.json 'd["random_read_iops"] > 1000 and d["generator"] == "headroom"'
json baselines/today/memory_baseline.json \
    'd["cpu_to_gpu_gbs"] is None and "no row" in d["unavailable"]["cpu_to_gpu_gbs"]'
try 0 import baselines/today/*.json --store h.db
try 0 history --store h.db
prints ws03-benchmarks 'random_read_iops'
try 0 report "$run" --form d2 -o flat.json
json flat.json 'd["throughput_tok_s"] is None and d["unavailable"]["throughput_tok_s"] and d["os"]'
try 0 report "$run" --form d2-table
prints '| throughput_tok_s | N/A | not measured in this run'
"$program" report "$run" --form d2-table >flat.md
try 0 import flat.json flat.md --store h.db
try 0 report "$run" --form d3
prints '"qps": null'
rm -rf baselines flat.json flat.md h.db*
leaves

# bad CODE TEXT ARGUMENT...: one line on stderr, nothing else.
bad() {
    local code=$1 text=$2
    shift 2
    try "$code" "$@"
    says 'headroom: ' "$text"
    prints_nothing
    [ "$(wc -l <"$err")" -eq 1 ] || fail "$what: not one line"
}
bad 64 'which run?' report
bad 64 'expected a name that ends in .html, .md, .csv or .json' report "$run" -o r.pdf
bad 64 'expected a name that ends in .html, .md, .csv or .json' report "$run" -o html
bad 64 'expected a name that ends in .html, .md, .csv or .json' report "$run" -o .html
bad 64 'expected one of d0 d2 d2-table d3' report "$run" --form d5
bad 64 'is of one run, not of 2' report "$run" "$run" --form d2
bad 64 '--output FOLDER says where' report "$run" --form d0
bad 5 'missing/x.json: No such file or directory' report "$run" --form d3 -o missing/x.json
bad 64 'no option "--outpt"; did you mean --output?' report "$run" --outpt x.html
bad 5 'missing.json: No such file' report missing.json -o r.html
bad 5 'missing/r.html: No such file or directory' report "$run" -o missing/r.html
echo '{"schema": 1}' >broken.json
bad 5 'broken.json: ' report broken.json
bad 5 'broken.json: ' report "$run" broken.json -o r.html # the second is wrong: nothing is written
head -c 5000 "$run" >cut.json
bad 5 'cut.json: ' report cut.json -o r.html
sed 's/"schema": 1/"schema": 99/' "$run" >newer.json
bad 5 'newer.json: ' report newer.json -o r.html
leaves broken.json cut.json newer.json

# A disk that is full leaves the old page as it was.
echo 'what was here before' >r.html
what='report below ulimit -f'
(
    ulimit -f 4
    exec "$program" report "$run" -o r.html
) 2>&1 >"$out" </dev/null | cat >"$err"
[ "${PIPESTATUS[0]}" -eq 5 ] || fail "$what: not 5"
[ "$(cat r.html)" = 'what was here before' ] || fail "$what: the old page changed"
leaves r.html
done_testing
