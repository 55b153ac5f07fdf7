/* act_avx512.c - act_quantize with AVX-512: 16 values at a time. */
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels/dtype/act_quantizer.h"

/* See act_avx2.c. */
static uint32_t absmax_bits(const float *x, size_t n)
{
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    __m512i max = _mm512_setzero_si512();

    for (size_t i = 0; i < n; i += 16) {
        __m512i v = _mm512_castps_si512(_mm512_loadu_ps(x + i));

        max = _mm512_max_epu32(max, _mm512_and_si512(v, magnitude));
    }
    return _mm512_reduce_max_epu32(max);
}

/* 16 values, and their sum. */
static int quantize16(const float *x, __m512 scale, int8_t *q)
{
    __m512i v = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x), scale));

    _mm_storeu_si128((__m128i *)(void *)q, _mm512_cvtepi32_epi8(v));
    return _mm512_reduce_add_epi32(v);
}

void act_avx512_group(const float *x, size_t n, int8_t *q, float *d, int16_t *sum)
{
    uint32_t bits = absmax_bits(x, n);
    __m512 scale;
    float max;

    memcpy(&max, &bits, sizeof(max));
    *d = max / 127;
    if (bits >= 0x7f800000 || !(*d >= ACT_SCALE_MIN)) {
        *d = bits >= 0x7f800000 ? NAN : 0;
        memset(q, 0, n);
        memset(sum, 0, n / 16 * sizeof(*sum));
        return;
    }
    scale = _mm512_set1_ps(127 / max);
    for (size_t i = 0; i < n; i += 16)
        sum[i / 16] = (int16_t)quantize16(x + i, scale, q + i);
}
