#!/bin/bash
# ablations.sh - pairs of rows run in turn, their gain with an interval; and again from the files.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { skip "no python3"; done_testing; }
tool=$source/tools/ablations

"$tool" --program "$program" --only "residual and RMSNorm, 1 rows" --repeat 3 --seconds 0.02 -o kept >"$out" 2>"$err"
code=$? # 1: on a busy machine one form may seem slower
[ $code -le 1 ] || fail "exit code $code: $(cat "$err")"
grep -qE '^\| fusion \| residual and RMSNorm, 1 rows of 4096 \| [0-9.]+ [mun]s \| .* \| [0-9.e+-]+ x \[[0-9.e+-]+, [0-9.e+-]+\] ' "$out" ||
    fail "no gain: $(cat "$out")"
mv "$out" first
"$tool" --only "residual and RMSNorm, 1 rows" kept/cpu-00.json >"$out" 2>"$err"
cmp -s first "$out" || fail "another table from the files: $(cat "$out" "$err")"

# A pair that is not there has no figure, and a table of none is an error.
"$tool" --only sparsity kept/cpu-00.json >"$out" 2>"$err"
[ $? -eq 5 ] || fail "nothing measured is not 5"
grep -q 'not measured' "$out" || fail "an absent row: $(cat "$out")"

# A fused form that takes twice the time is named.
python3 - kept/cpu-00.json >slow.json <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
for r in d["results"]:
    for x in r["runs"]:
        x["time"]["median_ns"] = 2000 if r["params"]["fused"] == "yes" else 1000
json.dump(d, sys.stdout)
END
"$tool" --only "residual and RMSNorm, 1 rows" slow.json >"$out" 2>"$err"
[ $? -eq 1 ] || fail "a slower fused form is not 1"
grep -q 'slower by more than 5 %: residual and RMSNorm' "$err" || fail "not named: $(cat "$err")"
done_testing
