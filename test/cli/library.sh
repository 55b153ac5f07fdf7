#!/bin/bash
# library.sh - libheadroom.so as another program meets it: installed, moved, found by pkg-config; what
# it exports and what it needs; the examples, built against it and run.
. "$(dirname "$0")/lib.sh"
build=$(dirname "$program")
if nm -D "$build/libheadroom.so" | grep -qE '__(asan|tsan|gcov)'; then
    skip 'the library needs a sanitizer here'
    exit 77
fi
what='cmake --install'
cmake --install "$build" --component library --prefix "$scratch/first" >"$out" 2>"$err" ||
    fail 'exit code'
mv "$scratch/first" "$scratch/prefix"
prefix=$scratch/prefix
library=$(find "$prefix" -name libheadroom.so)
libdir=$(dirname "$library")
export PKG_CONFIG_PATH=$libdir/pkgconfig
what='what is installed'
abi=$(sed -n 's/^#define HEADROOM_ABI_VERSION //p' "$prefix/include/headroom.h")
[ "$(find "$prefix" ! -type d -printf '%f\n' | sort | tr '\n' ' ')" = \
    "headroom.h headroom.pc headroom_tmac.h libheadroom.so libheadroom.so.$abi " ] ||
    fail "$(find "$prefix" ! -type d)"
readelf -d "$library" | grep -q "SONAME.*\[libheadroom.so.$abi\]" || fail 'soname'
# The C library alone, whatever the program itself is linked with.
others=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' |
    grep -vE '^(libc|libm|libdl|libpthread|librt|ld-linux[a-z0-9-]*)\.so' | tr '\n' ' ')
[ -z "$others" ] || fail "it needs $others"

# What the headers declare, and nothing else.
what='exports'
printf '#include <headroom.h>\n#include <headroom_tmac.h>\n' | cc -E -P -I"$prefix/include" - |
    tr '\n' ' ' | sed 's/[;{}]/\n/g' | grep -oE '\b(headroom|cuda|tmac|rmsnorm|softmax|build|get|streaming|fused)_[a-z0-9_]+ *\([^()]*\) *$' |
    sed 's/ *(.*//' | sort -u >"$scratch/declared"
nm -D --defined-only "$library" | awk '{ print $NF }' | sort >"$scratch/exported"
diff "$scratch/declared" "$scratch/exported" >"$err" || fail 'declared (<) and exported (>) differ'
[ "$(wc -l <"$scratch/declared")" -ge 20 ] || fail "few declarations: $(cat "$scratch/declared")"

# The example, as its head says to compile it.
what='examples/sparse_attention.c'
cp "$source/examples/sparse_attention.c" .
if command -v pkg-config >/dev/null; then
    cc -std=c99 -pedantic -D_ISOC11_SOURCE -Wall -Wextra -Werror sparse_attention.c -o example \
        $(pkg-config --cflags --libs headroom) -lm -ldl >"$out" 2>"$err" || fail 'does not compile'
    LD_LIBRARY_PATH=$libdir ./example >"$out" 2>"$err" || fail "exit code: $(cat "$out")"
    prints 'CPU, variant ' 'GPU'
    # It must be able to fail: half of each output is not right.
    sed 's/headroom_sparse_run(s, q, k, v, o, lse, scale, NULL)/headroom_sparse_run(s, q, k, v, o, lse, scale * 2, NULL)/' \
        sparse_attention.c >wrong.c
    cc wrong.c -o wrong $(pkg-config --cflags --libs headroom) -lm -ldl 2>"$err" || fail 'wrong.c'
    ! LD_LIBRARY_PATH=$libdir ./wrong >"$out" 2>"$err" || fail 'a wrong scale passes'
fi

# From Python, without PyTorch: codes and messages.
what='ctypes'
python3 - "$library" >"$out" 2>"$err" <<'END' || fail 'exit code'
import ctypes, sys
lib = ctypes.CDLL(sys.argv[1])
lib.headroom_error_message.restype = ctypes.c_char_p
assert lib.headroom_sparse_open(None, None, None, None) == -4
assert lib.headroom_error_message() == b"out is NULL"
assert lib.headroom_sync(-3, None) == -4
print(lib.headroom_error_message().decode())
END
prints 'device -3: expected'
done_testing
