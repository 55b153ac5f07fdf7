#!/bin/bash
# import.sh - what other tools wrote goes into the history, marked as theirs.
. "$(dirname "$0")/lib.sh"
data=$source/test/data/import

try 0 import "$data"/*.json "$data"/nvbandwidth.txt \
    "$data"/criterion/sum/u64/1000/new/estimates.json
try 0 history
prints hyperfine 'sleep 0.01' llama-bench nvbandwidth device_local_copy google-benchmark criterion
try 0 export latest -o theirs.json
python3 - <<'PYTHON' || fail "$what: not marked"
import json
assert all(row["origin"] == "imported" for row in json.load(open("theirs.json"))["results"])
PYTHON
try 0 report theirs.json -o theirs.html
try 64 rerun theirs.json # they are not ours to run
leaves theirs.html theirs.json

# As a founding document's tool wrote it: its 0 is no clock, and says so.
try 0 import "$data/d0-metrics.json" --store other.db
try 0 export latest -o d0.json --store other.db
json d0.json 'any(r["params"]["field"] == "metrics.memory_clock_mhz" and r["value"] is None
                  and "0 in the file" in r["reason"] for r in d["results"])'
rm -f other.db* d0.json

# Criterion's names are in its folders; a file that is cut, or no tool's.
cp "$data"/criterion/sum/u64/1000/new/estimates.json .
try 5 import estimates.json
says 'estimates.json' 'in target/criterion/NAME/new'
head -c 900 "$data/hyperfine.json" >cut.json
try 5 import cut.json
says cut.json 'line 45'
printf 'nothing\0at all' >noise
try 5 import noise
says 'not a file that import knows' 'text of nvbandwidth' 'forms D0, D2, D3)'

# Of several bad files the code that counts first is given, whichever comes last; the rest is in.
try 5 import cut.json "$data/hyperfine.json"
prints 'hyperfine.json: run'

done_testing
