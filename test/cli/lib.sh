# lib.sh - what the tests of the command line share: source it, then `try`, `says`, `prints`.
#
#   test/cli/NAME.sh PROGRAM SOURCE_DIR
#
# Each test works in a folder of its own, empty at first, with its own cache and history.  What the
# program printed lies elsewhere, so that a listing of the folder shows what it left there.
set -u
# Root has a lock of its own too: these tests measure for the sake of it, and neither wait for whoever
# measures beside them nor hold them up.  Under nohup a run would outlive its terminal, as it should.
if [ -z "${own_lock-}" ]; then
    own_lock=no
    ! unshare -m true 2>/dev/null || own_lock=yes
    export own_lock
    [ $own_lock = no ] || exec env --default-signal=HUP unshare -m bash "$0" "$@"
    exec env --default-signal=HUP bash "$0" "$@"
fi
program=$(realpath "$1") source=$(realpath "$2")
export LC_ALL=C.UTF-8
unset HEADROOM_LIBRARY_PATH NO_COLOR
scratch=$(mktemp -d /tmp/headroom-cli.XXXXXX) # in /tmp: an ordinary user must reach it
work=$scratch/work out=$scratch/out err=$scratch/err
mkdir "$work"
chmod 755 "$scratch" "$work"
export XDG_CACHE_HOME=$scratch/cache XDG_DATA_HOME=$scratch/data
mounts=() failures=0 skips=0
trap clean_up EXIT
cd "$work" || exit 1
if [ $own_lock = yes ]; then
    lock=/tmp/headroom.lock
    [ -e $lock ] || (umask 0 && : >>$lock) # as the program would make it
    touch "$scratch/lock" && chmod 666 "$scratch/lock"
    mount --bind "$scratch/lock" $lock || own_lock=no
fi

# One row that takes next to nothing.  --wait: for who has no lock of his own, others measure too.
row=(silicon.memory --device cpu --set op=read --set level=l1 --set threads=one --seconds 0.05
     --wait 120)
# Four rows of two seconds that do not end early.
long=(silicon.memory --device cpu --set op=read,write,copy,triad --set level=l1 --set threads=one
      --seconds 2 --target 0.01 --wait 120)

clean_up() {
    local m
    [ $own_lock = no ] || umount -l /tmp/headroom.lock
    for m in ${mounts[@]+"${mounts[@]}"}; do umount -l "$m"; done
    cd / && rm -rf "$scratch"
}

fail() {
    echo "FAILED: $*"
    sed 's/^/  stderr: /' "$err"
    failures=$((failures + 1))
}

skip() {
    echo "skipped: $*"
    skips=$((skips + 1))
}

done_testing() {
    [ "$failures" -eq 0 ] || exit 1
    exit 0
}

# try CODE ARGUMENT...: the program must end with this code.
try() {
    local want=$1 got
    shift
    what="headroom $*"
    what=${what:0:160}
    "$program" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    [ "$got" -eq "$want" ] || fail "$what: exit code $got, expected $want"
}

# says TEXT...: each was on stderr.  The error of a user comes in one line, without a stray prefix.
says() {
    local text
    for text; do
        grep -qF -e "$text" "$err" || fail "$what: no \"$text\" on stderr"
    done
}

prints() {
    local text
    for text; do
        grep -qF -e "$text" "$out" || fail "$what: no \"$text\" on stdout"
    done
}

prints_nothing() {
    [ ! -s "$out" ] || fail "$what: stdout is not empty: $(head -c 200 "$out")"
}

prints_json() {
    python3 -m json.tool "$out" >/dev/null || fail "$what: stdout is not JSON"
}

# valid FILE: a result file as the schema wants it, as far as this machine can tell.
valid() {
    "$source/tools/validate-result" "$1" >"$scratch/validation"
    case $? in
    0 | 77) ;;
    *) fail "$what: $1 is not valid: $(head -3 "$scratch/validation")" ;;
    esac
}

# json FILE EXPRESSION: of the document d, must be true.
json() {
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$1" "$2" || fail "$what: $1: not true: $2"
}

# leaves NAME...: these files and nothing else are in the folder; they are removed.
leaves() {
    local there
    there=$(ls -A . | sort | tr '\n' ' ')
    [ "$there" = "$(printf '%s\n' "$@" | sort | grep . | tr '\n' ' ')" ] ||
        fail "$what: the folder holds: $there"
    rm -rf ./* ./.??*
}

# until_true SECONDS COMMAND...: wait for something that must happen.
until_true() {
    local left=$(($1 * 50))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.02
    done
}

# start ARGUMENT...: in the background; its process is $pid.
start() {
    what="headroom $* &"
    : >"$out" >"$err" # nothing of an earlier run may be taken for this one's
    "$program" "$@" >"$out" 2>"$err" </dev/null &
    pid=$!
}

# ended CODE: the process from start() has ended with it.
ended() {
    local got
    wait "$pid"
    got=$?
    [ "$got" -eq "$1" ] || fail "$what: exit code $got, expected $1"
}

# The one process that it has started, or "".
child_of() { tr -d ' ' 2>/dev/null <"/proc/$1/task/$1/children"; }
is_gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }
measured_rows() { grep -c '^[0-9]*/[0-9]* silicon' "$err"; }
first_row_done() { [ "$(measured_rows)" -ge 1 ]; }

# may_mount: says why not.
may_mount() {
    mkdir -p "$scratch/probe"
    if mount -t tmpfs none "$scratch/probe" 2>/dev/null; then
        umount "$scratch/probe"
        return 0
    fi
    skip "$1: only root can mount"
    return 1
}

# tmpfs FOLDER OPTIONS
tmpfs() {
    mkdir -p "$1"
    mount -t tmpfs -o "$2" none "$1" && mounts+=("$1")
}

# edit FILE OUT FACTOR [CODE]: the result as another run, with all figures times FACTOR; then CODE
# changes the document `d`.
edit() {
    python3 - "$1" "$2" "$3" "${4:-pass}" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
factor = float(sys.argv[3])

def scale(holder):
    for key in "value", "value_ci":
        if holder[key] is not None:
            holder[key] = ([x * factor for x in holder[key]] if key == "value_ci"
                           else holder[key] * factor)

d["run"]["id"] = d["run"]["id"][:-8] + "%08x" % sum(ord(c) * 31 ** i for i, c in enumerate(sys.argv[2][-6:]))
for row in d["results"]:
    for holder in [row, row["limit"]] + row["limits"] + row["runs"]:
        scale(holder)
exec(sys.argv[4])
json.dump(d, open(sys.argv[2], "w"))
END
}
