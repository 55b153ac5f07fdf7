/* ternary_amx.c - AMX tiles of int8: 32 tokens x 32 rows in four tiles, 64 columns a step.
 *
 * A panel of 32 rows is unpacked once a call into what TDPBSUD takes, [4 columns][row][4], and all
 * tokens pass by.  Codes stay unsigned; the sum of the activations is taken away at the end.
 *
 * Floor, a tile product of 16 x 16 x 64 a 16 cycles: 1,024 MAC a cycle.  Unpacking 1,024 codes is
 * 12 insertions, 8 shuffles, 28 shifts and ANDs and 16 stores, 24 cycles on two ports; so with 16
 * tokens, 16 MAC a code, unpacking (26 cycles) and tiles (16) bound a call to 390 MAC a cycle one
 * after the other, with 64 tokens to 730. */
#include <immintrin.h>
#include <string.h>

#include "kernels/gemv/gemv_blocks.h"
#include "kernels/ternary/ternary.h"
#include "kernels/ternary/ternary_paths.h"

enum {
    TILE = 16, /* rows of a tile */
    TILE_BYTES = 64,
    SIDE = 2 * TILE, /* tokens, and rows, that are multiplied at a time */
    STEP = 64        /* columns: a block of weights, a row of a tile */
};

/* Palette 1 (Intel SDM volume 1, "Tile configuration"). */
struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

/* What a call works with, in its scratch. */
struct job {
    size_t cols, tokens; /* the tokens rounded up to SIDE */
    int8_t *x;           /* [tokens][cols] */
    uint8_t *panel;      /* [cols / 64][2][16][16][4]: of 32 rows */
    int32_t *total;      /* [tokens] */
};

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t ternary_amx_scratch(size_t cols, size_t tokens)
{
    size_t padded = round_up(tokens, SIDE);

    return padded * cols + cols * SIDE + round_up(padded * sizeof(int32_t), 64);
}

static void copy_tokens(struct job *j, const struct act *x, size_t tokens)
{
    for (size_t t = 0; t < tokens; t++) {
        memcpy(j->x + t * j->cols, x[t].q, j->cols);
        j->total[t] = 0;
        for (size_t i = 0; i < j->cols / 16; i++)
            j->total[t] += x[t].sum[i];
    }
    memset(j->x + tokens * j->cols, 0, (j->tokens - tokens) * j->cols);
}

/* Rows r, r + 4, r + 8, r + 12 of a block, 16 bytes each. */
static inline __m512i four_rows(const uint8_t *const *row, size_t at, int r)
{
    __m512i v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(row[r] + at)));

    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(row[r + 4] + at)), 1);
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(row[r + 8] + at)), 2);
    return _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(row[r + 12] + at)), 3);
}

/* The codes of a block of 16 rows to a tile: its row 4 l + j is columns 16 l + 4 j .. + 3. */
static inline void unpack_tile(const uint8_t *const *row, size_t at, uint8_t *to)
{
    const __m512i a = four_rows(row, at, 0), b = four_rows(row, at, 1);
    const __m512i c = four_rows(row, at, 2), d = four_rows(row, at, 3);
    const __m512i ab = _mm512_unpacklo_epi32(a, b), cd = _mm512_unpacklo_epi32(c, d);
    const __m512i ef = _mm512_unpackhi_epi32(a, b), gh = _mm512_unpackhi_epi32(c, d);
    const __m512i word[4] = { _mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd),
                              _mm512_unpacklo_epi64(ef, gh), _mm512_unpackhi_epi64(ef, gh) };
    const __m512i mask = _mm512_set1_epi8(3);

#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        uint8_t *p = to + j * TILE_BYTES;

        _mm512_store_si512(p, _mm512_and_si512(word[j], mask));
        _mm512_store_si512(p + 4 * TILE_BYTES,
                           _mm512_and_si512(_mm512_srli_epi16(word[j], 2), mask));
        _mm512_store_si512(p + 8 * TILE_BYTES,
                           _mm512_and_si512(_mm512_srli_epi16(word[j], 4), mask));
        _mm512_store_si512(p + 12 * TILE_BYTES,
                           _mm512_and_si512(_mm512_srli_epi16(word[j], 6), mask));
    }
}

