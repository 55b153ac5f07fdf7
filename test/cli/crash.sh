#!/bin/bash
# crash.sh - kill -9 while a run is stored; CRASHES=100 for more (tools/crash-store).
. "$(dirname "$0")/lib.sh"
"$source/tools/crash-store" "$program" "${CRASHES:-15}" >"$out" 2>"$err" ||
    fail "kill -9 while storing: $(cat "$out")"
cat "$out"
done_testing
