/* gemv_legacy_avx512vnni.c - Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0: blocks of 32 with scales in F16.
 *
 * Four blocks (128 columns) are a step.  The codes of a row are brought into two vectors, the first
 * and the second 16 values of each block, so that four lanes of 32 bits belong to a block; vpdpbusd
 * multiplies them with the activations in the same order and adds, one conversion and one FMA with
 * the product of the scales end the step.  The offset of the codes (8, 16, 128) is taken from the
 * sum before it starts: offset times the lane's activations, made once a step for all rows.
 *
 * Blocks are of 18 to 24 bytes, so a step is 72 to 96: two loads, at its first and at its last 64
 * bytes, which never leave it, and word permutations (vpermt2w) of the pair. */
#include "kernels/gemv/gemv_avx512.h"
#include "kernels/gemv/gemv_blocks.h"
#include "kernels/gemv/gemv_variants.h"

enum { STEP = 4 }; /* blocks */

/* Word g of a step whose blocks have W words, as vpermt2w numbers it: 0-31 are the first 64 bytes,
 * 32-63 the last. */
#define AT(W, g) ((g) < 32 ? (g) : (g)-4 * (W) + 64)

#define BLOCK8(W, g)                                                                          \
    AT(W, g), AT(W, (g) + 1), AT(W, (g) + 2), AT(W, (g) + 3), AT(W, (g) + 4), AT(W, (g) + 5), \
        AT(W, (g) + 6), AT(W, (g) + 7)
/* The 16 bytes of codes of each block, from word `first` of it. */
#define CODES(W, first)                                                       \
    BLOCK8(W, first), BLOCK8(W, (W) + (first)), BLOCK8(W, 2 * (W) + (first)), \
        BLOCK8(W, 3 * (W) + (first))
#define SAME4(W, g) AT(W, g), AT(W, g), AT(W, g), AT(W, g)
/* Word `which` of each block, once for each of its four lanes. */
#define SCALES(W, which)                                                   \
    SAME4(W, which), SAME4(W, (W) + (which)), SAME4(W, 2 * (W) + (which)), \
        SAME4(W, 3 * (W) + (which))
/* The fifth bits: those of the first 16 values of each block, then of the second. */
#define FIFTHS(W, which)                                                                    \
    AT(W, which), AT(W, (W) + (which)), AT(W, 2 * (W) + (which)), AT(W, 3 * (W) + (which)), \
        AT(W, (which) + 1), AT(W, (W) + (which) + 1), AT(W, 2 * (W) + (which) + 1),         \
        AT(W, 3 * (W) + (which) + 1)

struct layout {
    int bits;   /* of a code */
    int bytes;  /* of a block */
    int tail;   /* where the second load of a step is */
    int offset; /* of the codes; 0 where the block has a minimum instead */
    _Alignas(64) uint16_t codes[32];
    _Alignas(64) uint16_t scales[32]; /* d, then m */
    _Alignas(16) uint16_t fifths[8];
};

static const struct layout q4_0 = { 4,    Q4_0_BYTES,      4 * Q4_0_BYTES - 64,
                                    8,    { CODES(9, 1) }, { SCALES(9, 0) },
                                    { 0 } };
static const struct layout q4_1 = { 4,    Q4_1_BYTES,       4 * Q4_1_BYTES - 64,
                                    0,    { CODES(10, 2) }, { SCALES(10, 0), SCALES(10, 1) },
                                    { 0 } };
static const struct layout q5_0 = {
    5, Q5_0_BYTES, 4 * Q5_0_BYTES - 64, 16, { CODES(11, 3) }, { SCALES(11, 0) }, { FIFTHS(11, 1) }
};
static const struct layout q5_1 = { 5,
                                    Q5_1_BYTES,
                                    4 * Q5_1_BYTES - 64,
                                    0,
                                    { CODES(12, 4) },
                                    { SCALES(12, 0), SCALES(12, 1) },
                                    { FIFTHS(12, 2) } };
/* The third block begins where the second load is. */
static const struct layout q8_0 = {
    8,    Q8_0_BYTES, 2 * Q8_0_BYTES,
    128,  { 0 },      { 0, 0, 0, 0, 17, 17, 17, 17, 32, 32, 32, 32, 49, 49, 49, 49 },
    { 0 }
};

/* Four blocks of a vector: activations of the first and of the second 16 values of each block. */
struct step_x {
    __m512i first, second;
    __m512i start; /* minus offset times the activations of each lane */
    __m512 d;
    __m512 sum; /* d times the activations of each lane, for blocks with a minimum */
};

struct step_w {
    __m512i first, second;
    __m512 d, m;
};

