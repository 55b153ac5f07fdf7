/* ternary_lookup_avx2.c - no multiplications: sums of pairs of activations from tables of 16, as
 * T-MAC (Wei et al., 2024) and BitNet's TL1 do it, on the canonical form.
 *
 * A nibble of a block's byte m is the codes of the columns m and m + 16 (or m + 32 and m + 48), so
 * it is the index of a table with the nine sums of x[m] and x[m + 16] (whole code 3: unused).
 * Tables are made once a call; a panel of 32 rows has one byte of each row in a vector, which
 * takes a transposition of 16 x 16 bytes on the way.  A sum is up to 254, in two tables of a byte
 * each; 128 of them, four blocks, fit into 16 bits.
 *
 * Bound, per 128 codes on vector ports: 3 for the indices, twice 2 lookups, 2 interleavings and 2
 * additions, 8 of the transposition: 23 operations, against 14.5 of the multiplications of
 * gemv_ternary_256.h.  The lookups and interleavings alone, 16 with the transposition's, go through
 * one port (Intel) or two (AMD).  So it cannot win where vpmaddubsw is; it is here to show that. */
#include <immintrin.h>
#include <string.h>

#include "kernels/gemv/gemv_blocks.h"
#include "kernels/ternary/ternary_paths.h"

enum {
    ROWS = 32, /* of a panel */
    STEP = 64, /* columns of a block */
    RUN = 4,   /* blocks whose sums fit 16 bits */
    TABLE = 32 /* bytes: low bytes of 16 sums, then their high bytes */
};

size_t ternary_lookup_scratch(size_t cols, size_t tokens)
{
    (void)tokens;
    return cols / 2 * TABLE;
}

/* The sums of a and b times -1, 0, 1: entry c + 4 d is a (c - 1) + b (d - 1). */
static void make_table(int a, int b, uint8_t *table)
{
    const __m256i first = _mm256_setr_epi16(-1, 0, 1, 0, -1, 0, 1, 0, -1, 0, 1, 0, -1, 0, 1, 0);
    const __m256i second = _mm256_setr_epi16(-1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0);
    const __m256i low = _mm256_set1_epi16(0xff);
    __m256i s = _mm256_add_epi16(_mm256_mullo_epi16(first, _mm256_set1_epi16((short)a)),
                                 _mm256_mullo_epi16(second, _mm256_set1_epi16((short)b)));
    __m256i bytes = _mm256_packus_epi16(_mm256_and_si256(s, low), _mm256_srli_epi16(s, 8));

    /* Each half has low bytes and high bytes of eight sums. */
    _mm256_storeu_si256((__m256i *)(void *)table, _mm256_permute4x64_epi64(bytes, 0xd8));
}

/* [block][m][nibble][TABLE] */
static void make_tables(const struct act *x, uint8_t *table)
{
    for (size_t c = 0; c < x->cols; c += STEP)
        for (size_t m = 0; m < 16; m++)
            for (size_t nibble = 0; nibble < 2; nibble++, table += TABLE) {
                const int8_t *q = x->q + c + m + 32 * nibble;

                make_table(q[0], q[16], table);
            }
}

/* One round of a transposition: 16 rows of 16 bytes as 16 vectors, the neighbours at half the
 * distance interleaved. */
static inline void interleave(const __m256i *from, __m256i *to)
{
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        to[2 * i] = _mm256_unpacklo_epi8(from[i], from[i + 8]);
        to[2 * i + 1] = _mm256_unpackhi_epi8(from[i], from[i + 8]);
    }
}

/* Byte m of rows 0 to 15 in the lower half of to[m], of rows 16 to 31 in the upper one. */
static inline void transpose(const uint8_t *const *row, size_t at, __m256i *to)
{
    __m256i v[16];

#pragma GCC unroll 16
    for (int i = 0; i < 16; i++)
        v[i] = _mm256_setr_m128i(_mm_loadu_si128((const __m128i *)(row[i] + at)),
                                 _mm_loadu_si128((const __m128i *)(row[i + 16] + at)));
    interleave(v, to);
    interleave(to, v);
    interleave(v, to);
    interleave(to, v);
    memcpy(to, v, sizeof(v));
}

static inline void look_up(__m256i index, const uint8_t *table, __m256i sum[2])
{
    const __m256i low =
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
    const __m256i high =
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table + 1));
    const __m256i l = _mm256_shuffle_epi8(low, index), h = _mm256_shuffle_epi8(high, index);

    sum[0] = _mm256_add_epi16(sum[0], _mm256_unpacklo_epi8(l, h));
    sum[1] = _mm256_add_epi16(sum[1], _mm256_unpackhi_epi8(l, h));
}

static inline void add_block(const uint8_t *const *row, size_t at, const uint8_t *table,
                             __m256i sum[2])
{
    const __m256i low = _mm256_set1_epi8(15);
    __m256i byte[16];

    transpose(row, at, byte);
    for (int m = 0; m < 16; m++, table += 2 * TABLE) {
        look_up(_mm256_and_si256(byte[m], low), table, sum);
        look_up(_mm256_and_si256(_mm256_srli_epi16(byte[m], 4), low), table + TABLE, sum);
    }
}

/* Words to the 32-bit sums of 32 rows: sum[0] has rows 0-7 and 16-23, sum[1] 8-15 and 24-31. */
static inline void widen(const __m256i sum[2], __m256i acc[4])
{
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        acc[i] = _mm256_add_epi32(acc[i], _mm256_cvtepi16_epi32(_mm256_castsi256_si128(sum[i])));
        acc[i + 2] = _mm256_add_epi32(acc[i + 2],
                                      _mm256_cvtepi16_epi32(_mm256_extracti128_si256(sum[i], 1)));
    }
}

static void panel(const uint8_t *const *row, const struct act *x, const uint8_t *table, float *y)
{
    __m256i acc[4] = { _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                       _mm256_setzero_si256() };
    size_t blocks = x->cols / STEP;

    for (size_t b = 0; b < blocks; b += RUN) {
        __m256i sum[2] = { _mm256_setzero_si256(), _mm256_setzero_si256() };

        for (size_t i = b; i < b + RUN && i < blocks; i++)
            add_block(row, i * TQ2_64_BYTES, table + i * 32 * TABLE, sum);
        widen(sum, acc);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        _mm256_storeu_ps(y + 8 * i,
                         _mm256_mul_ps(_mm256_cvtepi32_ps(acc[i]), _mm256_set1_ps(x->d[0])));
}

void ternary_lookup(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                    size_t tokens, float *y, size_t ldy, void *scratch)
{
    for (size_t t = 0; t < tokens; t++) {
        make_tables(&x[t], scratch);
        for (size_t r = row0; r < row1; r += ROWS) {
            const uint8_t *row[ROWS];
            float out[ROWS];

            /* Behind the last row it stands in for those that are not there. */
            for (size_t i = 0; i < ROWS; i++)
                row[i] =
                    (const uint8_t *)w->data + (r + i < row1 ? r + i : row1 - 1) * w->row_bytes;
            panel(row, &x[t], scratch, out);
            memcpy(y + t * ldy + r, out, (row1 - r < ROWS ? row1 - r : ROWS) * sizeof(*y));
        }
    }
}
