#!/bin/sh
# selftest.sh - each style test passes on a clean tree and fails on a planted violation.
set -eu
style=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
bad=0

# A small clean tree, with the banned words where they are harmless.
fresh() {
    rm -rf "$tree/src" "$tree/include" "$tree/test"
    mkdir -p "$tree/include" "$tree/src/core" "$tree/src/host" "$tree/src/store" "$tree/src/silicon/below" \
        "$tree/src/gpu" "$tree/src/kernels/a" "$tree/test/style"
    cat >"$tree/src/core/a.h" <<'END'
#ifndef A_H
#define A_H
int a_get(int x);
#endif
END
    cat >"$tree/src/core/a.c" <<'END'
#include "core/a.h"

/* assert(x), getenv("X") and <<< are only words here. */
int a_get(int x) { return x + (int)sizeof("printf(free(\"time()"); }
static_assert(1, "");
END
    echo 'const struct bench bench_silicon_b = { 0 };' >"$tree/src/silicon/b.c"
    echo 'BENCH(silicon_b)' >"$tree/src/bench_list.h"
    echo 'void c_get(void) { cudaMalloc(0, 0); cudaDeviceSynchronize(); k<<<1, 1>>>(); }' \
        >"$tree/src/gpu/c.cu"
}

# run SCRIPT: 0 when the script passes on the tree
run() { "$style/$1" "$tree" >"$tree/out" 2>&1; }

# plant SCRIPT FILE TEXT: the script must fail, and name the file
plant() {
    fresh
    printf '%b\n' "$3" >>"$tree/$2"
    rc=0
    run "$1" || rc=$?
    if [ $rc -eq 0 ] || [ $rc -eq 77 ] || ! grep -q "$(basename "$2")" "$tree/out"; then
        echo "$1 lets through (rc $rc) in $2: $3"
        sed 's/^/    /' "$tree/out"
        bad=1
    fi
}

for script in includes registry headers banned functions lengths names; do
    fresh
    rc=0
    run $script.sh || rc=$?
    if [ $rc -eq 77 ]; then
        echo "$script.sh: $(cat "$tree/out")"
        exit 77
    elif [ $rc -ne 0 ]; then
        echo "$script.sh fails on a clean tree:"
        sed 's/^/    /' "$tree/out"
        bad=1
    fi
done

plant includes.sh src/core/a.c '#include "host/x.h"'
plant includes.sh src/store/s.c '#include "host/x.h"'
plant includes.sh src/host/h.c '#include "gpu/x.h"'
plant includes.sh src/silicon/b.c '#include "command/x.h"'
plant includes.sh src/host/h.c '#include "../core/a.h"'
plant includes.sh src/host/h.c '#include "x.h"'
plant includes.sh src/other.c '#include "core/a.h"'
plant registry.sh src/silicon/d.c 'const struct bench bench_silicon_d = { 0 };'
plant registry.sh src/silicon/b.c 'const struct bench bench_silicon_other = { 0 };'
plant registry.sh src/silicon/d.c 'int d_get(void);'
plant registry.sh src/bench_list.h 'BENCH(silicon_e)'
plant headers.sh src/core/d.h 'size_t d_get(void);'
plant headers.sh src/core/d.h 'static inline int *d_get(void *p) { return p; }'
plant headers.sh include/d.h 'int d_get(char *restrict p); /* not C++ */'
plant headers.sh include/d.h 'int d_get(int x) { struct { int y; }; return x; } /* not C99 */'
plant banned.sh src/core/a.c 'void f(int x) { assert(x); }'
plant banned.sh src/core/a.c 'char *f(void) { return getenv("X"); }'
plant banned.sh src/core/a.c 'void f(void) { /* x */ free(0); }'
plant banned.sh src/core/a.c 'void f(void) { printf("x"); }'
plant banned.sh src/core/a.c 'void f(void) { fputs("x", stderr); }'
plant banned.sh src/silicon/b.c 'void f(void) { cudaMalloc(0, 0); }'
plant banned.sh src/silicon/b.c 'void f(void) { cudaDeviceSynchronize(); }'
plant banned.sh src/silicon/b.c 'void f(void) { k<<<1, 1>>>(); }'
plant banned.sh src/silicon/b.c 'void f(void) { clock_now_ns(); }'
plant banned.sh src/core/a.c '/* TODO: later */'
plant functions.sh src/core/a.c \
    "int f(int x)\n{\n$(for i in $(seq 21); do printf 'if (x == %d)\\n    x++;\\n' "$i"; done)return x;\n}"
