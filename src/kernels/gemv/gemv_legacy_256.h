/* gemv_legacy_256.h - Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0 in vectors of 256 bits.
 *
 * As gemv_legacy_avx512vnni.c, with steps of two blocks: the first 16 values of both, then the
 * second, four lanes a block.  Pairs are 15 * 127 * 2 at most (31 for five bits), the sum of two
 * pairs fits 16 bits.  Q8_0 has signed codes: without VNNI |code| is multiplied with the activation
 * that carries its sign (128 * 127 * 2 still fits), with VNNI 128 is added to the code. */
#ifndef KERNELS_GEMV_GEMV_LEGACY_256_H
#define KERNELS_GEMV_GEMV_LEGACY_256_H

#if defined(__AVX2__)

#include "kernels/gemv/gemv_256.h"
#include "kernels/gemv/gemv_blocks.h"
#include "kernels/gemv/gemv_variants.h"

enum { LEGACY_STEP = 2 }; /* blocks */

struct legacy {
    int bits, bytes, offset; /* of a code, of a block, of the codes (0: there is a minimum) */
};

static const struct legacy legacy_q4_0 = { 4, Q4_0_BYTES, 8 };
static const struct legacy legacy_q4_1 = { 4, Q4_1_BYTES, 0 };
static const struct legacy legacy_q5_0 = { 5, Q5_0_BYTES, 16 };
static const struct legacy legacy_q5_1 = { 5, Q5_1_BYTES, 0 };
#if defined(__AVXVNNI__)
static const struct legacy legacy_q8_0 = { 8, Q8_0_BYTES, 128 };
#else
static const struct legacy legacy_q8_0 = { 8, Q8_0_BYTES, 0 };
#endif

struct legacy_x {
    __m256i first, second, start;
    __m256 d, sum;
};

struct legacy_w {
    __m256i first, second;
    __m256 d, m;
};

/* Value a of four over the lower half, value b over the upper. */
GEMV_INLINE __m256 legacy_spread(__m128 v, int a, int b)
{
    return _mm256_permutevar8x32_ps(_mm256_castps128_ps256(v),
                                    _mm256_setr_epi32(a, a, a, a, b, b, b, b));
}

GEMV_INLINE struct legacy_x legacy_load_x(const struct legacy *l, const struct act *x, size_t block,
                                          int blocks)
{
    const __m256i *q = (const __m256i *)(x->q + 32 * block);
    __m256i a = _mm256_loadu_si256(q), b = _mm256_setzero_si256();
    __m256i zero = _mm256_setzero_si256();
    __m256i by = _mm256_set1_epi8((char)(l->offset ? l->offset : 1)), sum;
    __m128 d = _mm_load_ss(x->d + block);
    struct legacy_x s;

    if (blocks == LEGACY_STEP) {
        b = _mm256_loadu_si256(q + 1);
        d = _mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)(x->d + block)));
    }
    s.first = _mm256_permute2x128_si256(a, b, 0x20);
    s.second = _mm256_permute2x128_si256(a, b, 0x31);
    sum = gemv_dot_256(gemv_dot_256(zero, by, s.first), by, s.second);
    s.start = l->offset ? _mm256_sub_epi32(zero, sum) : zero;
    s.d = legacy_spread(d, 0, 1);
    s.sum = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), s.d);
    return s;
}

/* The 32 bits as bytes: 16 where a bit is set. */
GEMV_INLINE __m256i legacy_fifths(uint32_t bits)
{
    const __m256i byte =
        _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i each = _mm256_set1_epi64x((long long)0x8040201008040201);
    __m256i v = _mm256_shuffle_epi8(_mm256_set1_epi32((int)bits), byte);

    v = _mm256_cmpeq_epi8(_mm256_and_si256(v, each), each);
    return _mm256_and_si256(v, _mm256_set1_epi8(16));
}

/* Codes of four or five bits; q: where the codes of the first block are. */
GEMV_INLINE void legacy_codes(const struct legacy *l, const uint8_t *q, int blocks,
                              struct legacy_w *s)
{
    const __m256i low = _mm256_set1_epi8(15);
    __m256i v = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)q));

    if (blocks == LEGACY_STEP)
        v = _mm256_inserti128_si256(v, _mm_loadu_si128((const __m128i *)(q + l->bytes)), 1);
    else
        v = _mm256_inserti128_si256(v, _mm_setzero_si128(), 1);
    s->first = _mm256_and_si256(v, low);
    s->second = _mm256_and_si256(_mm256_srli_epi16(v, 4), low);
    if (l->bits == 5) {
        __m256i a = legacy_fifths(gemv_u32(q - 4)), b = _mm256_setzero_si256();

        if (blocks == LEGACY_STEP)
            b = legacy_fifths(gemv_u32(q + l->bytes - 4));
        s->first = _mm256_or_si256(s->first, _mm256_permute2x128_si256(a, b, 0x20));
        s->second = _mm256_or_si256(s->second, _mm256_permute2x128_si256(a, b, 0x31));
    }
}

