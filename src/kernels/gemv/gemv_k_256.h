/* gemv_k_256.h - Q4_K, Q5_K and Q6_K in vectors of 256 bits, as gemv_k_avx512vnni.c. */
#ifndef KERNELS_GEMV_GEMV_K_256_H
#define KERNELS_GEMV_GEMV_K_256_H

#if defined(__AVX2__)

#include "kernels/gemv/gemv_256.h"
#include "kernels/gemv/gemv_blocks.h"
#include "kernels/gemv/gemv_variants.h"

/* The eight 6-bit scales and mins as 16 words: [scale 0-3, min 0-3, scale 4-7, min 4-7]. */
GEMV_INLINE __m256i k_words(const uint8_t *s)
{
    uint64_t ab, c = gemv_u32(s + 8), low, high;

    memcpy(&ab, s, sizeof(ab));
    c = (c & 0x0f0f0f0f) | (c >> 4 & 0x0f0f0f0f) << 32;
    low = ab & 0x3f3f3f3f3f3f3f3f;
    high = c | (ab >> 2 & 0x3030303030303030);
    return _mm256_cvtepu8_epi16(_mm_set_epi64x((long long)high, (long long)low));
}

/* Words a and b of the eight in each half, over one half each. */
GEMV_INLINE __m256i k_spread(__m256i eight_twice, int a, int b)
{
    const __m256i index = _mm256_setr_m128i(_mm_set1_epi16((short)(0x0100 + 0x0202 * a)),
                                            _mm_set1_epi16((short)(0x0100 + 0x0202 * b)));

    return _mm256_shuffle_epi8(eight_twice, index);
}

GEMV_INLINE __m256i k_low(__m256i v)
{
    return _mm256_permute4x64_epi64(v, 0x44);
}

GEMV_INLINE __m256i k_high(__m256i v)
{
    return _mm256_permute4x64_epi64(v, 0xee);
}

/* 32 codes of group g of a Q4_K or Q5_K block; fifth: its 32 bytes of fifth bits. */
GEMV_INLINE __m256i k_group(const uint8_t *qs, __m256i fifth, int g, int bits)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)(qs + g / 2 * 32));

    v = _mm256_and_si256(g % 2 ? _mm256_srli_epi16(v, 4) : v, _mm256_set1_epi8(15));
    if (bits == 5) {
        fifth = g < 4 ? _mm256_slli_epi16(fifth, 4 - (g < 4 ? g : 4))
                      : _mm256_srli_epi16(fifth, (g < 4 ? 4 : g) - 4);
        v = _mm256_or_si256(v, _mm256_and_si256(fifth, _mm256_set1_epi8(16)));
    }
    return v;
}

GEMV_INLINE void k_block(const uint8_t *p, int bits, const struct gemv_tile *t, size_t block,
                         __m256 *acc)
{
    const uint8_t *qs = p + (bits == 5 ? 48 : 16);
    __m256i words = k_words(p + 4), low = k_low(words), high = k_high(words);
    __m256i fifth = _mm256_loadu_si256((const __m256i *)(p + 16)), s[GEMV_VECTORS_256];
    __m128 d = _mm_cvtph_ps(_mm_loadu_si32(p));

#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++)
        s[i] = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int g = 0; g < 8; g++) {
        __m256i codes = k_group(qs, fifth, g, bits);
        __m256i scale = k_spread(g < 4 ? low : high, g % 4, g % 4);

#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++) {
            const int8_t *q = t->x[i].q + 256 * block + 32 * (size_t)g;
            __m256i pairs = _mm256_maddubs_epi16(codes, _mm256_loadu_si256((const __m256i *)q));

            s[i] = gemv_words_256(s[i], pairs, scale);
        }
    }
