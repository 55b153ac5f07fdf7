/* stream_avx2.c - the memory loops with 32-byte vectors: two instructions move a cache line. */
#include "silicon/memory/stream.h"

#include <immintrin.h>

static uint64_t read_sum(const double *a, size_t n, size_t passes)
{
    const __m256i *p = (const __m256i *)a;
    __m256i s0 = _mm256_setzero_si256(), s1 = s0, s2 = s0, s3 = s0;
    __m256i s4 = s0, s5 = s0, s6 = s0, s7 = s0;

    /* Eight sums: enough that the one cycle of the additions never holds a load back. */
    for (size_t k = 0; k < passes; k++, stream_fresh())
        for (size_t i = 0; i < n / 4; i += 8) {
            s0 = _mm256_add_epi64(s0, p[i]);
            s1 = _mm256_add_epi64(s1, p[i + 1]);
            s2 = _mm256_add_epi64(s2, p[i + 2]);
            s3 = _mm256_add_epi64(s3, p[i + 3]);
            s4 = _mm256_add_epi64(s4, p[i + 4]);
            s5 = _mm256_add_epi64(s5, p[i + 5]);
            s6 = _mm256_add_epi64(s6, p[i + 6]);
            s7 = _mm256_add_epi64(s7, p[i + 7]);
        }
    s0 = _mm256_add_epi64(_mm256_add_epi64(s0, s1), _mm256_add_epi64(s2, s3));
    s4 = _mm256_add_epi64(_mm256_add_epi64(s4, s5), _mm256_add_epi64(s6, s7));
    s0 = _mm256_add_epi64(s0, s4);
    s0 = _mm256_add_epi64(s0, _mm256_permute4x64_epi64(s0, 0x4e));
    return (uint64_t)_mm256_extract_epi64(s0, 0) + (uint64_t)_mm256_extract_epi64(s0, 1);
}

/* The bodies differ from plain to streaming only in the store. */
#define STREAM_BODIES(suffix, STORE, FENCE)                                                     \
    static void write_##suffix(double *a, double v, size_t n, size_t passes)                    \
    {                                                                                           \
        const __m256d x = _mm256_set1_pd(v);                                                    \
                                                                                                \
        for (size_t k = 0; k < passes; k++, stream_fresh())                                     \
            for (size_t i = 0; i < n; i += 16) {                                                \
                STORE(a + i, x);                                                                \
                STORE(a + i + 4, x);                                                            \
                STORE(a + i + 8, x);                                                            \
                STORE(a + i + 12, x);                                                           \
            }                                                                                   \
        FENCE;                                                                                  \
    }                                                                                           \
    static void copy_##suffix(double *a, const double *b, size_t n, size_t passes)              \
    {                                                                                           \
        for (size_t k = 0; k < passes; k++, stream_fresh())                                     \
            for (size_t i = 0; i < n; i += 16) {                                                \
                STORE(a + i, _mm256_load_pd(b + i));                                            \
                STORE(a + i + 4, _mm256_load_pd(b + i + 4));                                    \
                STORE(a + i + 8, _mm256_load_pd(b + i + 8));                                    \
                STORE(a + i + 12, _mm256_load_pd(b + i + 12));                                  \
            }                                                                                   \
        FENCE;                                                                                  \
    }                                                                                           \
    static void triad_##suffix(double *a, const double *b, const double *c, double s, size_t n, \
                               size_t passes)                                                   \
    {                                                                                           \
        const __m256d q = _mm256_set1_pd(s);                                                    \
                                                                                                \
        for (size_t k = 0; k < passes; k++, stream_fresh())                                     \
            for (size_t i = 0; i < n; i += 16) {                                                \
                STORE(a + i, TRIAD(b + i, c + i));                                              \
                STORE(a + i + 4, TRIAD(b + i + 4, c + i + 4));                                  \
                STORE(a + i + 8, TRIAD(b + i + 8, c + i + 8));                                  \
                STORE(a + i + 12, TRIAD(b + i + 12, c + i + 12));                               \
            }                                                                                   \
        FENCE;                                                                                  \
    }
#define TRIAD(b, c) _mm256_fmadd_pd(q, _mm256_load_pd(c), _mm256_load_pd(b))

STREAM_BODIES(plain, _mm256_store_pd, (void)0)
STREAM_BODIES(nt, _mm256_stream_pd, _mm_sfence())

const struct stream_variant stream_avx2 = {
    .name = "avx2",
    .isa = STREAM_ISA_AVX2,
    .read = read_sum,
    .write = write_plain,
    .copy = copy_plain,
    .triad = triad_plain,
};

const struct stream_variant stream_avx2_nt = {
    .name = "avx2, streaming stores",
    .isa = STREAM_ISA_AVX2,
    .streaming = true,
    .write = write_nt,
    .copy = copy_nt,
    .triad = triad_nt,
};
