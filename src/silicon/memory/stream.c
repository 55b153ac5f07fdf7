/* stream.c - the table of stream variants in this build. */
#include "silicon/memory/stream.h"

const struct stream_variant *const stream_variants[] = {
#if defined(__x86_64__)
    &stream_avx512,   &stream_avx512_nt,
    &stream_avx2,     &stream_avx2_nt,
#elif defined(__aarch64__)
    &stream_neon, &stream_neon_nt,
#endif
    &stream_portable, NULL,
};

bool stream_here(const struct stream_variant *v)
{
#if defined(__x86_64__)
    /* F16C came before AVX2 everywhere, and clang 14 cannot ask for it. */
    if (v->isa == STREAM_ISA_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (v->isa == STREAM_ISA_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("fma");
#endif
    return v->isa == STREAM_ISA_ANY;
}
