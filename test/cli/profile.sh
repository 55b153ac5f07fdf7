#!/bin/bash
# profile.sh - a row under a profiler: the row is found, the tool is started, watched and explained.
. "$(dirname "$0")/lib.sh"

point=(silicon.memory --device cpu --set op=read --set level=l1 --set threads=one --seconds 0.05
       --wait 120)

try 64 profile
says 'the name of a benchmark is needed'
try 64 profile silicon.memry
says 'did you mean "silicon.memory"?'
try 64 profile silicon.memory --device cpu --set op=read,write --set level=l1
says 'which with --set' 'silicon.memory op=read level=l1 threads=all' 'more than one row'
try 64 profile "${point[@]}" more
says 'unexpected "more"' 'behind --'
try 64 profile "${point[@]}" --tool gdb
says '"gdb" is none of ncu, nsys, perf, none'
try 64 profile "${point[@]}" --tool ncu
says "looks at a GPU's kernels"
try 64 profile "${point[@]}" --repetitions 0
try 64 profile "${point[@]}" --control fd:3,4
says '--control and --picks go with --tool none'
leaves

# The row alone, in this process.
try 0 profile "${point[@]}" --tool none --repetitions 7
says '7 repetitions of silicon.memory op=read level=l1 threads=one on cpu are done'
prints_nothing
try 64 profile "${point[@]}" --tool none --control fd:77,78
says 'names no open descriptors'
try 64 profile "${point[@]}" --tool none --control somewhere
says 'neither fd:CTL,ACK nor fifo:CTL,ACK'
mkfifo ctl ack
try 5 profile "${point[@]}" --tool none --control fifo:ctl,ack
says 'no perf listens there'
leaves ack ctl

# Axes that are not named are as they normally are.
try 0 profile silicon.memory --device cpu --set level=l1 --tool none --wait 120
says 'op=triad level=l1 threads=all'

# No perf: the commands, and 5.
what='no perf'
(PATH=/nonexistent exec "$program" profile "${point[@]}" -o x >"$out" 2>"$err" </dev/null)
[ $? -eq 5 ] || fail "$what: not 5"
says 'perf (Linux perf) is not here' 'package linux-perf'
prints 'mkfifo perf.ctl perf.ack' '--control fifo:perf.ctl,perf.ack' '--output x.perf.data' \
    'op=read' '--tool none'
leaves

# A perf of our own: it answers on the control descriptors, and says what the test wants.
mkdir "$scratch/bin"
cat >"$scratch/bin/perf" <<'END'
#!/bin/bash
# A stand-in for perf: its words go to $FAKE_LOG, FAKE_MODE says how it behaves.
echo "perf $*" >>"$FAKE_LOG"
what=$1 log= output= control=
shift
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
    --log-fd) log=$2 ;;
    --output) output=$2 ;;
    --control) control=${2#fd:} ;;
    esac
    shift
done
shift
[ "$what" = report ] && { echo '# a head'; echo '    97.00%  headroom  [.] read_sum'; exit 0; }
[ "$FAKE_MODE" = refused ] && { echo 'perf: no permission' >&2; exit 255; }
[ "$FAKE_MODE" = asleep ] && exec sleep 60
(while read -r -u "${control%,*}" line; do
    echo "$line" >>"$FAKE_LOG"
    [ "$FAKE_MODE" = mute ] || echo ack >&"${control#*,}"
done) &
answers=$!
"$@"
code=$?
kill $answers
[ -z "$log" ] || printf '%s\n' '8.50;msec;task-clock:u;1;100.00;;' '<not supported>;;cycles;0;0;;' \
    '4,000;;instructions;1;1;;' >&"$log"
[ -z "$output" ] || echo report >"$output"
exit $code
END
chmod +x "$scratch/bin/perf"
export FAKE_LOG=$scratch/log FAKE_MODE=fine PATH=$scratch/bin:$PATH
: >"$FAKE_LOG"
try 0 profile "${point[@]}" --repetitions 4 -o x -- --freq 99
prints 'read l1 one' 'under perf stat: 4 repetitions' 'task-clock, msec' '2.125' \
    'this machine does not count it' 'read_sum' 'report: x.perf.data' 'perf report --stdio'
says '4 repetitions of silicon.memory'
[ "$(grep -c '^enable$' "$FAKE_LOG")$(grep -c '^disable$' "$FAKE_LOG")" = 22 ] ||
    fail "$what: perf was not told when to count"
grep -q -- 'perf record .*--freq 99 -- ' "$FAKE_LOG" || fail "$what: its own arguments did not arrive"
leaves x.perf.data
try 0 profile "${point[@]}" --dry-run
prints 'mkfifo' 'perf stat' 'perf record' 'perf report'
leaves
try 5 profile "${point[@]}" -o /nonexistent/folder/x
says '/nonexistent/folder'
prints_nothing
FAKE_MODE=refused try 5 profile "${point[@]}" -o x
says 'no permission' 'perf ended with exit code 255'
leaves

# A signal ends the tool and all that it has started.
FAKE_MODE=asleep start profile "${point[@]}"
is_asleep() { grep -qs '^sleep$' "/proc/$(child_of "$pid")/comm"; }
until_true 60 is_asleep || fail "$what: no perf"
sleeper=$(child_of "$pid")
kill -INT "$pid"
ended 130
until_true 5 is_gone "$sleeper" || fail "$what: perf lives on"
leaves
done_testing
