/* gemv_k_avx512vnni.c - Q4_K, Q5_K and Q6_K: blocks of 256 with integer scales a group.
 *
 * vpmaddubsw multiplies codes and activations and adds pairs in 16 bits (at most 63 * 127 * 2, no
 * saturation), vpdpwssd multiplies those with the scale of their group and adds in 32: the whole
 * block is one integer, then one conversion and one FMA.  Mins, and the 32 that is taken from each
 * code of Q6_K, go with the sums of the activations: one vpmaddwd a block. */
#include "kernels/gemv/gemv_avx512.h"
#include "kernels/gemv/gemv_blocks.h"
#include "kernels/gemv/gemv_variants.h"

/* 64 codes and the words of their scales, four times a block. */
struct codes {
    __m512i q[4], scale[4];
};

/* A block of a row. */
struct block_w {
    struct codes codes;
    __m256i offset; /* words that multiply the sums of the activations */
    __m512 d, dmin;
};

/* Words a and b of a vector of 16, over a half of a vector each. */
GEMV_INLINE __m512i two_scales(__m512i words, int a, int b)
{
    __m512i index = _mm512_inserti64x4(_mm512_set1_epi16((short)a), _mm256_set1_epi16((short)b), 1);

    return _mm512_permutexvar_epi16(index, words);
}

/* Words a, a + 1, a + 2 and a + 3, over a quarter each. */
GEMV_INLINE __m512i four_scales(__m512i words, int a)
{
    __m512i step =
        _mm512_setr_epi64(0, 0, 0x0001000100010001, 0x0001000100010001, 0x0002000200020002,
                          0x0002000200020002, 0x0003000300030003, 0x0003000300030003);

    return _mm512_permutexvar_epi16(_mm512_add_epi16(step, _mm512_set1_epi16((short)a)), words);
}

/* The 16 words [scale 0-3, min 0-3, scale 4-7, min 4-7] of Q4_K and Q5_K. */
GEMV_INLINE __m256i k_words(const uint8_t *s)
{
    uint64_t ab, c = gemv_u32(s + 8), low, high;

    memcpy(&ab, s, sizeof(ab));
    c = (c & 0x0f0f0f0f) | (c >> 4 & 0x0f0f0f0f) << 32;
    low = ab & 0x3f3f3f3f3f3f3f3f;
    high = c | (ab >> 2 & 0x3030303030303030);
    return _mm256_cvtepu8_epi16(_mm_set_epi64x((long long)high, (long long)low));
}

/* Two runs of 32 bytes: groups g and g + 2 in the low nibbles, g + 1 and g + 3 in the high ones. */
GEMV_INLINE void k_run(struct codes *c, const uint8_t *qs, __m512i words, int half)
{
    /* Where the scale of group 4 half + i is among the words. */
    int at = 8 * half;
    __m512i bytes = _mm512_loadu_si512(qs + 64 * half), low = _mm512_set1_epi8(15);

    c->q[2 * half] = _mm512_and_si512(bytes, low);
    c->q[2 * half + 1] = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low);
    c->scale[2 * half] = two_scales(words, at, at + 2);
    c->scale[2 * half + 1] = two_scales(words, at + 1, at + 3);
}

/* Bit a of each of 32 bytes is the fifth of the first 32 codes, bit b of the others. */
GEMV_INLINE __m512i put_fifth(__m512i codes, __m512i fifth, int a, int b)
{
    __m512i bits =
        _mm512_inserti64x4(_mm512_set1_epi8((char)(1 << a)), _mm256_set1_epi8((char)(1 << b)), 1);

    return _mm512_mask_add_epi8(codes, _mm512_test_epi8_mask(fifth, bits), codes,
                                _mm512_set1_epi8(16));
}

GEMV_INLINE struct block_w load_k(const uint8_t *p, int bits)
{
    const uint8_t *qs = p + (bits == 5 ? 48 : 16);
    __m128 d = _mm_cvtph_ps(_mm_loadu_si32(p));
    struct block_w w;
    __m512i words;

    w.offset = k_words(p + 4);
    words = _mm512_castsi256_si512(w.offset);
    k_run(&w.codes, qs, words, 0);
    k_run(&w.codes, qs, words, 1);
    if (bits == 5) {
        __m512i fifth = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(p + 16)));

        w.codes.q[0] = put_fifth(w.codes.q[0], fifth, 0, 2);
        w.codes.q[1] = put_fifth(w.codes.q[1], fifth, 1, 3);
        w.codes.q[2] = put_fifth(w.codes.q[2], fifth, 4, 6);
        w.codes.q[3] = put_fifth(w.codes.q[3], fifth, 5, 7);
    }
    w.d = _mm512_broadcastss_ps(d);
    w.dmin = _mm512_broadcastss_ps(_mm_movehdup_ps(d));
    return w;
}

