/* gemv_ternary_256.h - TQ2_64, TQ2_0 and TQ1_0 in vectors of 256 bits.
 *
 * Codes are weights + 1; the sum of the activations is taken away at the end.  Two of the four
 * codes of a byte are masked where they are (bits 0-1 and 2-3: the second is 4 times too large),
 * the byte is shifted by 4 for the other two.  Without VNNI products are added in 16 bits: a pair
 * is 4 * 2 * 127 * 2 = 2032 at most, so 16 of them fit before they must be widened (BitNet's own
 * kernel adds 128 and overflows).
 *
 * Bound of AVX2, TQ2_64, per 64 weights: AND, shift, AND, two vpmaddubsw, two vpaddw, a quarter for
 * widening, all on vector ports: 7.25 operations, 1.8 cycles with four ports (Zen 3 to 5; the
 * multiplications and shifts alone, on two of them, need 1.5) and 2.4 with three (Intel); the
 * loads, 1 + 2 shared by four rows, and the check of the scales in scalar registers go beside
 * them. */
#ifndef KERNELS_GEMV_GEMV_TERNARY_256_H
#define KERNELS_GEMV_GEMV_TERNARY_256_H

#if defined(__AVX2__)

#include "kernels/gemv/gemv_256.h"
#include "kernels/gemv/gemv_blocks.h"
#include "kernels/gemv/gemv_variants.h"

struct ternary {
    enum dtype type;
    int values, bytes, scale; /* of a block; where its scale is */
    int run;                  /* blocks whose products fit 16 bits */
};

static const struct ternary ternary_tq2_64 = { DTYPE_TQ2_64, 64, TQ2_64_BYTES, 16, 8 };
static const struct ternary ternary_tq2_0 = { DTYPE_TQ2_0, 256, TQ2_0_BYTES, 64, 4 };
static const struct ternary ternary_tq1_0 = { DTYPE_TQ1_0, 256, TQ1_0_BYTES, 52, 4 };

/* Products that are added up for a run of blocks; b: those that are 4 times too large.  (TQ2_64 has
 * them in the upper half of a.) */
struct products {
    __m256i a, b;
};

GEMV_INLINE __m256i ternary_add(__m256i sum, __m256i codes, const int8_t *q)
{
    __m256i x = _mm256_loadu_si256((const __m256i *)q);

#if defined(__AVXVNNI__)
    return _mm256_dpbusd_avx_epi32(sum, codes, x);
#else
    return _mm256_add_epi16(sum, _mm256_maddubs_epi16(codes, x));
#endif
}

/* A run's products in lanes of 32 bits. */
GEMV_INLINE __m256i ternary_widen(__m256i sum)
{
#if defined(__AVXVNNI__)
    return sum;
#else
    return _mm256_madd_epi16(sum, _mm256_set1_epi16(1));
#endif
}

GEMV_INLINE void ternary_tq2_64_block(const uint8_t *p, const int8_t *const *q, int n,
                                      struct products *s)
{
    const __m256i mask = _mm256_setr_m128i(_mm_set1_epi8(0x03), _mm_set1_epi8(0x0c));
    __m256i bytes = gemv_twice_256(p);
    __m256i low = _mm256_and_si256(bytes, mask);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask);

#pragma GCC unroll 2
    for (int i = 0; i < n; i++)
        s[i].a = ternary_add(ternary_add(s[i].a, low, q[i]), high, q[i] + 32);
}

GEMV_INLINE void ternary_tq2_0_block(const uint8_t *p, const int8_t *const *q, int n,
                                     struct products *s)
{
    const __m256i one = _mm256_set1_epi8(0x03), four = _mm256_set1_epi8(0x0c);

#pragma GCC unroll 2
    for (int run = 0; run < 2; run++) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)p + run);
        __m256i upper = _mm256_srli_epi16(bytes, 4);

#pragma GCC unroll 2
        for (int i = 0; i < n; i++) {
            const int8_t *x = q[i] + 128 * run;

            s[i].a = ternary_add(s[i].a, _mm256_and_si256(bytes, one), x);
            s[i].b = ternary_add(s[i].b, _mm256_and_si256(bytes, four), x + 32);
            s[i].a = ternary_add(s[i].a, _mm256_and_si256(upper, one), x + 64);
            s[i].b = ternary_add(s[i].b, _mm256_and_si256(upper, four), x + 96);
        }
    }
}

