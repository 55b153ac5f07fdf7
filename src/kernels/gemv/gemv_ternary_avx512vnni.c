/* gemv_ternary_avx512vnni.c - TQ2_64, TQ2_0 and TQ1_0.
 *
 * 2-bit codes are not shifted: a run of bytes is loaded into several parts of a vector, an AND
 * leaves other bits in each part, and vpdpbusd adds products that are 1, 4, 16 or 64 times too
 * large, each in a lane of its own; one shift at the end of the row makes them right, exactly
 * (every product in the lane has the factor).  So 64 weights cost a load, an AND and a vpdpbusd,
 * with the activations in the order in which they are.  Codes are weights + 1: the sum of the
 * activations is taken away at the end.  The largest lane, TQ1_0's with 5 * 64 * 2 * 127 * 4 a
 * block, reaches 2^31 after 6,600 blocks: 1.7 million columns.
 *
 * Rows whose blocks have different scales are rare (trained models have one scale a tensor) and go
 * block by block. */
#include "kernels/gemv/gemv_avx512.h"
#include "kernels/gemv/gemv_blocks.h"
#include "kernels/gemv/gemv_variants.h"

enum {
    PARTS = 2,    /* accumulators of a row whose lanes have other factors */
    OR_XOR = 0xf6 /* a | (b ^ c) */
};

struct format {
    enum dtype type;
    int values, bytes, scale; /* of a block; where its scale is */
};

static const struct format tq2_64 = { DTYPE_TQ2_64, 64, TQ2_64_BYTES, 16 };
static const struct format tq2_0 = { DTYPE_TQ2_0, 256, TQ2_0_BYTES, 64 };
static const struct format tq1_0 = { DTYPE_TQ1_0, 256, TQ1_0_BYTES, 52 };

/* The sums of the lanes of four vectors of integers. */
GEMV_INLINE __m128i sum4(__m512i a, __m512i b, __m512i c, __m512i d)
{
    __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    __m512i s = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    __m256i h = _mm256_add_epi32(_mm512_castsi512_si256(s), _mm512_extracti64x4_epi64(s, 1));

    return _mm_add_epi32(_mm256_castsi256_si128(h), _mm256_extracti128_si256(h, 1));
}

/* What the lanes' sums are, without their factors. */
GEMV_INLINE __m512i unscaled(const struct format *f, const __m512i acc[PARTS])
{
    const __m512i by4 = _mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6);
    const __m512i low = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2);

    if (f->type == DTYPE_TQ2_64)
        return _mm512_srav_epi32(acc[0], by4);
    if (f->type == DTYPE_TQ2_0)
        return _mm512_add_epi32(_mm512_srav_epi32(acc[0], low),
                                _mm512_srai_epi32(_mm512_srav_epi32(acc[1], low), 4));
    return _mm512_srai_epi32(acc[0], 6);
}

/* ---- one block of a row and vectors */

GEMV_INLINE __m512i quarters(int a, int b, int c, int d)
{
    return _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_setr_m128i(_mm_set1_epi8((char)a), _mm_set1_epi8((char)b))),
        _mm256_setr_m128i(_mm_set1_epi8((char)c), _mm_set1_epi8((char)d)), 1);
}

GEMV_INLINE void block_tq2_64(const uint8_t *p, const int8_t *const *q, int n,
                              __m512i acc[GEMV_VECTORS][PARTS])
{
    __m512i codes = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)p));

    codes = _mm512_and_si512(codes, quarters(0x03, 0x0c, 0x30, 0xc0));
#pragma GCC unroll 4
    for (int i = 0; i < n; i++)
        acc[i][0] = _mm512_dpbusd_epi32(acc[i][0], codes, _mm512_loadu_si512(q[i]));
}

GEMV_INLINE void block_tq2_0(const uint8_t *p, const int8_t *const *q, int n,
                             __m512i acc[GEMV_VECTORS][PARTS])
{
#pragma GCC unroll 2
    for (int run = 0; run < 2; run++) {
        __m512i bytes = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)p + run));
        __m512i first = _mm512_and_si512(bytes, quarters(0x03, 0x03, 0x0c, 0x0c));
        __m512i second = _mm512_and_si512(bytes, quarters(0x30, 0x30, 0xc0, 0xc0));

