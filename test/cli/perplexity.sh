#!/bin/bash
# perplexity.sh - headroom perplexity on a tiny model with random weights.
. "$(dirname "$0")/lib.sh"

text=$work/text
head -c 2000 "$source/CONTRIBUTING.md" >"$text"
try 0 model synth tiny-llama --type F16 -o f16.gguf
try 0 model synth tiny-llama --type Q4_0 -o q4.gguf

# value KEY: of the JSON printed last.
value() {
    python3 -c 'import json, sys
x = json.load(open(sys.argv[1]))
for k in sys.argv[2].split("."): x = x[k]
print(x)' "$out" "$1"
}
# holds EXPRESSION: Python, of numbers.
holds() { python3 -c "import sys; sys.exit(not ($1))" || fail "$what: not $1"; }

try 0 perplexity -m f16.gguf -f "$text" --ctx 64 --threads 1
prints 'perplexity  ' 'synthetic weights' '31 windows of 64, 961 tokens count'
try 0 perplexity -m f16.gguf -f "$text" --ctx 64 --json --kl-save base
one=$(value perplexity.value)
[ "$(value scored)" = 961 ] || fail "$what: not 961 tokens"
# Random weights know less than nothing: worse than a guess among all tokens.
holds "$one > 100"
# The same on one thread, to the last bit, and in F32.
try 0 perplexity -m f16.gguf -f "$text" --ctx 64 --json --threads 1
[ "$(value perplexity.value)" = "$one" ] || fail "$what: other figures than on all threads"
try 0 perplexity -m f16.gguf -f "$text" --ctx 64 --json --reference --kl base
holds "abs($(value perplexity.value) / $one - 1) < 1e-3"
holds "0 <= $(value kl.value) + 1e-9 and $(value kl.value) < 1e-4"
holds "$(value same_top.value) > 0.95"
try 0 perplexity -m f16.gguf -f "$text" --ctx 64 --json --kl base
holds "abs($(value kl.value)) < 1e-6 and $(value same_top.value) > 0.99"
# Other weights are farther away: the comparison sees it.
try 0 perplexity -m q4.gguf -f "$text" --ctx 64 --json --kl base
holds "$(value kl.value) > 1e-3"
try 0 perplexity -m q4.gguf -f "$text" --ctx 64 --kl base
prints 'KL  ' 'same top'

# What cannot be.
try 64 perplexity -m f16.gguf
says 'wants a model (-m MODEL) and a text (-f FILE)'
try 64 perplexity -m f16.gguf -f "$text" --ctx 3
says '--ctx'
try 64 perplexity -m f16.gguf -f "$text" --ctx 64 --kl base --kl-save base
says 'would write over'
try 64 perplexity -m f16.gguf -f "$text" --ctx 1500
says 'perplexity wants 3000 or more'
: >empty
try 64 perplexity -m f16.gguf -f empty
says 'the text has 0 tokens'
try 5 perplexity -m f16.gguf -f nothing
says 'nothing: No such file'
try 5 perplexity -m nothing -f "$text"
says 'nothing'
try 5 perplexity -m "$text" -f "$text"
says 'neither GGUF'
try 5 perplexity -m f16.gguf -f "$text" --ctx 32 --kl base
says 'base: logits at a context of 64; this is 32'
head -c 1999 "$text" >other
try 5 perplexity -m f16.gguf -f other --ctx 64 --kl base
says 'base: logits of another text'
try 5 perplexity -m f16.gguf -f "$text" --ctx 64 --kl "$text"
says 'no file of logits that --kl-save wrote'
head -c 100000 base >short
try 5 perplexity -m f16.gguf -f "$text" --ctx 64 --kl short
says 'short: ends in the middle'
try 5 perplexity -m f16.gguf -f "$text" --ctx 64 --kl-save no/such/folder
says 'no/such'
done_testing