/* A digit is byte * 3 / 256, the upper two bits of (byte + byte / 2) / 2; an average rounds up, so
 * 3 is taken away first: half of that is byte / 2 - 1.  Then the byte is multiplied by 3. */
GEMV_INLINE __m256i ternary_digit(__m256i *b)
{
    __m256i less = _mm256_subs_epu8(*b, _mm256_set1_epi8(3));
    __m256i top = _mm256_avg_epu8(*b, _mm256_avg_epu8(less, _mm256_setzero_si256()));

    *b = _mm256_add_epi8(*b, _mm256_add_epi8(*b, *b));
    return _mm256_and_si256(_mm256_srli_epi16(top, 6), _mm256_set1_epi8(3));
}

/* The activations of a digit of the last 20 bytes: 16 and 4 values from two places. */
GEMV_INLINE void ternary_last_x(const int8_t *q, int digit, int8_t x[32])
{
    __m128i b = _mm_loadu_si128((const __m128i *)(q + 160 + 16 * digit));
    __m128i c = digit < 4 ? _mm_loadu_si32(q + 240 + 4 * digit) : _mm_setzero_si128();

    _mm256_storeu_si256((__m256i *)x, _mm256_setr_m128i(b, c));
}

GEMV_INLINE void ternary_tq1_0_block(const uint8_t *p, const int8_t *const *q, int n,
                                     struct products *s)
{
    __m256i first = _mm256_loadu_si256((const __m256i *)p);
    __m256i last =
        _mm256_setr_m128i(_mm_loadu_si128((const __m128i *)(p + 32)), _mm_loadu_si32(p + 48));

#pragma GCC unroll 5
    for (int digit = 0; digit < 5; digit++) {
        __m256i a = ternary_digit(&first), b = ternary_digit(&last);

#pragma GCC unroll 2
        for (int i = 0; i < n; i++) {
            int8_t x[32];

            ternary_last_x(q[i], digit, x);
            s[i].a = ternary_add(s[i].a, a, q[i] + 32 * digit);
            s[i].a = ternary_add(s[i].a, b, x);
        }
    }
}

GEMV_INLINE void ternary_block(const struct ternary *f, const uint8_t *p, const int8_t *const *q,
                               int n, struct products *s)
{
    if (f->type == DTYPE_TQ2_64)
        ternary_tq2_64_block(p, q, n, s);
    else if (f->type == DTYPE_TQ2_0)
        ternary_tq2_0_block(p, q, n, s);
    else
        ternary_tq1_0_block(p, q, n, s);
}

/* The products of a run, without the factors of TQ2_0. */
GEMV_INLINE __m256i ternary_sum(const struct ternary *f, const struct products *s)
{
    __m256i a = ternary_widen(s->a);

    if (f->type != DTYPE_TQ2_0)
        return a;
    return _mm256_add_epi32(a, _mm256_srai_epi32(ternary_widen(s->b), 2));
}

/* The sum of the lanes of four rows, without the factor of TQ2_64. */
GEMV_INLINE __m128i ternary_sum4(const struct ternary *f, __m256i a, __m256i b, __m256i c,
                                 __m256i d)
{
    __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    __m256i s = _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
    __m128i high = _mm256_extracti128_si256(s, 1);

    if (f->type == DTYPE_TQ2_64)
        high = _mm_srai_epi32(high, 2);
    return _mm_add_epi32(_mm256_castsi256_si128(s), high);
}

/* A row whose blocks have scales of their own: a sum for each, in the order of the columns. */
static __attribute__((noinline)) float ternary_row_apart(const struct ternary *f,
                                                         const uint8_t *row, const struct act *x)
{
    size_t blocks = x->cols / (size_t)f->values;
    float sum = 0;

    for (size_t b = 0; b < blocks; b++, row += f->bytes) {
        const int8_t *q = x->q + b * (size_t)f->values;
        struct products s = { _mm256_setzero_si256(), _mm256_setzero_si256() };
        __m256i v, zero = _mm256_setzero_si256();
        int32_t total;

        ternary_block(f, row, &q, 1, &s);
        v = ternary_sum(f, &s);
        total = _mm_cvtsi128_si32(ternary_sum4(f, v, zero, zero, zero));
        for (int i = 0; i < f->values / 16; i++)
            total -= x->sum[b * (size_t)f->values / 16 + (size_t)i];
        sum += _cvtsh_ss(gemv_u16(row + f->scale)) * (float)total;
    }
    return sum * x->d[0];
}

