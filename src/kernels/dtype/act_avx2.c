/* act_avx2.c - act_quantize with AVX2: 32 values at a time. */
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels/dtype/act_quantizer.h"

/* Largest magnitude of n values, as an integer: order of bits and of magnitudes is the same, and
 * what is not finite lies above all that is. */
static uint32_t absmax_bits(const float *x, size_t n)
{
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    __m256i max = _mm256_setzero_si256();
    __m128i m;

    for (size_t i = 0; i < n; i += 8) {
        __m256i v = _mm256_castps_si256(_mm256_loadu_ps(x + i));

        max = _mm256_max_epu32(max, _mm256_and_si256(v, magnitude));
    }
    m = _mm_max_epu32(_mm256_castsi256_si128(max), _mm256_extracti128_si256(max, 1));
    m = _mm_max_epu32(m, _mm_shuffle_epi32(m, 0x4e));
    m = _mm_max_epu32(m, _mm_shuffle_epi32(m, 0xb1));
    return (uint32_t)_mm_cvtsi128_si32(m);
}

static __m256i rounded(const float *x, __m256 scale)
{
    return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), scale));
}

static int sum16(__m128i q)
{
    const __m128i bias = _mm_set1_epi8(-128);
    /* Unsigned sums of 8: the bias is taken off again. */
    __m128i s = _mm_sad_epu8(_mm_xor_si128(q, bias), _mm_setzero_si128());

    return _mm_cvtsi128_si32(s) + _mm_extract_epi16(s, 4) - 16 * 128;
}

void act_avx2_group(const float *x, size_t n, int8_t *q, float *d, int16_t *sum)
{
    /* The packs work in each half of a register: this puts their groups of four in order. */
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    uint32_t bits = absmax_bits(x, n);
    __m256 scale;
    float max;

    memcpy(&max, &bits, sizeof(max));
    *d = max / 127;
    if (bits >= 0x7f800000 || !(*d >= ACT_SCALE_MIN)) {
        *d = bits >= 0x7f800000 ? NAN : 0;
        memset(q, 0, n);
        memset(sum, 0, n / 16 * sizeof(*sum));
        return;
    }
    scale = _mm256_set1_ps(127 / max);
    for (size_t i = 0; i < n; i += 32) {
        __m256i a = _mm256_packs_epi32(rounded(x + i, scale), rounded(x + i + 8, scale));
        __m256i b = _mm256_packs_epi32(rounded(x + i + 16, scale), rounded(x + i + 24, scale));
        __m256i v = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(a, b), order);

        _mm256_storeu_si256((__m256i *)(void *)(q + i), v);
        sum[i / 16] = (int16_t)sum16(_mm256_castsi256_si128(v));
        sum[i / 16 + 1] = (int16_t)sum16(_mm256_extracti128_si256(v, 1));
    }
}
