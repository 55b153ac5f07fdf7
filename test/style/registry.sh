#!/bin/sh
# registry.sh ROOT - every benchmark is listed, is named like its path, and is alone in its file;
# a .c directly in a level's folder is a benchmark.
set -eu
cd "$1"
bad=0
say() { echo "$*"; bad=1; }

for f in src/silicon/*.c src/kernels/*.c src/models/*.c src/server/*.c; do
    [ -f "$f" ] || continue
    n=$(grep -c '^const struct bench bench_' "$f") || true
    [ "$n" -eq 1 ] || say "$f: $n benchmarks; a .c in a level's folder holds one, the rest goes below"
done
for pair in $(grep -rHo --include='*.c' '^const struct bench bench_[a-z0-9_]*' src |
    sed 's/:const struct bench bench_/:/'); do
    file=${pair%%:*} id=${pair#*:}
    path=${file#src/}
    [ "$id" = "$(echo "${path%.c}" | tr / _)" ] ||
        say "$file: bench_$id does not fit the path"
    grep -Eq "^BENCH(_CUDA)?\($id\)" src/bench_list.h ||
        say "$file: bench_$id is not in src/bench_list.h"
done
for id in $(sed -n 's/^BENCH\(_CUDA\)\{0,1\}(\([a-z0-9_]*\)).*/\2/p' src/bench_list.h); do
    grep -rq --include='*.c' "^const struct bench bench_$id\b" src ||
        say "src/bench_list.h: there is no bench_$id"
done
exit $bad