GEMV_INLINE struct legacy_w legacy_load_w(const struct legacy *l, const uint8_t *p, int blocks)
{
    int min = l->bits < 8 && l->offset == 0, at = l->bytes - (l->bits == 8 ? 32 : 16);
    const uint8_t *next = p + l->bytes;
    struct legacy_w s = { .m = _mm256_setzero_ps() };
    uint64_t scales;
    __m128 f;

    if (l->bits == 8) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(p + at)), b = _mm256_setzero_si256();

        if (blocks == LEGACY_STEP)
            b = _mm256_loadu_si256((const __m256i *)(next + at));
        s.first = _mm256_permute2x128_si256(a, b, 0x20);
        s.second = _mm256_permute2x128_si256(a, b, 0x31);
    } else {
        legacy_codes(l, p + at, blocks, &s);
    }
    scales = min ? gemv_u32(p) : gemv_u16(p);
    if (blocks == LEGACY_STEP)
        scales |= min ? (uint64_t)gemv_u32(next) << 32 : (uint64_t)gemv_u16(next) << 16;
    f = _mm_cvtph_ps(_mm_cvtsi64_si128((long long)scales));
    s.d = min ? legacy_spread(f, 0, 2) : legacy_spread(f, 0, 1);
    if (min)
        s.m = legacy_spread(f, 1, 3);
    return s;
}

GEMV_INLINE __m256 legacy_add(const struct legacy *l, __m256 acc, const struct legacy_w *w,
                              const struct legacy_x *x)
{
    __m256i s;

    if (l->bits == 8 && l->offset == 0) {
        s = gemv_dot_256(x->start, _mm256_abs_epi8(w->first), _mm256_sign_epi8(x->first, w->first));
        s = gemv_dot_256(s, _mm256_abs_epi8(w->second), _mm256_sign_epi8(x->second, w->second));
    } else if (l->bits == 8) {
        __m256i sign = _mm256_set1_epi8((char)0x80);

        s = gemv_dot2_256(x->start, _mm256_xor_si256(w->first, sign), x->first,
                          _mm256_xor_si256(w->second, sign), x->second);
    } else {
        s = gemv_dot2_256(x->start, w->first, x->first, w->second, x->second);
    }
    acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(s), _mm256_mul_ps(w->d, x->d), acc);
    return l->bits == 8 || l->offset ? acc : _mm256_fmadd_ps(w->m, x->sum, acc);
}

GEMV_INLINE void legacy_step(const struct legacy *l, const struct gemv_tile *t, size_t block,
                             int blocks, __m256 acc[GEMV_ROWS][GEMV_VECTORS_256])
{
    struct legacy_x x[GEMV_VECTORS_256];
    const uint8_t *p = t->p + block * (size_t)l->bytes;

#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++)
        x[i] = legacy_load_x(l, &t->x[i], block, blocks);
#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++) {
        struct legacy_w w = legacy_load_w(l, p + (size_t)r * t->row_bytes, blocks);

#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            acc[r][i] = legacy_add(l, acc[r][i], &w, &x[i]);
    }
}

GEMV_INLINE void legacy_tile(const struct legacy *l, struct gemv_tile *t)
{
    size_t blocks = t->cols / 32, b = 0;
    __m256 acc[GEMV_ROWS][GEMV_VECTORS_256];

    gemv_zero_256(t, acc);
    for (; b + LEGACY_STEP <= blocks; b += LEGACY_STEP) {
        gemv_prefetch(t, t->rows * LEGACY_STEP * l->bytes);
        legacy_step(l, t, b, LEGACY_STEP, acc);
    }
    if (b < blocks)
        legacy_step(l, t, b, 1, acc);
    gemv_store_256(t, acc);
}

#define LEGACY_256(type)                              \
    GEMV_INLINE void tile_##type(struct gemv_tile *t) \
    {                                                 \
        legacy_tile(&legacy_##type, t);               \
    }                                                 \
    GEMV_256_RUN(type)

LEGACY_256(q4_0)
LEGACY_256(q4_1)
LEGACY_256(q5_0)
LEGACY_256(q5_1)
LEGACY_256(q8_0)

#endif
#endif