#pragma GCC unroll 4
        for (int i = 0; i < n; i++) {
            const int8_t *x = q[i] + 128 * run;

            acc[i][0] = _mm512_dpbusd_epi32(acc[i][0], first, _mm512_loadu_si512(x));
            acc[i][1] = _mm512_dpbusd_epi32(acc[i][1], second, _mm512_loadu_si512(x + 64));
        }
    }
}

/* The activations of digit `digit` of the 52 bytes: 32, 16 and 4 values from three places. */
GEMV_INLINE __m512i digit_x(const int8_t *q, int digit)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)(q + 32 * digit));
    __m128i b = _mm_loadu_si128((const __m128i *)(q + 160 + 16 * digit));
    __m128i c = digit < 4 ? _mm_loadu_si32(q + 240 + 4 * digit) : _mm_setzero_si128();

    return _mm512_inserti64x4(_mm512_castsi256_si512(a), _mm256_setr_m128i(b, c), 1);
}

/* A digit is byte * 3 / 256, which is the upper two bits of (byte + byte / 2) / 2; an average
 * rounds up, so 3 is taken away first: half of that is byte / 2 - 1.  The next digit comes up when
 * the byte is multiplied by 3. */
GEMV_INLINE void block_tq1_0(const uint8_t *p, const int8_t *const *q, int n,
                             __m512i acc[GEMV_VECTORS][PARTS])
{
    __m512i b = _mm512_maskz_loadu_epi32(0x1fff, p);

#pragma GCC unroll 5
    for (int digit = 0; digit < 5; digit++) {
        __m512i less = _mm512_subs_epu8(b, _mm512_set1_epi8(3));
        __m512i top = _mm512_avg_epu8(b, _mm512_avg_epu8(less, _mm512_setzero_si512()));
        __m512i code = _mm512_and_si512(top, _mm512_set1_epi8((char)0xc0));

#pragma GCC unroll 4
        for (int i = 0; i < n; i++)
            acc[i][0] = _mm512_dpbusd_epi32(acc[i][0], code, digit_x(q[i], digit));
        b = _mm512_add_epi8(b, _mm512_add_epi8(b, b));
    }
}

GEMV_INLINE void block(const struct format *f, const uint8_t *p, const int8_t *const *q, int n,
                       __m512i acc[GEMV_VECTORS][PARTS])
{
    if (f->type == DTYPE_TQ2_64)
        block_tq2_64(p, q, n, acc);
    else if (f->type == DTYPE_TQ2_0)
        block_tq2_0(p, q, n, acc);
    else
        block_tq1_0(p, q, n, acc);
}

/* ---- rows */

/* A row whose blocks have scales of their own: a sum for each, in the order of the columns. */
static __attribute__((noinline)) float row_apart(const struct format *f, const uint8_t *row,
                                                 const struct act *x)
{
    size_t blocks = x->cols / (size_t)f->values;
    float sum = 0;

    for (size_t b = 0; b < blocks; b++, row += f->bytes) {
        const int8_t *q = x->q + b * (size_t)f->values;
        const int16_t *sums = x->sum + b * (size_t)f->values / 16;
        __m512i acc[GEMV_VECTORS][PARTS];
        int32_t s;

        acc[0][0] = acc[0][1] = _mm512_setzero_si512();
        block(f, row, &q, 1, acc);
        s = _mm512_reduce_add_epi32(unscaled(f, acc[0]));
        for (int i = 0; i < f->values / 16; i++)
            s -= sums[i];
        sum += _cvtsh_ss(gemv_u16(row + f->scale)) * (float)s;
    }
    return sum * x->d[0];
}

/* The scale of a block, as word 7: the other words are codes. */
GEMV_INLINE __m128i scale_of(const struct format *f, const uint8_t *block)
{
    return _mm_loadu_si128((const __m128i *)(block + f->scale - 14));
}

