/* act_avx512.c - act_quantize with AVX-512: groups of 32 four at a time, so that their maxima are
 * reduced together and divided once; larger groups 128 values at a time.  What has no scale (zeros,
 * NaN, infinity) is left to the scalar path. */
#include <immintrin.h>
#include <string.h>

#include "kernels/dtype/act_quantizer.h"

enum { SMALL = 32, BATCH = 4 };

/* Magnitudes as integers: their order is that of the numbers, and what is not finite lies above all
 * that is. */
static __m512i magnitude(const float *x)
{
    return _mm512_and_si512(_mm512_loadu_si512(x), _mm512_set1_epi32(0x7fffffff));
}

/* Of 32 values, in four lanes. */
static __m128i max32(const float *x)
{
    __m512i m = _mm512_max_epu32(magnitude(x), magnitude(x + 16));
    __m256i h = _mm256_max_epu32(_mm512_castsi512_si256(m), _mm512_extracti64x4_epi64(m, 1));

    return _mm_max_epu32(_mm256_castsi256_si128(h), _mm256_extracti128_si256(h, 1));
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

static __m128i quantize16(const float *x, __m512 scale)
{
    return _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x), scale)));
}

static __m256i quantize32(const float *x, __m512 scale, int8_t *q)
{
    __m256i v = _mm256_set_m128i(quantize16(x + 16, scale), quantize16(x, scale));

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
    __m128 max = _mm_castsi128_ps(bits), scale = _mm_div_ps(max, _mm_set1_ps(127));
    __m512 s;
    __m256i v[BATCH];

    if (!has_scale(bits, scale)) {
        act_scalar_groups(x, SMALL, BATCH, q, d, sum);
        return;
    }
    _mm_storeu_ps(d, scale);
    s = _mm512_castps128_ps512(_mm_div_ps(_mm_set1_ps(127), max));
    v[0] = quantize32(x, _mm512_permutexvar_ps(_mm512_set1_epi32(0), s), q);
    v[1] = quantize32(x + 32, _mm512_permutexvar_ps(_mm512_set1_epi32(1), s), q + 32);
    v[2] = quantize32(x + 64, _mm512_permutexvar_ps(_mm512_set1_epi32(2), s), q + 64);
    v[3] = quantize32(x + 96, _mm512_permutexvar_ps(_mm512_set1_epi32(3), s), q + 96);
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
    __m512 s = _mm512_broadcastss_ps(_mm_div_ps(_mm_set1_ps(127), max));
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

void act_avx512_groups(const float *x, size_t group, size_t n, int8_t *q, float *d, int16_t *sum)
{
    size_t g = 0;

    if (group == SMALL)
        for (; g + BATCH <= n; g += BATCH)
            batch(x + g * SMALL, q + g * SMALL, d + g, sum + g * (SMALL / 16));
    for (; g < n; g++)
        one_group(x + g * group, group, q + g * group, d + g, sum + g * (group / 16));
}