GEMV_INLINE struct block_w load_q6_k(const uint8_t *p)
{
    const __m512i low = _mm512_set1_epi8(15), six = _mm512_set1_epi8(63);
    const __m512i left = _mm512_inserti64x4(_mm512_set1_epi16(4), _mm256_set1_epi16(2), 1);
    const __m512i right = _mm512_inserti64x4(_mm512_set1_epi16(0), _mm256_set1_epi16(2), 1);
    enum { CHOOSE = 0xca }; /* a ? b : c */
    struct block_w w;
    __m512i words;

    w.offset = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(p + 192)));
    words = _mm512_castsi256_si512(w.offset);
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
        __m512i ql = _mm512_loadu_si512(p + 64 * half);
        __m512i qh =
            _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(p + 128 + 32 * half)));
        __m512i a = _mm512_ternarylogic_epi32(low, ql, _mm512_sllv_epi16(qh, left), CHOOSE);
        __m512i b = _mm512_ternarylogic_epi32(low, _mm512_srli_epi16(ql, 4),
                                              _mm512_srlv_epi16(qh, right), CHOOSE);

        w.codes.q[2 * half] = _mm512_and_si512(a, six);
        w.codes.q[2 * half + 1] = _mm512_and_si512(b, six);
        w.codes.scale[2 * half] = four_scales(words, 8 * half);
        w.codes.scale[2 * half + 1] = four_scales(words, 8 * half + 4);
    }
    w.d = _mm512_set1_ps(_cvtsh_ss(gemv_u16(p + 208)));
    w.dmin = _mm512_setzero_ps();
    return w;
}

/* A block of a vector, in the order of the codes, and what the offsets are multiplied with. */
struct block_x {
    __m512i q[4];
    __m256i sums;
    __m512 d;
};

GEMV_INLINE struct block_x load_x(const struct act *x, size_t block, int bits)
{
    const int8_t *q = x->q + 256 * block;
    __m256i sums = _mm256_loadu_si256((const __m256i *)(x->sum + 16 * block));
    struct block_x s = { .d = _mm512_set1_ps(x->d[block]) };

#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
        __m512i a = _mm512_loadu_si512(q + 128 * half);
        __m512i b = _mm512_loadu_si512(q + 128 * half + 64);

        s.q[2 * half] = bits == 6 ? a : _mm512_shuffle_i64x2(a, b, _MM_SHUFFLE(1, 0, 1, 0));
        s.q[2 * half + 1] = bits == 6 ? b : _mm512_shuffle_i64x2(a, b, _MM_SHUFFLE(3, 2, 3, 2));
    }
    if (bits == 6) {
        s.sums = sums;
    } else {
        /* Sums of 32, where the mins are: [0 x 4, groups 0-3, 0 x 4, groups 4-7]. */
        s.sums = _mm256_hadd_epi16(_mm256_setzero_si256(), sums);
    }
    return s;
}

GEMV_INLINE __m512 add_block(__m512 acc, const struct block_w *w, const struct block_x *x, int bits)
{
    __m256i offset = _mm256_madd_epi16(w->offset, x->sums);
    __m512i s = _mm512_setzero_si512();

    if (bits == 6) /* less 32 a code */
        s = _mm512_inserti64x4(
            s, _mm256_slli_epi32(_mm256_sub_epi32(_mm256_setzero_si256(), offset), 5), 0);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        s = _mm512_dpwssd_epi32(s, _mm512_maddubs_epi16(w->codes.q[i], x->q[i]), w->codes.scale[i]);
    acc = _mm512_fmadd_ps(_mm512_cvtepi32_ps(s), _mm512_mul_ps(w->d, x->d), acc);
    if (bits == 6)
        return acc;
    s = _mm512_inserti64x4(_mm512_setzero_si512(), offset, 0);
    return _mm512_fnmadd_ps(_mm512_cvtepi32_ps(s), _mm512_mul_ps(w->dmin, x->d), acc);
}

GEMV_INLINE void tile(int bits, int bytes, struct gemv_tile *t)
{
    __m512 acc[GEMV_ROWS][GEMV_VECTORS];

    gemv_zero_avx512(t, acc);
    for (size_t b = 0; b < t->cols / 256; b++) {
        struct block_x x[GEMV_VECTORS];

        gemv_prefetch(t, t->rows * bytes);
#pragma GCC unroll 4
        for (int i = 0; i < t->n; i++)
            x[i] = load_x(&t->x[i], b, bits);
#pragma GCC unroll 4
        for (int r = 0; r < t->rows; r++) {
            const uint8_t *p = t->p + (size_t)r * t->row_bytes + b * (size_t)bytes;
            struct block_w w = bits == 6 ? load_q6_k(p) : load_k(p, bits);

#pragma GCC unroll 4
            for (int i = 0; i < t->n; i++)
                acc[r][i] = add_block(acc[r][i], &w, &x[i], bits);
        }
    }
    gemv_store_avx512(t, acc);
}

#define K_TYPE(bits, bytes, name)                                         \
    GEMV_INLINE void tile_##name(struct gemv_tile *t)                     \
    {                                                                     \
        tile(bits, bytes, t);                                             \
    }                                                                     \
    GEMV_RUN(gemv_avx512vnni_##name)                                      \
    {                                                                     \
        gemv_all(tile_##name, GEMV_VECTORS, w, row0, row1, x, n, y, ldy); \
    }

K_TYPE(4, Q4_K_BYTES, q4_k)
K_TYPE(5, Q5_K_BYTES, q5_k)
K_TYPE(6, Q6_K_BYTES, q6_k)
