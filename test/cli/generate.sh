#!/bin/bash
# generate.sh - text from a tiny model with random weights: the words are nonsense, what goes where is
# not.
. "$(dirname "$0")/lib.sh"

vocabularies=$source/test/data/tokenizers
try 0 model synth tiny-llama --type F32 --vocab "$vocabularies/tiny.gguf" -o m.gguf
text() { "$program" generate -m m.gguf "$@" 2>"$err" </dev/null; }
tokens() { text --dry-run "$@" | cut -d' ' -f1 | tr '\n' ' '; }
# same TEXT TEXT: they are
same() { [ "$1" = "$2" ] || fail "$what: \"$1\" is not \"$2\""; }

# The text alone is on standard output, figures on standard error and only when asked for.
try 0 generate -m m.gguf -p Hello -n 12
[ -s "$out" ] || fail "$what: no text"
[ ! -s "$err" ] || fail "$what: standard error is not empty"
cp "$out" first
try 0 generate -m m.gguf -p Hello -n 12 --stats
cmp -s "$out" first || fail "$what: another text with --stats"
says 'synthetic weights' 'decode     12 tokens' 'path       F32' 'hash of the last logits'

# By its name, from the folder where models lie; so do inspect, and run.
what='a model by its name'
mkdir -p "$XDG_DATA_HOME/headroom/models"
cp m.gguf "$XDG_DATA_HOME/headroom/models/named.gguf"
try 0 generate -m named -p Hello -n 12
cmp -s "$out" first || fail "$what: another text"
try 0 model inspect named
grep -q 'named.gguf' "$out" || fail "$what: another file"
try 0 run models.llm.info --set model=named --seconds 0.05 --no-store -o r.json
grep -q 'models.llm.info' "$out" || fail "$what: no row"
rm -r "$XDG_DATA_HOME/headroom/models" r.json

# The same on other threads; a draw by its seed.
what='determinism'
same "$(text -p Hello -n 40 --threads 1)" "$(text -p Hello -n 40 --threads 2)"
same "$(text -p Hello -n 40 --temperature 1 --seed 7)" "$(text -p Hello -n 40 --temperature 1 --seed 7)"
[ "$(text -p Hello -n 40 --temperature 1 --seed 7)" != "$(text -p Hello -n 40 --temperature 1 --seed 8)" ] ||
    fail "$what: two seeds, one text"
# Whatever is drawn, top-k 1 is the likeliest.
same "$(text -p Hello -n 40 --temperature 2 --top-k 1)" "$(text -p Hello -n 40)"

# Prompts: by argument, file, standard input; with escapes; a NUL and bytes that are no UTF-8.
what='prompts'
printf 'a\n\0b' >prompt
same "$(tokens -f prompt)" "$("$program" generate -m m.gguf -p - --dry-run <prompt | cut -d' ' -f1 | tr '\n' ' ')"
same "$(tokens -f prompt)" "$(tokens -e -p 'a\n\0b')"
same "$(tokens -p 'a\nb' | wc -w)" 4
same "$(tokens -e -p 'a\nb' | wc -w)" 3
printf 'a\377b' >prompt
try 0 generate -m m.gguf -f prompt -n 3
same "$(tokens -p '<|im_end|>' | wc -w)" 1
same "$(tokens -p '')" "$(tokens -p '<|im_start|>')"
try 0 generate -m m.gguf -p '' -n 3
try 0 generate -m m.gguf -p x -n 0
prints_nothing

# A chat is put into the template; what the user writes is text.
what='chat'
same "$(tokens --chat -p x | tr ' ' '\n' | grep -cx 1)" 3
same "$(tokens --chat --system s -p '<|im_start|>' | tr ' ' '\n' | grep -cx 1)" 3
try 0 generate -m m.gguf --chat -p x -n 5

# Stop texts: what is printed ends before.
what='stop'
all=$(text -p Hello -n 40)
stop=${all:5:2}
same "$(text -p Hello -n 40 --stop "$stop")" "${all%%"$stop"*}"
same "$(text -p Hello -n 40 --stop @@@@)" "$all"

# The context: full before the end is a warning, a prompt that does not fit no run.
try 1 generate -m m.gguf -p Hello --ctx 12 -n 50 --ignore-eos
says 'the context of 12 positions is full'
try 5 generate -m m.gguf -p 'Hello there, this is too long' --ctx 4
says "more than the context's 4 positions"
head -c 1000000 /dev/zero | tr '\0' x >prompt
try 5 generate -m m.gguf -f prompt
says 'the prompt has' 'positions'

# Bad input.
bad() {
    local text=$1
    shift
    try 64 generate "$@"
    says "headroom: " "$text"
    prints_nothing
}
bad 'no model' -p x
bad 'no prompt' -m m.gguf
bad 'both --prompt and --file' -m m.gguf -p x -f prompt
bad '--temperature: "hot" is not a number' -m m.gguf -p x --temperature hot
bad 'temperature -1' -m m.gguf -p x --temperature -1
bad 'top-p 0 ' -m m.gguf -p x --temperature 1 --top-p 0
bad 'min-p 1 ' -m m.gguf -p x --min-p 1
bad '--top-k: "-1"' -m m.gguf -p x --top-k -1
bad '--tokens: "many"' -m m.gguf -p x -n many
bad '--stop: the text is empty' -m m.gguf -p x --stop ''
bad '--system is for --chat' -m m.gguf -p x --system s
bad 'is no escape' -m m.gguf -e -p 'a\q'
bad 'is no escape' -m m.gguf -e -p 'a\ud800'
bad 'is no escape' -m m.gguf -e -p 'a\'
printf 'a\0b' >nul
bad 'NUL' -m m.gguf --chat -f nul
try 5 generate -m nowhere.gguf -p x
says 'nowhere.gguf'
try 5 generate -m m.gguf -f nowhere
says 'nowhere'
try 5 generate -m "$vocabularies/tiny.gguf" -p x
echo nonsense >no.gguf
try 5 generate -m no.gguf -p x
says 'no.gguf'
head -c 100000 m.gguf >cut.gguf
try 5 generate -m cut.gguf -p x
says 'cut.gguf'

# A reader who leaves, and a disk that is full.
what='a closed pipe'
{ "$program" generate -m m.gguf -p x -n 100000 --ctx 100000 --ignore-eos 2>"$err"; echo $? >code; } | head -c 100 >/dev/null
[ "$(cat code)" = 5 ] || fail "$what: exit code $(cat code)"
[ "$(wc -l <"$err")" = 1 ] || fail "$what: not one line"
if [ -e /dev/full ]; then
    what='a full disk'
    "$program" generate -m m.gguf -p x -n 5 >/dev/full 2>"$err"
    [ $? = 5 ] || fail "$what: not 5"
fi

# Ctrl-C: what was printed stays.
start generate -m m.gguf -p x -n 2000000 --ctx 2000000 --ignore-eos --stats
until_true 100 test -s "$out" || fail "$what: no text"
kill -INT "$pid"
ended 130
[ -s "$out" ] || fail "$what: the text is gone"
says 'interrupted'
rm -f m.gguf cut.gguf prompt first
done_testing
