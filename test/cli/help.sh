#!/bin/bash
# help.sh - help in all its forms: for people, man, and the shells.
. "$(dirname "$0")/lib.sh"

try 0 help
prints 'Usage: headroom COMMAND' 'headroom help COMMAND' 'Exit codes: 0 fine'
cp "$out" "$scratch/overview"
for a in --help -h; do
    try 0 "$a"
    cmp -s "$out" "$scratch/overview" || fail "$what: not the overview"
done
try 0 # no word at all
cmp -s "$out" "$scratch/overview" || fail 'headroom alone: not the overview'
for c in run list info doctor help; do
    try 0 help "$c"
    prints "headroom $c"
    cp "$out" "$scratch/command"
    for a in --help -h; do
        try 0 "$c" "$a"
        cmp -s "$out" "$scratch/command" || fail "$what: not what help $c prints"
    done
done
try 0 run silicon.memory --seconds 3 --help # asks, and so does nothing
cmp -s "$out" <("$program" help run) || fail "$what: not the help of run"
leaves
try 64 run -- --help # a name
says 'no benchmark or suite is called "--help"'
try 0 --version
prints 'headroom 0.' 'compiler'
try 0 list 'silicon.m*'
prints 'silicon.memory'
! grep -q silicon.storage "$out" || fail "$what: lists what was not asked for"
try 0 list quick
prints 'silicon.memory'

if command -v mandoc >/dev/null; then
    try 0 help --man
    # Outside a git checkout nobody knows the date.
    cp "$out" "$scratch/headroom.1"
    mandoc -T lint -W warning "$scratch/headroom.1" | grep -v 'missing date' >"$scratch/lint"
    [ ! -s "$scratch/lint" ] || fail "$what: $(cat "$scratch/lint")"
    mandoc -T ascii "$out" | col -b >"$scratch/page"
    for text in 'EXIT STATUS' '--seconds S' '-o, --output FILE' '/tmp/headroom.lock'; do
        grep -qF -e "$text" "$scratch/page" || fail "$what: the page has no \"$text\""
    done
else
    skip 'the man page: no mandoc'
fi

# complete WORD...: what bash offers for the last word.
complete() {
    what="completing: $*"
    bash --norc -c '
        source "$1"; shift
        complete -p headroom | grep -q _headroom || exit 1
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _headroom
        printf "%s\n" "${COMPREPLY[@]}"' complete "$scratch/bash" "$@" >"$out" 2>"$err" ||
        fail "$what: failed"
    [ ! -s "$err" ] || fail "$what: stderr is not empty"
}
offers() {
    local word
    for word; do grep -qxF -e "$word" "$out" || fail "$what: no $word in: $(tr '\n' ' ' <"$out")"; done
}
try 0 help --completion bash
cp "$out" "$scratch/bash"
complete headroom ''
offers run list info doctor help
! grep -q worker "$out" || fail "$what: offers worker"
complete headroom ru
offers run
[ "$(wc -l <"$out")" -eq 1 ] || fail "$what: offers more"
complete headroom run ''
offers quick standard full silicon.memory
complete headroom run --se
offers --set --seconds --seed
complete headroom run --device ''
offers cpu gpu
complete headroom run --he
offers --help
complete headroom help --completion ''
offers bash zsh fish
complete headroom help d
offers doctor
mkdir a-folder && touch a-file
complete headroom run -o a-
offers a-file
complete headroom run --dir a-
offers a-folder
[ "$(wc -l <"$out")" -eq 1 ] || fail "$what: offers what is no folder"
leaves a-folder a-file

for shell in zsh fish; do
    try 0 help --completion $shell
    prints silicon.memory seconds
    if ! command -v $shell >/dev/null; then
        skip "the syntax of the completion for $shell: no $shell"
    elif ! $shell -n "$out" 2>"$err"; then
        fail "$what: $shell does not read it"
    fi
done
done_testing
