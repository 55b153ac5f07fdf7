#!/bin/sh
# compare.sh OLD NEW [ARGUMENT...] - the strongest check that a pipeline can make: two builds on the
# machine itself, in interleaved fresh processes (arguments of `headroom run`; else quick).
#
# OLD is the build of the branch that is merged into.  Exit code as of gate.sh; KEEP names the folder
# that all results stay in.
set -u
old=$1 new=$2
shift 2
[ $# -gt 0 ] || set -- quick
code=0
"$new" compare --ab "$old" "$new" --keep "${KEEP:-headroom-ab}" -- run "$@" || code=$?
[ $code -ne 3 ] || exit 0
exit $code
