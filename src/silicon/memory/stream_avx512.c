/* stream_avx512.c - the memory loops with 64-byte vectors: one instruction moves a cache line. */
#include "silicon/memory/stream.h"

#include <immintrin.h>

static uint64_t read_sum(const double *a, size_t n, size_t passes)
{
    const __m512i *p = (const __m512i *)a;
    __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
    __m512i s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    uint64_t lane[8], sum = 0;

    /* Eight sums: enough that the one cycle of the additions never holds a load back. */
    for (size_t k = 0; k < passes; k++, stream_fresh())
        for (size_t i = 0; i < n / 8; i += 8) {
            s0 = _mm512_add_epi64(s0, p[i]);
            s1 = _mm512_add_epi64(s1, p[i + 1]);
            s2 = _mm512_add_epi64(s2, p[i + 2]);
            s3 = _mm512_add_epi64(s3, p[i + 3]);
            s4 = _mm512_add_epi64(s4, p[i + 4]);
            s5 = _mm512_add_epi64(s5, p[i + 5]);
            s6 = _mm512_add_epi64(s6, p[i + 6]);
            s7 = _mm512_add_epi64(s7, p[i + 7]);
        }
    s0 = _mm512_add_epi64(_mm512_add_epi64(s0, s1), _mm512_add_epi64(s2, s3));
    s4 = _mm512_add_epi64(_mm512_add_epi64(s4, s5), _mm512_add_epi64(s6, s7));
    _mm512_storeu_si512(lane, _mm512_add_epi64(s0, s4));
    for (int i = 0; i < 8; i++)
        sum += lane[i]; /* the intrinsic that reduces adds signed numbers, which may not wrap */
    return sum;
}

/* The bodies differ from plain to streaming only in the store. */
#define STREAM_BODIES(suffix, STORE, FENCE)                                                     \
    static void write_##suffix(double *a, double v, size_t n, size_t passes)                    \
    {                                                                                           \
        const __m512d x = _mm512_set1_pd(v);                                                    \
                                                                                                \
        for (size_t k = 0; k < passes; k++, stream_fresh())                                     \
            for (size_t i = 0; i < n; i += 32) {                                                \
                STORE(a + i, x);                                                                \
                STORE(a + i + 8, x);                                                            \
                STORE(a + i + 16, x);                                                           \
                STORE(a + i + 24, x);                                                           \
            }                                                                                   \
        FENCE;                                                                                  \
    }                                                                                           \
    static void copy_##suffix(double *a, const double *b, size_t n, size_t passes)              \
    {                                                                                           \
        for (size_t k = 0; k < passes; k++, stream_fresh())                                     \
            for (size_t i = 0; i < n; i += 32) {                                                \
                STORE(a + i, _mm512_load_pd(b + i));                                            \
                STORE(a + i + 8, _mm512_load_pd(b + i + 8));                                    \
                STORE(a + i + 16, _mm512_load_pd(b + i + 16));                                  \
                STORE(a + i + 24, _mm512_load_pd(b + i + 24));                                  \
            }                                                                                   \
        FENCE;                                                                                  \
    }                                                                                           \
    static void triad_##suffix(double *a, const double *b, const double *c, double s, size_t n, \
                               size_t passes)                                                   \
    {                                                                                           \
        const __m512d q = _mm512_set1_pd(s);                                                    \
                                                                                                \
        for (size_t k = 0; k < passes; k++, stream_fresh())                                     \
            for (size_t i = 0; i < n; i += 32) {                                                \
                STORE(a + i, TRIAD(b + i, c + i));                                              \
                STORE(a + i + 8, TRIAD(b + i + 8, c + i + 8));                                  \
                STORE(a + i + 16, TRIAD(b + i + 16, c + i + 16));                               \
                STORE(a + i + 24, TRIAD(b + i + 24, c + i + 24));                               \
            }                                                                                   \
        FENCE;                                                                                  \
    }
#define TRIAD(b, c) _mm512_fmadd_pd(q, _mm512_load_pd(c), _mm512_load_pd(b))

STREAM_BODIES(plain, _mm512_store_pd, (void)0)
STREAM_BODIES(nt, _mm512_stream_pd, _mm_sfence())

const struct stream_variant stream_avx512 = {
    .name = "avx512",
    .isa = STREAM_ISA_AVX512,
    .read = read_sum,
    .write = write_plain,
    .copy = copy_plain,
    .triad = triad_plain,
};

const struct stream_variant stream_avx512_nt = {
    .name = "avx512, streaming stores",
    .isa = STREAM_ISA_AVX512,
    .streaming = true,
    .write = write_nt,
    .copy = copy_nt,
    .triad = triad_nt,
};
