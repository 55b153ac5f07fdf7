#!/bin/bash
# terminal.sh - what is drawn where: terminals of any width, without colour, dumb, not UTF-8.
. "$(dirname "$0")/lib.sh"

# on_terminal COLUMNS ARGUMENT...: run on a terminal of this width; what it was sent is in $out.
on_terminal() {
    what="on $1 columns: headroom ${*:2}"
    python3 "$source/test/cli/on_terminal.py" "$1" "$program" "${@:2}" >"$out" 2>"$err" ||
        fail "$what: exit code $?"
}
# fits COLUMNS [BEGINNING]: nothing that was sent to a terminal (and begins so) is wider than it.
fits() { python3 "$source/test/cli/on_terminal.py" --fits "$@" <"$out" >"$err" || fail "$what"; }
escapes() { grep -qaP '\x1b' "$out"; }
colours() { grep -qaP '\x1b\[[0-9;]*m' "$out"; }
foreign() { grep -qaP '[^\x00-\x7f]' "$out" "$err"; }

slow=("${row[@]}" --set op=read,triad --seconds 0.5 --target 0.01 -o r.json)
export TERM=xterm
for columns in 40 80 200; do
    on_terminal $columns run "${slow[@]}"
    # The figures of a table need 60 columns, whatever the terminal; progress fits everywhere.
    fits $columns '[12]/2 '
    # Except the line that says which other run is waited for, where one measures beside the tests.
    [ $columns -lt 60 ] || fits $columns '(?!headroom: )'
    grep -qaP '\r1/2 .*\x1b\[K' "$out" || fail "$what: no live progress"
    colours || fail "$what: no colours"
    prints '2 rows: 2 ok'
done
NO_COLOR=1 on_terminal 80 run "${slow[@]}"
colours && fail "$what: NO_COLOR, and yet colours"
grep -qaP '\r1/2 ' "$out" || fail "$what: NO_COLOR took the progress away"
NO_COLOR= on_terminal 80 run "${slow[@]}" # set and empty is not set (no-color.org)
colours || fail "$what: NO_COLOR is empty, and yet no colours"
TERM=dumb on_terminal 80 run "${slow[@]}"
escapes && fail "$what: a dumb terminal was sent escape sequences"
prints '1/2 silicon.memory'
(unset TERM && on_terminal 80 run "${slow[@]}" && ! escapes) || fail 'without TERM: escape sequences'
LC_ALL=C on_terminal 80 run "${slow[@]}"
foreign && fail "$what: not ASCII in the C locale"
on_terminal 80 doctor
fits 80 '(?!.*/tmp/)' # a path is one word, however long
colours || fail "$what: no colours"
LC_ALL=C on_terminal 40 doctor
foreign && fail "$what: not ASCII in the C locale"
rm -f r.json

# Not a terminal: plain lines, on stderr.
LC_ALL=C try 0 run "${row[@]}" -o r.json
escapes && fail "$what: escape sequences in a file"
foreign && fail "$what: not ASCII in the C locale"
says '1/1 silicon.memory read l1 one: '
try 0 run "${row[@]}" -o r.json
says '±'
try 0 report "$source/results/2026-11-21-h200-launch.json"
prints ' 0.7460 ± 0.0003 '
LC_ALL=C try 0 report "$source/results/2026-11-21-h200-launch.json"
prints ' 0.7460 +- 0.0003 '
foreign && fail "$what: not ASCII in the C locale"
LC_ALL=no_such_locale try 0 run "${row[@]}" -o r.json 2>/dev/null # bash complains too
foreign && fail "$what: not ASCII without a locale"
leaves r.json
done_testing
