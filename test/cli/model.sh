#!/bin/bash
# model.sh - `headroom model`: what a file holds, what can run it, what is no model; models made and
# quantised.
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
rm answer.json

# In another type: what it was and is, and how far off; never over what is read.
try 64 model quantize model.gguf model.gguf --type Q8_0 --requantize
says 'model.gguf is the model that is read'
try 64 model quantize model.gguf q8.gguf --type Q8_0
says 'is Q4_0 already' '--requantize'
rm model.gguf
try 0 model synth tiny-gpt2 --type BF16 --format safetensors -o folder
prints 'folder: synthetic tiny-gpt2, BF16'
try 64 model synth tiny-gpt2 --type Q4_0 --format safetensors -o folder
says 'not Q4_0'
try 0 model quantize folder q4.gguf --type Q4_K --head F16 --threads 2
prints 'blk.1.ffn_down.weight' 'BF16 -> Q4_K' 'RMSE' 'q4.gguf: ' 'encoded'
try 0 model inspect q4.gguf
prints SYNTHETIC 'gpt2: tiny-gpt2' Q4_K
for args in '' 'q4.gguf' 'q4.gguf x.gguf' 'q4.gguf x.gguf --type Q9' 'q4.gguf x.gguf --seed 1' \
    'a b c --type F16' 'q4.gguf x.gguf --type F16 --threads 0'; do
    try 64 model quantize $args
done
try 5 model quantize nowhere.gguf x.gguf --type F16
says 'nowhere.gguf'
for args in '' 'smollm3' 'gpt2 --type F16' 'gpt2 -o x.gguf' 'gpt2 --type F16 -o x --format ggml'; do
    try 64 model synth $args
done
# A folder with somebody's model is left alone.
mkdir theirs
echo '{"model_type": "llama"}' >theirs/config.json
try 64 model synth tiny-llama --type F16 --format safetensors -o theirs
says 'theirs holds a model that is not synthetic'
rm -r folder theirs q4.gguf

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