GEMV_INLINE struct step_x load_x(const struct act *x, size_t block, int blocks, int offset)
{
    const __m512i lane_block = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    const int8_t *q = x->q + 32 * block;
    __m512i a, b, sum;
    __m128 d;
    struct step_x s;

    if (blocks == STEP) {
        a = _mm512_loadu_si512(q);
        b = _mm512_loadu_si512(q + 64);
        d = _mm_loadu_ps(x->d + block);
    } else {
        unsigned dwords = (1u << 8 * blocks) - 1; /* of the 32 in the step */

        a = _mm512_maskz_loadu_epi32((__mmask16)dwords, q);
        b = _mm512_maskz_loadu_epi32((__mmask16)(dwords >> 16), q + 64);
        d = _mm_maskz_loadu_ps((__mmask8)((1u << blocks) - 1), x->d + block);
    }
    s.first = _mm512_shuffle_i64x2(a, b, _MM_SHUFFLE(2, 0, 2, 0));
    s.second = _mm512_shuffle_i64x2(a, b, _MM_SHUFFLE(3, 1, 3, 1));
    s.d = _mm512_permutexvar_ps(lane_block, _mm512_castps128_ps512(d));
    sum = _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi8((char)(offset ? offset : 1)),
                              s.first);
    sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8((char)(offset ? offset : 1)), s.second);
    s.start = offset ? _mm512_sub_epi32(_mm512_setzero_si512(), sum) : _mm512_setzero_si512();
    s.sum = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), s.d);
    return s;
}

/* What of a step there is to load: everything, but in the last step of a row. */
struct step_mask {
    __mmask32 head, tail; /* words of the two loads */
    __mmask8 block[STEP]; /* dwords of each block's codes: Q8_0 */
};

GEMV_INLINE struct step_mask mask_of(const struct layout *l, int blocks)
{
    struct step_mask m = { 0 };
    int words = blocks * l->bytes / 2, tail = l->tail / 2;

    m.head = (__mmask32)(words < 32 ? (1u << words) - 1 : 0xffffffff);
    m.tail = (__mmask32)(words > tail ? ((uint64_t)1 << (words - tail)) - 1 : 0);
    for (int b = 0; b < blocks; b++)
        m.block[b] = 0xff;
    return m;
}

/* The two loads of a step; mask NULL: of all its blocks, else what is behind the last one is 0. */
GEMV_INLINE void load_pair(const struct layout *l, const uint8_t *p, const struct step_mask *mask,
                           __m512i *head, __m512i *tail)
{
    const uint8_t *last = p + l->tail;

    *head = mask ? _mm512_maskz_loadu_epi16(mask->head, p) : _mm512_loadu_si512(p);
    *tail = mask ? _mm512_maskz_loadu_epi16(mask->tail, last) : _mm512_loadu_si512(last);
}

/* Where bit i of `bits` is set, byte i gets its fifth bit. */
GEMV_INLINE __m512i put_fifth(__m512i codes, uint64_t bits)
{
    return _mm512_mask_add_epi8(codes, _cvtu64_mask64(bits), codes, _mm512_set1_epi8(16));
}

GEMV_INLINE struct step_w load_w(const struct layout *l, const uint8_t *p,
                                 const struct step_mask *mask)
{
    const __m512i low = _mm512_set1_epi8(15);
    __m512i head, tail, codes, scales;
    struct step_w s;

    load_pair(l, p, mask, &head, &tail);
    codes = _mm512_permutex2var_epi16(head, _mm512_load_si512(l->codes), tail);
    scales = _mm512_permutex2var_epi16(head, _mm512_load_si512(l->scales), tail);
    s.first = _mm512_and_si512(codes, low);
    s.second = _mm512_and_si512(_mm512_srli_epi16(codes, 4), low);
    if (l->bits == 5) {
        __m512i index = _mm512_castsi128_si512(_mm_load_si128((const __m128i *)l->fifths));
        __m128i bits = _mm512_castsi512_si128(_mm512_permutex2var_epi16(head, index, tail));

        s.first = put_fifth(s.first, (uint64_t)_mm_cvtsi128_si64(bits));
        s.second = put_fifth(s.second, (uint64_t)_mm_extract_epi64(bits, 1));
    }
    s.d = _mm512_cvtph_ps(_mm512_castsi512_si256(scales));
    s.m = l->offset ? _mm512_setzero_ps() : _mm512_cvtph_ps(_mm512_extracti64x4_epi64(scales, 1));
    return s;
}

