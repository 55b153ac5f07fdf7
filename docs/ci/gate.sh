#!/bin/sh
# gate.sh RESULT BASELINE... - what the pipelines beside this file run: measure nothing, judge the
# result of the machine that did, and leave one summary.
#
# Several BASELINE words are sessions of what was.  Exit code 0: pass.  1 (a warning) and 3
# (unclear) do not stop a merge here; the summary shows them.  2 (regression), 4 (wrong output or
# invalid measurement), 5 and 64 do.  HEADROOM names the program; SUMMARY the file that is written.
set -u
headroom=${HEADROOM:-headroom}
summary=${SUMMARY:-headroom-summary.md}
result=$1
shift
baseline=$(IFS=,; echo "$*")
code=0
"$headroom" gate --baseline "$baseline" ${PROMISES:+--promises "$PROMISES"} \
    --markdown "$summary" "$result" || code=$?
case $code in
1) echo 'headroom: a warning; see the summary' >&2; exit 0 ;;
3) echo 'headroom: unclear; more sessions or an interleaved comparison would tell' >&2; exit 0 ;;
esac
exit $code
