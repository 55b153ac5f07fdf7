/* matmul_amx.c - AMX tiles of BF16: 32 tokens x 32 rows in four tiles, 32 columns a step.
 *
 * int8 tiles do twice as many products a cycle (16 x 16 x 64 in 16), but weights of codes change
 * their scale every 32 columns: there a tile is half full, and its 16 rows of int32 have to be
 * stored, loaded, converted and scaled outside, some 32 instructions on two ports for what takes
 * the tiles 16 cycles.  In BF16 scale and min go into the weight, sums stay in the tile, 1024
 * operations a cycle all through; so that is what all types become, and activations come as floats.
 *
 * For weights of codes both factors are rounded to BF16, an error of 2^-8 each, which in the mean
 * square of an output is a tenth of what int8 activations cost.  For weights of floats each factor
 * is two BF16 values, high and low (BF16 weights one): high x high + high x low + low x high, a
 * third of the rate and still five times the FMA units'.  The tiles take denormal numbers as 0.
 *
 * Its logic is tested against an emulation of the tiles too, on any x86-64. */
#include <immintrin.h>

#include "kernels/gemm/matmul_panel.h"
#include "kernels/gemm/matmul_paths.h"
#include "kernels/gemm/matmul_unpack.h"

enum {
    TILE = 16, /* rows of a tile, and its columns of 4 bytes */
    TILE_BYTES = 4 * TILE,
    DEPTH = 2 * TILE, /* BF16 columns that one step multiplies */
    SIDE = 2 * TILE,  /* tokens and rows of a block of four tiles */
    CHUNK = 256       /* columns decoded at a time: the largest block */
};

typedef uint32_t vuint __attribute__((vector_size(4 * LANES)));
typedef uint16_t vhalf __attribute__((vector_size(2 * LANES)));

/* Palette 1 (Intel SDM volume 1, "Tile configuration"). */
struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

/* One call.  Parts: 1, or 2 with the low halves after the high ones. */
struct job {
    const struct weight *w;
    size_t depth, tokens; /* columns and tokens, rounded up to whole blocks */
    int w_parts, x_parts;
    uint16_t *x;    /* [x_parts][tokens][depth] */
    uint8_t *panel; /* [w_parts][depth / 2][SIDE][2] BF16 */
};

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static size_t panel_bytes(size_t depth)
{
    return depth * SIDE * sizeof(uint16_t);
}

size_t matmul_amx_scratch(size_t cols, size_t tokens)
{
    size_t depth = round_up(cols, DEPTH);

    return 2 * panel_bytes(depth) + 2 * round_up(tokens, SIDE) * depth * sizeof(uint16_t);
}

/* LANES values to BF16, to nearest, halves to even; NaN stays one.  The instruction takes denormals
 * as 0, as the tiles do. */
INLINE vhalf to_bf16(vfloat x)
{
#ifdef __AVX512BF16__
    return (vhalf)_mm512_cvtneps_pbh((__m512)x);
#else
    vuint bits = (vuint)x, rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    vuint nan = (vuint)(x != x);

    return __builtin_convertvector((nan & 0x7fc0) | (~nan & rounded), vhalf);
#endif
}

INLINE vfloat from_bf16(vhalf h)
{
#ifdef __AVX512BF16__
    return (vfloat)_mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)h), 16);
#else
    return (vfloat)(__builtin_convertvector(h, vuint) << 16);
#endif
}

/* LANES codes.  gcc 12 makes of __builtin_convertvector on bytes a move for each. */
INLINE vfloat from_codes(const uint8_t *codes, int offset)
{
#ifdef __AVX512F__
    return to_float((vint)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)codes)) - offset);
#else
    typedef uint8_t vbyte __attribute__((vector_size(LANES)));
    vbyte b;

    memcpy(&b, codes, sizeof(b));
    return to_float(__builtin_convertvector(b, vint) - offset);
#endif
}

/* n values, a multiple of LANES; low: what the high parts leave over, NULL where not wanted. */
INLINE void split(const float *x, size_t n, uint16_t *high, uint16_t *low)
{
    for (size_t i = 0; i < n; i += LANES) {
        vfloat v = load(x + i);
        vhalf h = to_bf16(v);

        memcpy(high + i, &h, sizeof(h));
        if (low) {
            h = to_bf16(v - from_bf16(h));
            memcpy(low + i, &h, sizeof(h));
        }
    }
}

/* The activations, with zeros up to whole blocks. */
static void split_tokens(const struct job *j, const struct act *x, size_t tokens)
{
    size_t whole = j->w->cols / LANES * LANES, rest = j->w->cols - whole;

    memset(j->x, 0, (size_t)j->x_parts * j->tokens * j->depth * sizeof(*j->x));
    for (size_t t = 0; t < tokens; t++) {
        uint16_t *high = j->x + t * j->depth;
        uint16_t *low = j->x_parts > 1 ? high + j->tokens * j->depth : NULL;
        float last[LANES] = { 0 };

        split(x[t].x, whole, high, low);
        if (rest > 0) {
            memcpy(last, x[t].x + whole, rest * sizeof(*last));
            split(last, LANES, high + whole, low ? low + whole : NULL);
        }
    }
}

