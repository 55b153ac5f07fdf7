/* act_avx2.c - act_quantize with AVX2: as act_avx512.c does it, in registers half as wide. */
#include <immintrin.h>
#include <string.h>

#include "kernels/dtype/act_quantizer.h"

enum { SMALL = 32, BATCH = 4 };

static __m256i magnitude(const float *x)
{
    return _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)x),
                            _mm256_set1_epi32(0x7fffffff));
}

/* Of 32 values, in four lanes. */
static __m128i max32(const float *x)
{
    __m256i m = _mm256_max_epu32(_mm256_max_epu32(magnitude(x), magnitude(x + 8)),
                                 _mm256_max_epu32(magnitude(x + 16), magnitude(x + 24)));

    return _mm_max_epu32(_mm256_castsi256_si128(m), _mm256_extracti128_si256(m, 1));
}

/* The largest lanes of four. */
static __m128i max_across(__m128i a, __m128i b, __m128i c, __m128i d)
{
    __m128i ab = _mm_max_epu32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
    __m128i cd = _mm_max_epu32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));

    return _mm_max_epu32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
}

static int has_scale(__m128i bits, __m128 d)
{
    return _mm_movemask_epi8(_mm_cmpgt_epi32(_mm_set1_epi32(0x7f800000), bits)) == 0xffff &&
           _mm_movemask_ps(_mm_cmpge_ps(d, _mm_set1_ps(ACT_SCALE_MIN))) == 15;
}

static __m256i quantize8(const float *x, __m256 scale)
{
    return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), scale));
}

static __m256i quantize32(const float *x, __m256 scale, int8_t *q)
{
    __m256i a = _mm256_packs_epi32(quantize8(x, scale), quantize8(x + 8, scale));
    __m256i b = _mm256_packs_epi32(quantize8(x + 16, scale), quantize8(x + 24, scale));
    /* The packs work in each half of a register: this puts their fours in order. */
    __m256i v = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(a, b),
                                            _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));

    _mm256_storeu_si256((__m256i *)(void *)q, v);
    return v;
}

/* Sums of four values each, in 32 bits. */
static __m256i sums4(__m256i q)
{
    return _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), q), _mm256_set1_epi16(1));
}

/* The eight sums of 16 of 128 values. */
static void store_sums(__m256i a, __m256i b, __m256i c, __m256i d, int16_t *sum)
{
    __m256i s = _mm256_hadd_epi32(_mm256_hadd_epi32(sums4(a), sums4(b)),
                                  _mm256_hadd_epi32(sums4(c), sums4(d)));
    __m128i lo = _mm256_castsi256_si128(s), hi = _mm256_extracti128_si256(s, 1);

    _mm_storeu_si128((__m128i *)(void *)sum,
                     _mm_packs_epi32(_mm_unpacklo_epi32(lo, hi), _mm_unpackhi_epi32(lo, hi)));
}

/* Four groups of 32. */
static void batch(const float *x, int8_t *q, float *d, int16_t *sum)
{
    __m128i bits = max_across(max32(x), max32(x + 32), max32(x + 64), max32(x + 96));
    __m128 max = _mm_castsi128_ps(bits), scale = _mm_div_ps(max, _mm_set1_ps(127)), s;
    __m256i v[BATCH];

    if (!has_scale(bits, scale)) {
        act_scalar_groups(x, SMALL, BATCH, q, d, sum);
        return;
    }
    _mm_storeu_ps(d, scale);
    s = _mm_div_ps(_mm_set1_ps(127), max);
    v[0] = quantize32(x, _mm256_broadcastss_ps(s), q);
    v[1] = quantize32(x + 32, _mm256_broadcastss_ps(_mm_permute_ps(s, 1)), q + 32);
    v[2] = quantize32(x + 64, _mm256_broadcastss_ps(_mm_permute_ps(s, 2)), q + 64);
    v[3] = quantize32(x + 96, _mm256_broadcastss_ps(_mm_permute_ps(s, 3)), q + 96);
    store_sums(v[0], v[1], v[2], v[3], sum);
}

static __m128i max_of(const float *x, size_t n)
{
    __m128i m = max32(x);

    for (size_t i = SMALL; i < n; i += SMALL)
        m = _mm_max_epu32(m, max32(x + i));
    return max_across(m, m, m, m);
}

/* One group of any size. */
static void one_group(const float *x, size_t n, int8_t *q, float *d, int16_t *sum)
{
    __m128i bits = max_of(x, n);
    __m128 max = _mm_castsi128_ps(bits), scale = _mm_div_ps(max, _mm_set1_ps(127));
    __m256 s = _mm256_broadcastss_ps(_mm_div_ps(_mm_set1_ps(127), max));
    const __m256i none = _mm256_setzero_si256();
    size_t i = 0;

    if (!has_scale(bits, scale)) {
        act_scalar_groups(x, n, 1, q, d, sum);
        return;
    }
    _mm_store_ss(d, scale);
    for (; i + 128 <= n; i += 128) {
        __m256i a = quantize32(x + i, s, q + i), b = quantize32(x + i + 32, s, q + i + 32);
        __m256i c = quantize32(x + i + 64, s, q + i + 64);

        store_sums(a, b, c, quantize32(x + i + 96, s, q + i + 96), sum + i / 16);
    }
    for (; i < n; i += SMALL) {
        int16_t some[8];

        store_sums(quantize32(x + i, s, q + i), none, none, none, some);
        memcpy(sum + i / 16, some, 2 * sizeof(*some));
    }
}

void act_avx2_groups(const float *x, size_t group, size_t n, int8_t *q, float *d, int16_t *sum)
{
    size_t g = 0;

    if (group == SMALL)
        for (; g + BATCH <= n; g += BATCH)
            batch(x + g * SMALL, q + g * SMALL, d + g, sum + g * (SMALL / 16));
    for (; g < n; g++)
        one_group(x + g * group, group, q + g * group, d + g, sum + g * (group / 16));
}