/* Rows from `row` on, the last one again behind `end`. */
static void unpack_panel(const struct job *j, const struct weight *w, size_t row, size_t end)
{
    const uint8_t *from[SIDE];

    for (size_t i = 0; i < SIDE; i++)
        from[i] = (const uint8_t *)w->data + least(row + i, end - 1) * w->row_bytes;
    for (size_t c = 0; c < j->cols; c += STEP) {
        uint8_t *to = j->panel + c * SIDE;

        unpack_tile(from, c / STEP * TQ2_64_BYTES, to);
        unpack_tile(from + TILE, c / STEP * TQ2_64_BYTES, to + TILE * TILE_BYTES);
    }
}

static void tiles_begin(void)
{
    _Alignas(64) struct tile_config config = { .palette = 1 };

    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = TILE_BYTES;
        config.rows[i] = TILE;
    }
    /* gcc's intrinsic tells the compiler of the first 8 bytes only: keep the stores to the rest. */
    __asm__ volatile("" : : "r"(&config) : "memory");
    _tile_loadconfig(&config);
}

/* Tokens t0 .. + 15, with `more` of them to + 31, times the panel: sums[token][row]. */
static void multiply(const struct job *j, size_t t0, int more, int32_t sums[SIDE][SIDE])
{
    const int8_t *x = j->x + t0 * j->cols;
    const uint8_t *w = j->panel;
    long stride = (long)j->cols;

    /* gcc does not know that tiles are loaded from memory: all of it must have been written. */
    __asm__ volatile("" : : : "memory");
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t c = 0; c < j->cols; c += STEP, x += STEP, w += STEP * SIDE) {
        _tile_loadd(4, x, stride);
        _tile_loadd(6, w, TILE_BYTES);
        _tile_loadd(7, w + TILE * TILE_BYTES, TILE_BYTES);
        _tile_dpbsud(0, 4, 6);
        _tile_dpbsud(1, 4, 7);
        if (more) {
            _tile_loadd(5, x + TILE * stride, stride);
            _tile_dpbsud(2, 5, 6);
            _tile_dpbsud(3, 5, 7);
        }
    }
    _tile_stored(0, sums[0], sizeof(sums[0]));
    _tile_stored(1, &sums[0][TILE], sizeof(sums[0]));
    _tile_stored(2, sums[TILE], sizeof(sums[0]));
    _tile_stored(3, &sums[TILE][TILE], sizeof(sums[0]));
}

/* A token's sums to its outputs. */
static void store_token(const int32_t *sums, int32_t total, float d, float *y, size_t rows)
{
    for (size_t r = 0; r < rows; r += TILE) {
        __mmask16 mask = (__mmask16)(rows - r < TILE ? (1U << (rows - r)) - 1 : 0xffff);
        __m512i acc = _mm512_sub_epi32(_mm512_loadu_si512(sums + r), _mm512_set1_epi32(total));

        _mm512_mask_storeu_ps(y + r, mask,
                              _mm512_mul_ps(_mm512_cvtepi32_ps(acc), _mm512_set1_ps(d)));
    }
}

void ternary_amx(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                 size_t tokens, float *y, size_t ldy, void *scratch)
{
    struct job j = { .cols = w->cols, .tokens = round_up(tokens, SIDE) };
    int32_t sums[SIDE][SIDE];

    j.panel = scratch;
    j.x = (int8_t *)(j.panel + j.cols * SIDE);
    j.total = (int32_t *)(void *)(j.x + j.tokens * j.cols);
    copy_tokens(&j, x, tokens);
    tiles_begin();
    for (size_t row = row0; row < row1; row += SIDE) {
        unpack_panel(&j, w, row, row1);
        for (size_t t0 = 0; t0 < tokens; t0 += SIDE) {
            multiply(&j, t0, tokens - t0 > TILE, sums);
            for (size_t t = t0; t < least(tokens, t0 + SIDE); t++)
                store_token(sums[t - t0], j.total[t], x[t].d[0], y + t * ldy + row,
                            least(row1 - row, SIDE));
        }
    }
    _tile_release();
}