/* Some row of the tile has more than one scale: find out which. */
static __attribute__((noinline)) void ternary_apart(const struct ternary *f,
                                                    const struct gemv_tile *t)
{
    for (int r = 0; r < t->rows; r++) {
        const uint8_t *row = t->p + (size_t)r * t->row_bytes;
        size_t blocks = t->cols / (size_t)f->values;
        unsigned differ = 0;

        for (size_t b = 1; b < blocks; b++)
            differ |= gemv_u16(row + f->scale) ^ gemv_u16(row + b * (size_t)f->bytes + f->scale);
        for (int i = 0; differ && i < t->n; i++)
            t->y[(size_t)i * t->ldy + (size_t)r] = ternary_row_apart(f, row, &t->x[i]);
    }
}

GEMV_INLINE void ternary_store(const struct ternary *f, const struct gemv_tile *t,
                               __m256i acc[GEMV_ROWS][GEMV_VECTORS_256], const uint32_t *first)
{
    int more = t->rows > 1;
    __m128i h =
        _mm_setr_epi32((int)first[0], (int)first[more], (int)first[2 * more], (int)first[3 * more]);
    __m128 d = _mm_cvtph_ps(_mm_packus_epi32(h, h));

#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++) {
        __m128i s = ternary_sum4(f, acc[0][i], acc[more][i], acc[2 * more][i], acc[3 * more][i]);
        __m128 y = _mm_cvtepi32_ps(_mm_sub_epi32(s, _mm_set1_epi32(t->total[i])));

        gemv_put_256(t, i, _mm_mul_ps(_mm_mul_ps(d, y), _mm_set1_ps(t->x[i].d[0])));
    }
}

/* `blocks` blocks from column c on: at most a run. */
GEMV_INLINE uint32_t ternary_run(const struct ternary *f, struct gemv_tile *t, size_t c,
                                 size_t blocks, __m256i acc[GEMV_ROWS][GEMV_VECTORS_256],
                                 const uint32_t *first)
{
    struct products s[GEMV_ROWS][GEMV_VECTORS_256];
    const uint8_t *p = t->p + c / (size_t)f->values * (size_t)f->bytes;
    const int8_t *q[GEMV_VECTORS_256];
    uint32_t differ = 0;

#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++)
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            s[r][i].a = s[r][i].b = _mm256_setzero_si256();
#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++)
        q[i] = t->x[i].q + c;
    for (size_t b = 0; b < blocks; b++) {
        gemv_prefetch(t, t->rows * f->bytes);
#pragma GCC unroll 4
        for (int r = 0; r < t->rows; r++) {
            const uint8_t *from = p + (size_t)r * t->row_bytes;

            differ |= gemv_u16(from + f->scale) ^ first[r];
            ternary_block(f, from, q, t->n, s[r]);
        }
        p += f->bytes;
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            q[i] += f->values;
    }
#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++)
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            acc[r][i] = _mm256_add_epi32(acc[r][i], ternary_sum(f, &s[r][i]));
    return differ;
}

GEMV_INLINE void ternary_tile(const struct ternary *f, struct gemv_tile *t)
{
    __m256i acc[GEMV_ROWS][GEMV_VECTORS_256];
    uint32_t first[GEMV_ROWS], differ = 0;
    size_t step = (size_t)f->run * (size_t)f->values, c = 0;

#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++) {
        first[r] = gemv_u16(t->p + (size_t)r * t->row_bytes + f->scale);
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            acc[r][i] = _mm256_setzero_si256();
    }
    for (; c < t->cols; c += step) {
        size_t left = (t->cols - c) / (size_t)f->values;

        differ |= ternary_run(f, t, c, left < (size_t)f->run ? left : (size_t)f->run, acc, first);
    }
    ternary_store(f, t, acc, first);
    if (__builtin_expect(differ != 0, 0)) {
        struct gemv_tile copy = *t;

        ternary_apart(f, &copy);
    }
}

#define TERNARY_256(type)                             \
    GEMV_INLINE void tile_##type(struct gemv_tile *t) \
    {                                                 \
        ternary_tile(&ternary_##type, t);             \
    }                                                 \
    GEMV_256_RUN(type)

TERNARY_256(tq2_64)
TERNARY_256(tq2_0)
TERNARY_256(tq1_0)

#endif
#endif
