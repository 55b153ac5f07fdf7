#!/bin/bash
# places.sh - folders that are missing, full or strange, homes that are none, users without rights.
. "$(dirname "$0")/lib.sh"

# --dir
touch file
for c in run info doctor; do
    try 5 "$c" --dir missing
    says '--dir missing: No such file or directory'
    try 5 "$c" --dir file
    says '--dir file: not a folder'
done
mkdir -- -x
try 0 run "${row[@]}" --dir -x -o r.json
leaves -x file r.json
if may_mount 'scratch files in odd places'; then
    # A small disk: an ext4 of 8 MiB, where a loop device can be had; and memory, which is no disk.
    tmpfs "$scratch/memory" size=300m
    try 0 run silicon.storage --set op=read --set cache=direct --set bs=1MiB --seconds 0.05 \
        --wait 120 --dir "$scratch/memory" -o r.json
    prints 'is memory (tmpfs), not storage'
    [ -z "$(ls -A "$scratch/memory")" ] || fail "$what: left a file"
    truncate -s 8M "$scratch/disk"
    mkdir "$scratch/small"
    if mkfs.ext4 -q "$scratch/disk" 2>/dev/null &&
        mount -o loop "$scratch/disk" "$scratch/small" 2>/dev/null; then
        mounts+=("$scratch/small")
        before=$(ls -A "$scratch/small")
        "$program" run silicon.storage --set op=write --set cache=direct --set bs=1MiB \
            --seconds 0.05 --wait 120 --dir "$scratch/small" -o r.json >"$out" 2>"$err"
        code=$? what='run on a disk without space'
        [ "$code" -eq 4 ] || [ "$code" -eq 0 ] || fail "$what: exit code $code"
        says 'MiB are free'
        [ "$(ls -A "$scratch/small")" = "$before" ] || fail "$what: left a file"
    else
        skip 'a disk without space: no loop device'
    fi
    leaves r.json
fi

# The cache of ceilings is a convenience: without it everything works.
what='no HOME and no XDG_CACHE_HOME'
env -u HOME -u XDG_CACHE_HOME "$program" run "${row[@]}" -o r.json >"$out" 2>"$err"
[ $? -eq 0 ] || fail "$what: not 0"
! grep -q 'ceilings' "$err" || fail "$what: speaks of the cache"
leaves r.json
export XDG_CACHE_HOME=$program/none # below a file nothing can be made, not even by root
try 0 run "${row[@]}" -o r.json
says 'the measured ceilings are not kept: ' 'Not a directory'
export XDG_CACHE_HOME=$scratch/cache2
try 0 run "${row[@]}" -o r.json
cache=$(ls "$XDG_CACHE_HOME"/headroom/ceilings-*.json)
for damage in '{"schema":1,' '' '[]' '{"schema":99}' "$(head -c 3000 /dev/urandom | base64)"; do
    printf '%s' "$damage" >"$cache"
    try 0 run "${row[@]}" -o r.json
    says "$cache: the cached ceilings are ignored: "
    python3 -m json.tool "$cache" >/dev/null || fail "$what: the cache was not mended"
done
rm "$cache" && mkdir "$cache"
try 0 run "${row[@]}" -o r.json
says "$cache: the cached ceilings are ignored: " "the measured ceilings are not kept: $cache"
export XDG_CACHE_HOME=$scratch/cache
leaves r.json

# A program that is replaced while it runs (a build, an update) goes on measuring with the old one.
cp "$program" "$scratch/program"
program=$scratch/program start run "${long[@]}" --set op=read,write --seconds 0.5 --repeat 2 -o r.json
until_true 60 first_row_done
rm "$scratch/program"
ended 0
json r.json 'all(len(r["runs"]) == 2 for r in d["results"])'
leaves r.json

# Anybody can read and write /tmp: what lies at the lock's place cannot hold a run up, but this
# must not be tried on the lock that others use.
if [ "$(id -u)" -ne 0 ]; then
    skip 'an ordinary user, a hidden /sys: only root can set the scene'
    done_testing
fi

# An ordinary user: telemetry that needs rights gives reasons, not failures.
if setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$program"; then
    chmod 777 "$work"
    user=(setpriv --reuid=65534 --regid=65534 --clear-groups env -u XDG_CACHE_HOME
          -u XDG_DATA_HOME HOME=/nonexistent "$program")
    for c in 'info --json' 'doctor --json' "run ${row[*]} --json -o r.json"; do
        what="headroom $c as nobody"
        "${user[@]}" $c >"$out" 2>"$err" || fail "$what: exit code $?"
        prints_json
    done
    valid "$out"
    json "$out" 'd["results"][0]["status"] == "ok"'
    json "$out" 'all(s["values"] or s["reason"]
                     for r in d["results"] for u in r["runs"] for s in u["telemetry"])'
    says 'the measured ceilings are not kept: /nonexistent'
    says 'the run will not be in a history: /nonexistent'
    leaves r.json
else
    skip "an ordinary user: cannot reach $program"
fi

# Containers hide what they like.
if unshare -m true 2>/dev/null; then
    hidden() {
        what="without $1"
        unshare -m bash -c "mount -t tmpfs none $1 && exec \"\$@\"" - "$program" \
            "${@:2}" >"$out" 2>"$err" </dev/null
    }
    hidden /sys run "${row[@]}" --json || fail "$what: exit code $?"
    valid "$out"
    hidden /sys doctor --json || fail "$what: exit code $?"
    hidden /proc/sys run "${row[@]}" --json || fail "$what: exit code $?"
    valid "$out"
    hidden /proc run "${row[@]}" --json
    [ $? -eq 5 ] || fail "$what: not 5"
    says '/proc'
    what='without /proc/cpuinfo, meminfo, stat'
    unshare -m bash -c 'for f in cpuinfo meminfo stat loadavg mounts; do
        mount --bind /dev/null /proc/$f; done 2>/dev/null; exec "$@"' - \
        "$program" run "${row[@]}" --json >"$out" 2>"$err" || fail "$what: exit code $?"
    valid "$out"
else
    skip 'a hidden /sys and /proc: no unshare'
fi
leaves
done_testing
