#!/bin/bash
# output.sh - where results go: files that cannot be written, disks that are full, closed pipes.
. "$(dirname "$0")/lib.sh"

# cannot TEXT FILE: 5 before anything is measured.
cannot() {
    try 5 run "${row[@]}" -o "$2"
    says "$1"
    prints_nothing
}

mkdir folder
cannot 'missing/r.json: No such file or directory' missing/r.json
cannot 'folder: is a directory' folder
cannot 'Not a directory' "$program/r.json"
cannot 'File name too long' "$(printf 'a%.0s' {1..300}).json"
cannot '.json' "$(printf 'a/%.0s' {1..1500})r.json"
try 64 run "${row[@]}" -o new/
leaves folder

if may_mount 'a file system that is read-only'; then
    tmpfs "$scratch/ro" ro
    cannot "$scratch/ro/r.json: Read-only file system" "$scratch/ro/r.json"
fi

# Full while writing: the earlier file stays whole, the table is printed all the same.
if may_mount 'a full disk'; then
    tmpfs "$scratch/full" size=256k
    echo 'what was here before' >"$scratch/full/r.json"
    cat /dev/zero >"$scratch/full/fill" 2>/dev/null
    try 5 run "${row[@]}" -o "$scratch/full/r.json"
    says "$scratch/full/r.json: No space left on device"
    prints 'read l1 one' '1 row: 1 ok'
    [ "$(cat "$scratch/full/r.json")" = 'what was here before' ] || fail "$what: the old file changed"
    [ "$(ls -A "$scratch/full" | tr '\n' ' ')" = 'fill r.json ' ] || fail "$what: stray files"
fi

# The same for every user: no file may grow beyond 4 KiB.
echo 'what was here before' >r.json
what='run below ulimit -f'
(
    ulimit -f 4
    exec "$program" run "${row[@]}" --no-store -o r.json
) 2>&1 >"$out" </dev/null | cat >"$err" # the shell's redirection would be limited too
[ "${PIPESTATUS[0]}" -eq 5 ] || fail "$what: not 5"
says 'r.json: File too large'
[ "$(cat r.json)" = 'what was here before' ] || fail "$what: the old file changed"
leaves r.json

# A file that is there is replaced, also through a link; its mode is kept.
echo old >real.json && chmod 600 real.json && ln -s real.json link.json
try 0 run "${row[@]}" -o link.json
valid real.json
[ -L link.json ] && [ "$(stat -c %a real.json)" = 600 ] || fail "$what: link or mode was lost"
leaves link.json real.json

# Without -o: a name of its own, said on stdout, also when two runs end within one second.
try 0 run "${row[@]}"
prints 'written to headroom-'
try 0 run "${row[@]}"
try 0 run "${row[@]}"
[ "$(ls headroom-*.json | wc -l)" -eq 3 ] || fail "$what: not three files: $(ls)"
rm -f headroom-*.json
leaves

# --json: only JSON on stdout, and no file unless asked for.
try 0 run "${row[@]}" --json
prints_json
valid "$out"
leaves
try 0 run "${row[@]}" --json -o r.json
cmp -s "$out" r.json || fail "$what: file and stdout differ"
leaves r.json
try 0 run "${row[@]}" --json --repeat 2
valid "$out"
json "$out" 'len(d["results"][0]["runs"]) == 2'
try 4 run "${row[@]}" --json --launcher /bin/false
valid "$out"
try 0 run "${row[@]}" --json --launcher 'nice -n 1'
json "$out" 'd["results"][0]["status"] == "ok"'
try 0 run --dry-run --json
prints_json
try 0 run --dry-run
prints 'silicon.memory' 'rows, '
for c in list info doctor; do
    try 0 "$c" --json
    prints_json
done
LD_LIBRARY_PATH=$'/caf\xe9' try 0 info --json # bytes that are not UTF-8
prints_json
LD_LIBRARY_PATH=$'/caf\xe9' try 0 run "${row[@]}" --json
valid "$out"
leaves

# A stdout that cannot take it is no success.
for c in 'list' 'list --json' 'info' 'help' 'help run' 'help --man' "run ${row[*]} -o r.json"; do
    what="headroom $c >/dev/full"
    "$program" $c >/dev/full 2>"$err"
    [ $? -eq 5 ] || fail "$what: not 5"
    says 'standard output: '
    what="headroom $c >&-"
    "$program" $c >&- 2>"$err"
    [ $? -eq 5 ] || fail "$what: not 5"
done
# Closed descriptors must not become the result file or the lock.
"$program" run "${row[@]}" -o r.json <&- >&- 2>&-
what='run with everything closed'
valid r.json
! grep -q 'silicon.memory' /tmp/headroom.lock || fail "$what: printed into the lock file"
leaves r.json
what='list | head -1'
"$program" list 2>"$err" | head -1 >/dev/null
[ "$(wc -l <"$err")" -le 1 ] || fail "$what: more than a line"
done_testing
