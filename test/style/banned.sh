#!/bin/sh
# banned.sh ROOT - what core/banned.h cannot see.
set -eu
style=$(cd "$(dirname "$0")" && pwd)
cd "$1"
bad=0
code=$(mktemp)
trap 'rm -f "$code"' EXIT
find src -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' | sort | xargs awk -f "$style/code.awk" >"$code"

# ban REASON WHAT [EXCEPT]: WHAT in the text of a line, except in the files that match EXCEPT.
ban() {
    if grep -E "^[^:]*:[0-9]*:.*($2)" "$code" | grep -Ev "^(${3:-nothing}):"; then
        echo "  ^ $1"
        bad=1
    fi
}
word='(^|[^A-Za-z0-9_.>])'
ban 'BUG_ON for our bugs, ERR for the rest' "${word}assert *\("
ban 'only main.c reads the environment' "${word}(secure_)?getenv *\(" 'src/main\.c'
ban 'the device is waited for in src/gpu only' "${word}cudaDeviceSynchronize" 'src/gpu/.*'
ban 'device memory is allocated in src/gpu only' "${word}cudaMalloc" 'src/gpu/.*'
ban 'kernels are launched from .cu and .cuh files' '<<<' '.*\.cuh?'
ban 'memory comes from core/mem.h' "${word}(malloc|calloc|realloc|free|strdup|strndup) *\(" \
    'src/core/mem\.c|src/gpu/.*\.cu'
ban 'printing belongs to command and report' \
    "${word}(printf|vprintf|puts|putchar|perror) *\(|${word}(stdout|stderr)([^A-Za-z0-9_]|$)" \
    'src/(command|report)/.*|src/main\.c|src/core/err\.c'
ban 'a benchmark never reads the clock: core does' \
    "${word}(clock_gettime|clock_now_ns|time|clock) *\(" \
    'src/(core|host|gpu|store|report|command)/.*|src/[a-z]*/.*/.*|src/main\.c'

# Comments are where a TODO stands; it names its issue: "TODO(#12)".
if grep -rnwE '(TODO|FIXME|XXX)' --include='*.[ch]' --include='*.cu' --include='*.cuh' \
    --include='*.cmake' src test fuzz tools docs 2>/dev/null | grep -vE '(TODO|FIXME)\(#[0-9]+\)'; then
    echo '  ^ a TODO names its issue: TODO(#12)'
    bad=1
fi
exit $bad