plant functions.sh src/core/a.c "int f(int x)\n{\n$(for i in $(seq 101); do printf 'x++;\\n'; done)return x;\n}"
plant lengths.sh src/core/long.c "$(for i in $(seq 1001); do printf '\\n'; done)"
plant lengths.sh src/core/a.c "/* $(printf '%0100d' 0) */"
plant names.sh src/host/a.c 'int x;'
plant names.sh src/kernels/a/a.h 'extern int x;'

# ---- tools/check-registers, on what a compiler might have reported
# report REGISTERS STACK LINE...: a build of one kernel, and the table
report() {
    fresh
    mkdir -p "$tree/tools" "$tree/build"
    cp "$style/../../tools/check-registers" "$tree/tools/"
    echo "[{ \"directory\": \"$tree/build\", \"file\": \"$tree/src/gpu/c.cu\",
           \"command\": \"nvcc -c c.cu -o c.o\" }]" >"$tree/build/compile_commands.json"
    cat >"$tree/build/c.o.ptxas" <<END
ptxas info    : Compiling entry function '_ZN1x8a_kernelILi4EEEvPf' for 'sm_90a'
ptxas info    : Function properties for _ZN1x8a_kernelILi4EEEvPf
    $2 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used $1 registers, used 0 barriers, 360 bytes cmem[0]
END
    shift 2
    printf '%s\n' "$@" >"$tree/test/registers.txt"
}

# registers CODE WORD: what the check must end with, and say
registers() {
    rc=0
    "$tree/tools/check-registers" "$tree/build" >"$tree/out" 2>&1 || rc=$?
    if [ $rc -ne "$1" ] || ! grep -qF -- "$2" "$tree/out"; then
        echo "check-registers: $rc, not $1 with \"$2\":"
        sed 's/^/    /' "$tree/out"
        bad=1
    fi
}
report 64 0 'src/gpu/c.cu a_kernel 256 4'
registers 0 '0 faults'
report 65 0 'src/gpu/c.cu a_kernel 256 4'
registers 1 'a_kernel (sm_90, _ZN1x8a_kernelILi4EEEvPf): 65 registers: 4 blocks of 256 threads leave 64'
report 168 0 'src/gpu/c.cu a_kernel 384 1'
registers 0 '0 faults'
report 32 16 'src/gpu/c.cu a_kernel 256 8'
registers 1 '16 bytes of stack, 0 are allowed'
report 32 16 'src/gpu/c.cu a_kernel 256 8 stack=16 a table of its own'
registers 0 '0 faults'
report 32 0 '# nothing'
registers 1 'kernel a_kernel (32 registers) has no line'
report 32 0 'src/gpu/c.cu a_kernel 256 8' 'src/gpu/c.cu b_kernel 256 8'
registers 1 'c.cu has no kernel b_kernel'
report 32 0 'src/gpu/c.cu a_kernel 256 8' 'src/gpu/gone.cu b_kernel 256 8'
registers 1 'gone.cu has no kernel b_kernel'
report 32 0 'src/gpu/c.cu a_kernel 256'
registers 1 'registers.txt:1: not'
report 32 0 'src/gpu/c.cu a_kernel 256 8'
rm "$tree/build/c.o.ptxas"
registers 1 'no report of the compiler'
exit $bad