#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++) {
        const __m256i *sums = (const __m256i *)(t->x[i].sum + 16 * block);
        /* Sums of 32, where the mins are. */
        __m256i of32 = _mm256_hadd_epi16(_mm256_setzero_si256(), _mm256_loadu_si256(sums));
        __m128 by = _mm_mul_ps(d, _mm_set1_ps(t->x[i].d[block]));

        acc[i] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(s[i]), _mm256_broadcastss_ps(by), acc[i]);
        acc[i] = _mm256_fnmadd_ps(_mm256_cvtepi32_ps(_mm256_madd_epi16(words, of32)),
                                  _mm256_broadcastss_ps(_mm_movehdup_ps(by)), acc[i]);
    }
}

/* Values 32 part .. 32 part + 31 of half a Q6_K block. */
GEMV_INLINE __m256i q6_k_codes(const uint8_t *ql, __m256i qh, int part)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)(ql + part % 2 * 32));
    __m256i high = part < 2 ? _mm256_slli_epi16(qh, part == 0 ? 4 : 2)
                            : _mm256_srli_epi16(qh, part == 2 ? 0 : 2);

    v = _mm256_and_si256(part < 2 ? v : _mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
    return _mm256_or_si256(v, _mm256_and_si256(high, _mm256_set1_epi8(0x30)));
}

GEMV_INLINE void q6_k_block(const uint8_t *p, const struct gemv_tile *t, size_t block, __m256 *acc)
{
    __m256i words = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(p + 192)));
    __m256i s[GEMV_VECTORS_256];
    float d = _cvtsh_ss(gemv_u16(p + 208));

    /* Each code is 32 too large. */
#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++) {
        const __m256i *sums = (const __m256i *)(t->x[i].sum + 16 * block);
        __m256i offset = _mm256_madd_epi16(words, _mm256_loadu_si256(sums));

        s[i] = _mm256_slli_epi32(_mm256_sub_epi32(_mm256_setzero_si256(), offset), 5);
    }
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
        __m256i qh = _mm256_loadu_si256((const __m256i *)(p + 128 + 32 * half));
        __m256i eight = half ? k_high(words) : k_low(words);

#pragma GCC unroll 4
        for (int part = 0; part < 4; part++) {
            __m256i codes = q6_k_codes(p + 64 * half, qh, part);
            __m256i scale = k_spread(eight, 2 * part, 2 * part + 1);

#pragma GCC unroll 2
            for (int i = 0; i < t->n; i++) {
                const int8_t *q = t->x[i].q + 256 * block + 128 * half + 32 * part;
                __m256i pairs = _mm256_maddubs_epi16(codes, _mm256_loadu_si256((const __m256i *)q));

                s[i] = gemv_words_256(s[i], pairs, scale);
            }
        }
    }
#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++)
        acc[i] =
            _mm256_fmadd_ps(_mm256_cvtepi32_ps(s[i]), _mm256_set1_ps(d * t->x[i].d[block]), acc[i]);
}

GEMV_INLINE void k_tile(int bits, int bytes, struct gemv_tile *t)
{
    __m256 acc[GEMV_ROWS][GEMV_VECTORS_256];

    gemv_zero_256(t, acc);
    for (size_t b = 0; b < t->cols / 256; b++) {
        gemv_prefetch(t, t->rows * bytes);
#pragma GCC unroll 4
        for (int r = 0; r < t->rows; r++) {
            const uint8_t *p = t->p + (size_t)r * t->row_bytes + b * (size_t)bytes;

            if (bits == 6)
                q6_k_block(p, t, b, acc[r]);
            else
                k_block(p, bits, t, b, acc[r]);
        }
    }
    gemv_store_256(t, acc);
}

#define K_256(bits, bytes, name)                      \
    GEMV_INLINE void tile_##name(struct gemv_tile *t) \
    {                                                 \
        k_tile(bits, bytes, t);                       \
    }                                                 \
    GEMV_256_RUN(name)

K_256(4, Q4_K_BYTES, q4_k)
K_256(5, Q5_K_BYTES, q5_k)
K_256(6, Q6_K_BYTES, q6_k)

#endif
#endif
