#!/bin/bash
# ci.sh - the scripts of docs/ci, and the commands that its pipelines call them with.
. "$(dirname "$0")/lib.sh"
export XDG_DATA_HOME=$scratch/data HEADROOM=$program

# gates CODE ARGUMENT...: docs/ci/gate.sh must end with this code, and leave a summary.
gates() {
    local want=$1 got
    shift
    what="gate.sh $*"
    rm -f headroom-summary.md
    sh "$source/docs/ci/gate.sh" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    [ "$got" -eq "$want" ] || fail "$what: exit code $got, expected $want"
    [ -s headroom-summary.md ] || fail "$what: no summary"
}

try 0 run "${row[@]}" --repeat 3 -o result.json --no-store
mkdir baselines
for day in 1 2 3 4 5; do
    edit result.json baselines/$day.json 1.00$day \
        "d['run']['start'] = '2026-01-0${day}T00:00:00.000Z'"
done
edit result.json slow.json 0.7
gates 0 result.json baselines
grep -q '^## headroom: passed' headroom-summary.md || fail "$what: the summary does not say passed"
gates 2 slow.json baselines
grep -q '^| \*\*slower FAIL' headroom-summary.md || fail "$what: no regression in the summary"
[ "$(grep -c '^| ' headroom-summary.md)" -le 24 ] || fail "$what: more than 20 rows"
gates 0 slow.json baselines/1.json
says 'unclear'
gates 2 slow.json baselines/1.json baselines/2.json baselines/3.json baselines/4.json \
    baselines/5.json
what=compare.sh
KEEP=ab sh "$source/docs/ci/compare.sh" /bin/false "$program" "${row[@]}" >"$out" 2>"$err" </dev/null
[ $? -eq 5 ] || fail "a program that fails is not 5"
says '/bin/false ended with exit code 1'

# Each pipeline calls what is tested above, with words that the program knows.
for pipeline in github-actions.yml gitlab-ci.yml; do
    file=$source/docs/ci/$pipeline what=$pipeline
    python3 -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))' "$file" 2>"$err" ||
        grep -q "No module named 'yaml'" "$err" || fail "not YAML"
    grep -q 'HEADROOM=build/headroom docs/ci/gate.sh result.json baselines' "$file" ||
        fail "does not call gate.sh as it is tested"
    words=$(sed -n 's/.*build\/headroom run \(.*\)/\1/p' "$file")
    try 0 run $words --dry-run
done
done_testing