GEMV_INLINE __m512 step(const struct layout *l, __m512 acc, const struct step_w *w,
                        const struct step_x *x)
{
    __m512i s = _mm512_dpbusd_epi32(x->start, w->first, x->first);

    s = _mm512_dpbusd_epi32(s, w->second, x->second);
    acc = _mm512_fmadd_ps(_mm512_cvtepi32_ps(s), _mm512_mul_ps(w->d, x->d), acc);
    return l->offset ? acc : _mm512_fmadd_ps(w->m, x->sum, acc);
}

/* Q8_0, whose codes are signed bytes: 128 is added to make them the unsigned operand.  Four blocks
 * are 136 bytes; the loads are those of the codes of each block, and for the scales one at the
 * first and one at the third. */
GEMV_INLINE __m256i codes_q8_0(const uint8_t *p, int block, const struct step_mask *mask)
{
    const uint8_t *codes = p + block * Q8_0_BYTES + 2;

    return mask ? _mm256_maskz_loadu_epi32(mask->block[block], codes)
                : _mm256_loadu_si256((const __m256i *)codes);
}

GEMV_INLINE __m512i pair_q8_0(const uint8_t *p, int block, const struct step_mask *mask)
{
    __m512i pair = _mm512_inserti64x4(_mm512_castsi256_si512(codes_q8_0(p, block, mask)),
                                      codes_q8_0(p, block + 1, mask), 1);

    return _mm512_xor_si512(pair, _mm512_set1_epi8((char)0x80));
}

GEMV_INLINE struct step_w load_q8_0(const struct layout *l, const uint8_t *p,
                                    const struct step_mask *mask)
{
    const uint8_t *third = p + 2 * Q8_0_BYTES;
    __m512i a = pair_q8_0(p, 0, mask), b = pair_q8_0(p, 2, mask);
    __m512i head = mask ? _mm512_maskz_loadu_epi16(mask->head, p) : _mm512_loadu_si512(p);
    __m512i tail = mask ? _mm512_maskz_loadu_epi16(mask->tail, third) : _mm512_loadu_si512(third);
    __m512i d = _mm512_permutex2var_epi16(head, _mm512_load_si512(l->scales), tail);

    return (struct step_w){
        .first = _mm512_shuffle_i64x2(a, b, _MM_SHUFFLE(2, 0, 2, 0)),
        .second = _mm512_shuffle_i64x2(a, b, _MM_SHUFFLE(3, 1, 3, 1)),
        .d = _mm512_cvtph_ps(_mm512_castsi512_si256(d)),
        .m = _mm512_setzero_ps(),
    };
}

/* The step at `block`, of `blocks` blocks; mask as for load_pair. */
GEMV_INLINE void step_at(const struct layout *l, const struct gemv_tile *t, size_t block,
                         int blocks, const struct step_mask *mask,
                         __m512 acc[GEMV_ROWS][GEMV_VECTORS])
{
    struct step_x x[GEMV_VECTORS];
    const uint8_t *p = t->p + block * (size_t)l->bytes;

#pragma GCC unroll 4
    for (int i = 0; i < t->n; i++)
        x[i] = load_x(&t->x[i], block, blocks, l->offset);
#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++) {
        const uint8_t *from = p + (size_t)r * t->row_bytes;
        struct step_w w = l->bits == 8 ? load_q8_0(l, from, mask) : load_w(l, from, mask);

#pragma GCC unroll 4
        for (int i = 0; i < t->n; i++)
            acc[r][i] = step(l, acc[r][i], &w, &x[i]);
    }
}

GEMV_INLINE void tile(const struct layout *l, struct gemv_tile *t)
{
    size_t blocks = t->cols / 32, b = 0;
    __m512 acc[GEMV_ROWS][GEMV_VECTORS];

    gemv_zero_avx512(t, acc);
    for (; b + STEP <= blocks; b += STEP) {
        gemv_prefetch(t, t->rows * STEP * l->bytes);
        step_at(l, t, b, STEP, NULL, acc);
    }
    if (b < blocks) {
        struct step_mask mask = mask_of(l, (int)(blocks - b));

        gemv_prefetch(t, t->rows * STEP * l->bytes);
        step_at(l, t, b, (int)(blocks - b), &mask, acc);
    }
    gemv_store_avx512(t, acc);
}

#define LEGACY(type)                                                      \
    GEMV_INLINE void tile_##type(struct gemv_tile *t)                     \
    {                                                                     \
        tile(&type, t);                                                   \
    }                                                                     \
    GEMV_RUN(gemv_avx512vnni_##type)                                      \
    {                                                                     \
        gemv_all(tile_##type, GEMV_VECTORS, w, row0, row1, x, n, y, ldy); \
    }

LEGACY(q4_0)
LEGACY(q4_1)
LEGACY(q5_0)
LEGACY(q5_1)
LEGACY(q8_0)