/* n columns of a row of codes, a multiple of their block, as BF16. */
INLINE void codes_to_bf16(enum dtype t, const uint8_t *src, uint16_t *to, size_t n)
{
    const struct matmul_form *f = matmul_form(t);
    uint8_t codes[CHUNK];
    float scale[CHUNK / 16], min[CHUNK / 16] = { 0 };

    unpack_codes(t, src, codes, n);
    unpack_scales(t, src, scale, min, 1, n);
    for (size_t c = 0; c < n; c += LANES) {
        size_t g = c / (size_t)f->group;
        vhalf w = to_bf16(muladd(from_codes(codes + c, f->offset), all(scale[g]), all(min[g])));

        memcpy(to + c, &w, sizeof(w));
    }
}

/* TILE rows of the matrix into half of the panel; rows from `end` on are zeros. */
static void load_rows(const struct job *j, size_t row, size_t end, int half)
{
    const struct dtype_info *info = dtype_info(j->w->dtype);
    size_t have = row < end ? least(end - row, (size_t)TILE) : 0;
    uint16_t high[TILE][CHUNK], low[TILE][CHUNK];
    float f[CHUNK];

    memset(high, 0, sizeof(high));
    memset(low, 0, sizeof(low));
    for (size_t c = 0; c < j->w->cols; c += CHUNK) {
        size_t n = least(j->w->cols - c, (size_t)CHUNK);
        size_t at = c / (size_t)info->block * (size_t)info->bytes;

        memset(f, 0, sizeof(f));
        for (size_t i = 0; i < have; i++) {
            const uint8_t *src = (const uint8_t *)j->w->data + (row + i) * j->w->row_bytes + at;

            if (matmul_form(j->w->dtype)->group > 0) {
                codes_to_bf16(j->w->dtype, src, high[i], n);
            } else {
                widen(j->w->dtype, src, f, n);
                split(f, CHUNK, high[i], j->w_parts > 1 ? low[i] : NULL);
            }
        }
        n = round_up(n, DEPTH);
        for (int p = 0; p < j->w_parts; p++)
            for (int i = 0; i < TILE; i += LANES)
                interleave((const uint8_t *)(p ? low[i] : high[i]), sizeof(high[0]), n / 2,
                           j->panel + (size_t)p * panel_bytes(j->depth) + 2 * SIDE * c +
                               TILE_BYTES * half + 4 * i,
                           (size_t)(4 * SIDE));
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

/* Tiles 0 to 3 += tokens from t0 on x panel, one part of each, over all columns.  The sums of two
 * tokens' tiles with two of rows; 4 and 5 hold tokens, 6 and 7 rows. */
static void multiply(const struct job *j, size_t t0, int x_part, int w_part)
{
    const uint16_t *x = j->x + ((size_t)x_part * j->tokens + t0) * j->depth;
    const uint8_t *w = j->panel + (size_t)w_part * panel_bytes(j->depth);
    long stride = (long)(j->depth * sizeof(*x));

    for (size_t c = 0; c < j->depth; c += DEPTH, x += DEPTH, w += 4 * SIDE * TILE) {
        _tile_loadd(6, w, 4 * SIDE);
        _tile_loadd(4, x, stride);
        _tile_loadd(5, x + TILE * j->depth, stride);
        _tile_loadd(7, w + TILE_BYTES, 4 * SIDE);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 5, 6);
        _tile_dpbf16ps(2, 4, 7);
        _tile_dpbf16ps(3, 5, 7);
    }
}

/* The panel times SIDE tokens, `rows` and `have` of which are wanted. */
static void block(const struct job *j, size_t t0, size_t have, float *y, size_t ldy, size_t rows)
{
    float sums[SIDE][SIDE];

    /* gcc does not know that tiles are loaded from memory: all of it must have been written. */
    __asm__ volatile("" : : : "memory");
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    multiply(j, t0, 0, 0);
    if (j->x_parts > 1)
        multiply(j, t0, 1, 0);
    if (j->w_parts > 1)
        multiply(j, t0, 0, 1);
    _tile_stored(0, sums[0], sizeof(sums[0]));
    _tile_stored(1, sums[TILE], sizeof(sums[0]));
    _tile_stored(2, &sums[0][TILE], sizeof(sums[0]));
    _tile_stored(3, &sums[TILE][TILE], sizeof(sums[0]));
    for (size_t t = 0; t < have; t++)
        memcpy(y + t * ldy, sums[t], rows * sizeof(*y));
}

void matmul_amx(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                size_t tokens, float *y, size_t ldy, void *scratch)
{
    bool codes = matmul_form(w->dtype)->group > 0;
    struct job j = { .w = w,
                     .depth = round_up(w->cols, DEPTH),
                     .tokens = round_up(tokens, SIDE),
                     .w_parts = codes || w->dtype == DTYPE_BF16 ? 1 : 2,
                     .x_parts = codes ? 1 : 2,
                     .panel = scratch };

    j.x = (uint16_t *)(void *)(j.panel + 2 * panel_bytes(j.depth));
    split_tokens(&j, x, tokens);
    tiles_begin();
    for (size_t row = row0; row < row1; row += SIDE) {
        load_rows(&j, row, row1, 0);
        load_rows(&j, row + TILE, row1, 1);
        for (size_t t = 0; t < tokens; t += SIDE)
            block(&j, t, least(tokens - t, (size_t)SIDE), y + t * ldy + row, ldy,
                  least(row1 - row, (size_t)SIDE));
    }
    _tile_release();
}
