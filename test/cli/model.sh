#!/bin/bash
# model.sh - `headroom model inspect`: what a file holds, what can run it, what is no model.
. "$(dirname "$0")/lib.sh"
data=$source/test/data/models

# at_most COLUMNS: no line of the answer is wider.
at_most() {
    [ "$(wc -L <"$out")" -le "$1" ] || fail "$what: a line of $(wc -L <"$out") columns"
}

try 0 model synth smollm2-135m --type Q4_0 -o model.gguf
try 0 model inspect model.gguf
prints SYNTHETIC 'llama: smollm2-135m' '30 layers of 576' 'runs        yes, Q4_0' 'BPE' \
    'blk.{0-29}.attn_q.weight' '576 x 576' 'x 30' 'bytes a weight'
at_most 80
try 0 model inspect model.gguf --json
prints_json
cp "$out" answer.json
json answer.json 'd["synthetic"] and d["model"]["family"] == "llama" and d["model_reason"] is None'
json answer.json 'sum(t["bytes"] for t in d["tensors"]) == d["total"]["bytes"]'
json answer.json 'sum(t["bytes"] for t in d["types"]) == d["total"]["bytes"]'
json answer.json 'd["total"]["parameters"] == 134515008 and len(d["tensors"]) == 272'
rm model.gguf answer.json

# Another's files: every type of metadata, shards; read, but not to be run.
try 0 model inspect "$data/golden.gguf"
prints 'no: the architecture "test" is not' '-9223372036854775808' '4 strings: "", "a"' Q5_1
at_most 80
try 0 model inspect "$data/golden.gguf" --json
prints_json
cp "$out" answer.json
json answer.json '{k["name"]: k["value"] for k in d["keys"]}["a.f64"] == [0.1, 1e300]'
json answer.json '{k["name"]: k["value"] for k in d["keys"]}["a.bool"] == [True, False, True]'
json answer.json '{k["name"]: k["value"] for k in d["keys"]}["t.string"] == "h\u00e9 \U0001f600"'
json answer.json 'd["model"] is None and "test" in d["model_reason"]'
json answer.json 'd["tokenizer"] is None and d["tokenizer_reason"]'
rm answer.json
try 0 model inspect "$data/sharded"
prints 'safetensors' '3 tensors in 2 files' 'hidden_size' 'y.weight'
at_most 80

# No models: 5, and nothing on standard output.
for name in golden-big-endian.gguf sharded/config.json nowhere; do
    try 5 model inspect "$data/$name"
    prints_nothing
    says "$name"
done
head -c 11000 "$data/golden.gguf" >cut.gguf
try 5 model inspect cut.gguf
says 'cut.gguf: tensor "tq2_0"' 'cut short or damaged'
mkfifo pipe
try 5 model inspect pipe
says 'pipe: is a pipe'
mkdir folder
try 5 model inspect folder
says 'folder: a folder without a model'
: >empty
try 5 model inspect empty
says 'empty: is empty'
rm -r cut.gguf pipe folder empty

try 64 model
says 'inspect'
try 64 model inspekt x
try 64 model inspect
says 'which file?'
try 64 model inspect a b
says 'unexpected "b"'
try 64 model inspect x --type F16
says 'no option --type'
leaves

done_testing
