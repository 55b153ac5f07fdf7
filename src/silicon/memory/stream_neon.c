/* stream_neon.c - the memory loops with 16-byte vectors, pairs of them where stores stream (STNP
 * is the hint that the line will not be used again; it has no intrinsic). */
#include "silicon/memory/stream.h"

#include <arm_neon.h>

#define WORDS(p) vreinterpretq_u64_f64(vld1q_f64(p))

static uint64_t read_sum(const double *a, size_t n, size_t passes)
{
    uint64x2_t s0 = vdupq_n_u64(0), s1 = s0, s2 = s0, s3 = s0;
    uint64x2_t s4 = s0, s5 = s0, s6 = s0, s7 = s0;

    for (size_t k = 0; k < passes; k++, stream_fresh())
        for (size_t i = 0; i < n; i += 16) {
            s0 = vaddq_u64(s0, WORDS(a + i));
            s1 = vaddq_u64(s1, WORDS(a + i + 2));
            s2 = vaddq_u64(s2, WORDS(a + i + 4));
            s3 = vaddq_u64(s3, WORDS(a + i + 6));
            s4 = vaddq_u64(s4, WORDS(a + i + 8));
            s5 = vaddq_u64(s5, WORDS(a + i + 10));
            s6 = vaddq_u64(s6, WORDS(a + i + 12));
            s7 = vaddq_u64(s7, WORDS(a + i + 14));
        }
    s0 = vaddq_u64(vaddq_u64(s0, s1), vaddq_u64(s2, s3));
    s4 = vaddq_u64(vaddq_u64(s4, s5), vaddq_u64(s6, s7));
    return vaddvq_u64(vaddq_u64(s0, s4));
}

static inline void store_pair(double *p, float64x2_t x, float64x2_t y)
{
    vst1q_f64(p, x);
    vst1q_f64(p + 2, y);
}

static inline void store_pair_nt(double *p, float64x2_t x, float64x2_t y)
{
    __asm__ volatile("stnp %q1, %q2, [%0]" : : "r"(p), "w"(x), "w"(y) : "memory");
}

/* The bodies differ from plain to streaming only in the store. */
#define STREAM_BODIES(suffix, STORE)                                                            \
    static void write_##suffix(double *a, double v, size_t n, size_t passes)                    \
    {                                                                                           \
        const float64x2_t x = vdupq_n_f64(v);                                                   \
                                                                                                \
        for (size_t k = 0; k < passes; k++, stream_fresh())                                     \
            for (size_t i = 0; i < n; i += 8) {                                                 \
                STORE(a + i, x, x);                                                             \
                STORE(a + i + 4, x, x);                                                         \
            }                                                                                   \
    }                                                                                           \
    static void copy_##suffix(double *a, const double *b, size_t n, size_t passes)              \
    {                                                                                           \
        for (size_t k = 0; k < passes; k++, stream_fresh())                                     \
            for (size_t i = 0; i < n; i += 8) {                                                 \
                STORE(a + i, vld1q_f64(b + i), vld1q_f64(b + i + 2));                           \
                STORE(a + i + 4, vld1q_f64(b + i + 4), vld1q_f64(b + i + 6));                   \
            }                                                                                   \
    }                                                                                           \
    static void triad_##suffix(double *a, const double *b, const double *c, double s, size_t n, \
                               size_t passes)                                                   \
    {                                                                                           \
        const float64x2_t q = vdupq_n_f64(s);                                                   \
                                                                                                \
        for (size_t k = 0; k < passes; k++, stream_fresh())                                     \
            for (size_t i = 0; i < n; i += 8) {                                                 \
                STORE(a + i, TRIAD(b + i, c + i), TRIAD(b + i + 2, c + i + 2));                 \
                STORE(a + i + 4, TRIAD(b + i + 4, c + i + 4), TRIAD(b + i + 6, c + i + 6));     \
            }                                                                                   \
    }
#define TRIAD(b, c) vfmaq_f64(vld1q_f64(b), vld1q_f64(c), q)

STREAM_BODIES(plain, store_pair)
STREAM_BODIES(nt, store_pair_nt)

const struct stream_variant stream_neon = {
    .name = "neon",
    .isa = STREAM_ISA_ANY,
    .read = read_sum,
    .write = write_plain,
    .copy = copy_plain,
    .triad = triad_plain,
};

const struct stream_variant stream_neon_nt = {
    .name = "neon, streaming stores",
    .isa = STREAM_ISA_ANY,
    .streaming = true,
    .write = write_nt,
    .copy = copy_nt,
    .triad = triad_nt,
};