/* acc to y, for rows of one scale each: word 7 of first. */
GEMV_INLINE void store(const struct format *f, const struct gemv_tile *t,
                       __m512i acc[GEMV_ROWS][GEMV_VECTORS][PARTS], const __m128i *first)
{
    int more = t->rows > 1;
    __m128i ab = _mm_unpackhi_epi16(first[0], first[more]);
    __m128i cd = _mm_unpackhi_epi16(first[2 * more], first[3 * more]);
    __m128 d = _mm_cvtph_ps(_mm_srli_si128(_mm_unpackhi_epi32(ab, cd), 8));

#pragma GCC unroll 4
    for (int i = 0; i < t->n; i++) {
        __m128i s = sum4(unscaled(f, acc[0][i]), unscaled(f, acc[more][i]),
                         unscaled(f, acc[2 * more][i]), unscaled(f, acc[3 * more][i]));
        __m128 y = _mm_cvtepi32_ps(_mm_sub_epi32(s, _mm_set1_epi32(t->total[i])));

        y = _mm_mul_ps(_mm_mul_ps(d, y), _mm_set1_ps(t->x[i].d[0]));
        if (more)
            _mm_storeu_ps(t->y + (size_t)i * t->ldy, y);
        else
            _mm_store_ss(t->y + (size_t)i * t->ldy, y);
    }
}

/* Some row of the tile has more than one scale: find out which. */
static __attribute__((noinline)) void tile_apart(const struct format *f, const struct gemv_tile *t)
{
    for (int r = 0; r < t->rows; r++) {
        const uint8_t *row = t->p + (size_t)r * t->row_bytes;
        size_t blocks = t->cols / (size_t)f->values;
        unsigned differ = 0;

        for (size_t b = 1; b < blocks; b++)
            differ |= gemv_u16(row + f->scale) ^ gemv_u16(row + b * (size_t)f->bytes + f->scale);
        for (int i = 0; differ && i < t->n; i++)
            t->y[(size_t)i * t->ldy + (size_t)r] = row_apart(f, row, &t->x[i]);
    }
}

GEMV_INLINE void tile(const struct format *f, struct gemv_tile *t)
{
    __m512i acc[GEMV_ROWS][GEMV_VECTORS][PARTS];
    const uint8_t *p[GEMV_ROWS];
    const int8_t *q[GEMV_VECTORS];
    __m128i first[GEMV_ROWS], differ = _mm_setzero_si128();

#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++) {
        p[r] = t->p + (size_t)r * t->row_bytes;
        first[r] = scale_of(f, p[r]);
#pragma GCC unroll 4
        for (int i = 0; i < t->n; i++)
            acc[r][i][0] = acc[r][i][1] = _mm512_setzero_si512();
    }
#pragma GCC unroll 4
    for (int i = 0; i < t->n; i++)
        q[i] = t->x[i].q;
    for (size_t c = 0; c < t->cols; c += (size_t)f->values) {
        gemv_prefetch(t, t->rows * f->bytes);
#pragma GCC unroll 4
        for (int r = 0; r < t->rows; r++) {
            differ = _mm_ternarylogic_epi32(differ, scale_of(f, p[r]), first[r], OR_XOR);
            block(f, p[r], q, t->n, acc[r]);
            p[r] += f->bytes;
        }
#pragma GCC unroll 4
        for (int i = 0; i < t->n; i++)
            q[i] += f->values;
    }
    store(f, t, acc, first);
    if (__builtin_expect(_mm_extract_epi16(differ, 7) != 0, 0)) {
        struct gemv_tile copy = *t;

        tile_apart(f, &copy);
    }
}

#define TERNARY(type)                                                     \
    GEMV_INLINE void tile_##type(struct gemv_tile *t)                     \
    {                                                                     \
        tile(&type, t);                                                   \
    }                                                                     \
    GEMV_RUN(gemv_avx512vnni_##type)                                      \
    {                                                                     \
        gemv_all(tile_##type, GEMV_VECTORS, w, row0, row1, x, n, y, ldy); \
    }

TERNARY(tq2_64)
TERNARY(tq2_0)
TERNARY(tq1_0)
