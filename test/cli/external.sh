#!/bin/bash
# external.sh - `run --set library=FILE`: another library is verified and timed as one more variant;
# one that is none, refuses, is wrong or crashes is a failed row that says why.
. "$(dirname "$0")/lib.sh"
build=$(dirname "$program")
fakes=$build/fakes
cp "$build/libheadroom.so" other.so

# measure CODE LIBRARY: $bench at the point of $settings
measure() {
    try "$1" run "$bench" --set "library=$2" "${settings[@]}" --set threads=one --device cpu \
        --seconds 0.05 --wait 120 -o r.json
}
# fails LIBRARY TEXT: in the row's reason
fails() {
    measure 4 "$1"
    json r.json "d['results'][0]['status'] == 'failed' and d['results'][0]['value'] is None"
    json r.json "'''$2''' in d['results'][0]['reason']"
}

bench=kernels.attention.sparse
settings=(--set case=uniform --set atoms=600)
measure 0 ./other.so
json r.json 'd["results"][0]["status"] == "ok" and d["results"][0]["value"] > 0'
json r.json 'd["results"][0]["variant"] == "library other.so"'
json r.json 'd["results"][0]["params"]["library"] == "./other.so"'
json r.json 'd["results"][0]["check"]["verdict"] == "passed"'
fails ./nowhere.so './nowhere.so: cannot open shared object file'
fails "$fakes/fake_headroom_old.so" 'its ABI version is 2, expected 1'
fails "$fakes/fake_headroom_failing.so" 'headroom_sparse_run of the library: the fake'
fails "$fakes/fake_headroom_wrong.so" 'wrong output in verify'
fails "$fakes/fake_headroom_crashing.so" 'signal 11'
# A row without a library does not carry the setting; variants are ours alone.
try 0 run "$bench" "${settings[@]}" --set threads=one --device cpu --seconds 0.05 --wait 120 \
    -o r.json
json r.json '"library" not in d["results"][0]["params"]'
try 64 run "$bench" "${settings[@]}" --set library=./other.so --set variant=scalar --dry-run
try 64 run "$bench" --set 'library=a b'
says "is not a file's name"
fails "$fakes/fake_headroom_lacking.so" 'it has no headroom_sparse_run'
bench=kernels.ternary
settings=(--set op=matvec --set shape=192x576)
measure 0 ./other.so
json r.json 'd["results"][0]["variant"] == "library other.so"'
json r.json 'd["results"][0]["check"]["verdict"] == "passed"'
fails "$fakes/fake_headroom_wrong.so" 'wrong output in verify'
fails "$fakes/fake_headroom_failing.so" 'headroom_ternary_run of the library: the fake'
done_testing
