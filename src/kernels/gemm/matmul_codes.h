/* matmul_codes.h - the tiled path for weights of codes, with int8 activations.
 *
 * For a file of one instruction set to include (matmul_simd.h).  Within a group of columns that
 * share a scale the products add up in int32, which starts from -offset x the group's sum of
 * activations where codes are unsigned; then
 *   part += scale * dot + min * sum      for the groups that share an activation's scale d,
 *   y    += d * part.
 * All tokens and rows take the same steps, also the ones that only fill up a tile: so an output's
 * bits depend on nothing else. */
#ifndef KERNELS_GEMM_MATMUL_CODES_H
#define KERNELS_GEMM_MATMUL_CODES_H

#include "kernels/gemm/matmul_panel.h"
#include "kernels/gemm/matmul_unpack.h"

enum {
    CODE_ROWS = LANES * CODE_VECTORS, /* of a panel */
    CHUNK = 256                       /* columns taken apart at a time: the largest block */
};

/* What one call works with. */
struct job {
    const struct matmul_form *form;
    size_t cols, groups, spans; /* columns; those that share a scale; an activation's scale */
    uint8_t *codes;             /* [cols / 4][CODE_ROWS][4] */
    float *scale, *min;         /* [groups][CODE_ROWS] */
    /* By tile of tokens: [groups][CODE_TOKENS], [groups][CODE_TOKENS], [spans][CODE_TOKENS] */
    int32_t *start;
    float *sum, *d;
};

/* No group is smaller than 16 columns, or than 32 where there are mins. */
INLINE size_t codes_scratch(size_t cols, size_t tokens)
{
    size_t padded = tokens + CODE_TOKENS;

    return pad(CODE_ROWS * cols) + pad(CODE_ROWS * cols / 16 * sizeof(float)) +
           pad(CODE_ROWS * cols / 32 * sizeof(float)) + pad(padded * cols / 16 * sizeof(int32_t)) +
           2 * pad(padded * cols / 32 * sizeof(float));
}

INLINE size_t span_of(const struct act *x)
{
    if (x->kind == ACT_Q8_32)
        return 32;
    return x->kind == ACT_Q8_256 ? 256 : x->cols;
}

INLINE struct job job_of(const struct weight *w, const struct act *x, size_t tokens, void *scratch)
{
    size_t padded = tokens + CODE_TOKENS;
    uint8_t *p = (uint8_t *)scratch;
    struct job j;

    j.form = matmul_form(w->dtype);
    j.cols = w->cols;
    j.min = j.sum = NULL;
    j.groups = w->cols / (size_t)j.form->group;
    j.spans = w->cols / span_of(x);
    j.codes = p;
    p += pad(CODE_ROWS * j.cols);
    j.scale = (float *)(void *)p;
    p += pad(CODE_ROWS * j.groups * sizeof(float));
    j.start = (int32_t *)(void *)p;
    p += pad(padded * j.groups * sizeof(int32_t));
    j.d = (float *)(void *)p;
    p += pad(padded * j.spans * sizeof(float));
    if (!j.form->mins)
        return j;
    j.min = (float *)(void *)p;
    p += pad(CODE_ROWS * j.groups * sizeof(float));
    j.sum = (float *)(void *)p;
    return j;
}

/* The tokens' side of the sums, which all panels share.  A tile that is not full repeats its last
 * token. */
INLINE void prepare(const struct job *j, const struct act *x, size_t tokens)
{
    size_t sums = (size_t)j->form->group / 16;

    for (size_t t = 0; t < (tokens + CODE_TOKENS - 1) / CODE_TOKENS * CODE_TOKENS; t++) {
        const struct act *a = &x[least(t, tokens - 1)];
        size_t tile = t / CODE_TOKENS, i = t % CODE_TOKENS;

        for (size_t g = 0; g < j->groups; g++) {
            size_t at = (tile * j->groups + g) * CODE_TOKENS + i;
            int32_t sum = 0;

            for (size_t k = 0; k < sums; k++)
                sum += a->sum[g * sums + k];
            j->start[at] = j->form->max > CODE_UNSIGNED ? 0 : -j->form->offset * sum;
            if (j->form->mins)
                j->sum[at] = (float)sum;
        }
        for (size_t s = 0; s < j->spans; s++)
            j->d[(tile * j->spans + s) * CODE_TOKENS + i] = a->d[s];
    }
}

/* LANES rows into lanes of the panel: those of the matrix, then zeros. */
INLINE void load_rows(const struct job *j, const struct weight *w, size_t row, size_t end, int lane)
{
    size_t have = row < end ? least(end - row, (size_t)LANES) : 0,
           block = (size_t)dtype_info(w->dtype)->block;
    size_t chunk = CHUNK, group = (size_t)j->form->group;
    uint8_t codes[LANES][CHUNK];

    memset(codes, 0, sizeof(codes));
    for (size_t c = 0; c < j->cols; c += chunk) {
        size_t n = least(j->cols - c, chunk), at = c / group * CODE_ROWS + (size_t)lane;
        size_t from = row * w->row_bytes + c / block * (size_t)dtype_info(w->dtype)->bytes;

        for (size_t i = 0; i < have; i++, from += w->row_bytes) {
            const uint8_t *src = (const uint8_t *)w->data + from;

            unpack_codes(w->dtype, src, codes[i], n);
            unpack_scales(w->dtype, src, j->scale + at + i, j->form->mins ? j->min + at + i : NULL,
                          CODE_ROWS, n);
            if (j->form->max > CODE_UNSIGNED)
                for (size_t k = 0; k < n; k++)
                    codes[i][k] = (uint8_t)(codes[i][k] - j->form->offset);
        }
        for (size_t i = have; i < LANES; i++)
            for (size_t g = 0; g < n / group; g++) {
                j->scale[at + i + g * CODE_ROWS] = 0;
                if (j->form->mins)
                    j->min[at + i + g * CODE_ROWS] = 0;
            }
        interleave(codes[0], CHUNK, n / 4, j->codes + CODE_ROWS * c + 4 * (size_t)lane,
                   (size_t)(4 * CODE_ROWS));
    }
}

/* How many sums of two products of codes up to `max` with up to 127 fit int16, as a power of 2 and
 * no more than the group has. */
INLINE int chain_of(int max, int steps)
{
    int chain = 1;

    if (!CHAINS)
        return steps;
    while (max <= CODE_UNSIGNED && chain < steps && 2 * chain * (2 * 127 * max) <= INT16_MAX)
        chain *= 2;
    return chain;
}

/* Steps s0 .. s0 + n - 1, of 4 columns each, added to dot[t][v]. */
INLINE void dot_steps(const uint8_t *codes, const int8_t *const q[CODE_TOKENS], size_t c, int s0,
                      int n, int max, vint dot[CODE_TOKENS][CODE_VECTORS])
{
    UNROLL
    for (int s = s0; s < s0 + n; s++) {
        vint w[CODE_VECTORS];

        UNROLL
        for (int v = 0; v < CODE_VECTORS; v++)
            w[v] = load_int(codes + (size_t)(4 * (CODE_ROWS * s + LANES * v)));
        UNROLL
        for (int t = 0; t < CODE_TOKENS; t++) {
            UNROLL
            for (int v = 0; v < CODE_VECTORS; v++)
                dot[t][v] = dot4(dot[t][v], w[v], q[t] + c + (size_t)(s / 4 * 16), s % 4, max);
        }
    }
}

/* One group: dot[t][v] of `steps` x 4 columns from column c on. */
INLINE void dot_group(const struct job *j, const int8_t *const q[CODE_TOKENS], size_t c, int steps,
                      int max, const int32_t *start, vint dot[CODE_TOKENS][CODE_VECTORS])
{
    const uint8_t *codes = j->codes + CODE_ROWS * c;
    int chain = chain_of(max, steps);

    UNROLL
    for (int i = 0; i < CODE_TOKENS * CODE_VECTORS; i++)
        dot[i / CODE_VECTORS][i % CODE_VECTORS] = all_int(start[i / CODE_VECTORS]);
    if (!CHAINS) {
        dot_steps(codes, q, c, 0, steps, max, dot);
        return;
    }
    for (int s = 0; s < steps; s += chain) {
        vint sum[CODE_TOKENS][CODE_VECTORS] = { { { 0 } } };

        dot_steps(codes, q, c, s, chain, max, sum);
        UNROLL
        for (int i = 0; i < CODE_TOKENS * CODE_VECTORS; i++)
            dot[i / CODE_VECTORS][i % CODE_VECTORS] = end_chain(
                dot[i / CODE_VECTORS][i % CODE_VECTORS], sum[i / CODE_VECTORS][i % CODE_VECTORS]);
    }
}

/* The tokens of a tile: their codes, and those of the tile after it. */
struct tokens {
    size_t tile;
    const int8_t *q[CODE_TOKENS], *next[CODE_TOKENS];
};

/* Fetch this group's columns of the next tile: its rows are too short for the CPU to see a stream
 * in them. */
INLINE void fetch_next(const struct tokens *x, size_t c, size_t group)
{
    UNROLL
    for (int t = 0; t < CODE_TOKENS; t++)
        for (size_t i = 0; i < group; i += 64)
            __builtin_prefetch(x->next[t] + c + i);
}

/* The panel times the tokens of one tile.  steps: 4 columns each, in a group; per_span: groups that
 * share an activation's scale. */
INLINE void tile(const struct job *j, const struct tokens *x, int steps, size_t per_span, int max,
                 bool mins, vfloat y[CODE_TOKENS][CODE_VECTORS])
{
    size_t group = 4 * (size_t)steps, g = 0;

    memset(y, 0, sizeof(vfloat[CODE_TOKENS][CODE_VECTORS]));
    for (size_t s = 0; s < j->spans; s++) {
        const float *d = j->d + (x->tile * j->spans + s) * CODE_TOKENS;
        vfloat part[CODE_TOKENS][CODE_VECTORS] = { { { 0 } } };

        for (size_t end = g + per_span; g < end; g++) {
            size_t at = (x->tile * j->groups + g) * CODE_TOKENS;
            const float *scale = j->scale + g * CODE_ROWS,
                        *min = j->min + (mins ? g * CODE_ROWS : 0);
            vint dot[CODE_TOKENS][CODE_VECTORS];

            fetch_next(x, g * group, group);
            dot_group(j, x->q, g * group, steps, max, j->start + at, dot);
            UNROLL
            for (int i = 0; i < CODE_TOKENS * CODE_VECTORS; i++) {
                int t = i / CODE_VECTORS, v = i % CODE_VECTORS;

                part[t][v] = muladd(to_float(dot[t][v]), load(scale + LANES * v), part[t][v]);
                if (mins)
                    part[t][v] =
                        muladd(load(min + LANES * v), all(j->sum[at + (size_t)t]), part[t][v]);
            }
        }
        UNROLL
        for (int i = 0; i < CODE_TOKENS * CODE_VECTORS; i++) {
            int t = i / CODE_VECTORS, v = i % CODE_VECTORS;

            y[t][v] = muladd(part[t][v], all(d[t]), y[t][v]);
        }
    }
}

/* The panel times all tokens. */
INLINE void tiles(const struct job *j, const struct act *x, size_t tokens, int steps,
                  size_t per_span, int max, bool mins, float *y, size_t ldy, size_t rows)
{
    for (size_t t0 = 0; t0 < tokens; t0 += CODE_TOKENS) {
        size_t have = least(tokens - t0, (size_t)CODE_TOKENS);
        vfloat out[CODE_TOKENS][CODE_VECTORS];
        struct tokens here;

        here.tile = t0 / CODE_TOKENS;
        for (size_t t = 0; t < CODE_TOKENS; t++) {
            here.q[t] = x[least(t0 + t, tokens - 1)].q;
            here.next[t] = x[least(t0 + t + CODE_TOKENS, tokens - 1)].q;
        }
        for (size_t t = 0; t < have; t++)
            fetch_output(y + (t0 + t) * ldy, rows);
        tile(j, &here, steps, per_span, max, mins, out);
        for (size_t t = 0; t < have; t++)
            put(y + (t0 + t) * ldy, out[t], CODE_VECTORS, rows);
    }
}

/* One function a shape of the sums, so that its loops have constant bounds. */
typedef void tiles_fn(const struct job *j, const struct act *x, size_t tokens, float *y, size_t ldy,
                      size_t rows);

#define TILES(name, steps, per_span, max, mins)                                         \
    static void name(const struct job *j, const struct act *x, size_t tokens, float *y, \
                     size_t ldy, size_t rows)                                           \
    {                                                                                   \
        tiles(j, x, tokens, steps, per_span, max, mins, y, ldy, rows);                  \
    }
TILES(tiles_q4, 8, 1, 15, false)
TILES(tiles_q4_min, 8, 1, 15, true)
TILES(tiles_q5, 8, 1, 31, false)
TILES(tiles_q5_min, 8, 1, 31, true)
TILES(tiles_q8, 8, 1, 255, false)
TILES(tiles_q4_k, 8, 8, 15, true)
TILES(tiles_q5_k, 8, 8, 31, true)
TILES(tiles_q6_k, 4, 16, 63, false)
TILES(tiles_ternary_64, 16, j->groups, 3, false)
TILES(tiles_ternary_256, 64, j->groups, 3, false)
#undef TILES

static tiles_fn *tiles_of(enum dtype t)
{
    switch (t) {
    case DTYPE_Q4_0: return tiles_q4;
    case DTYPE_Q4_1: return tiles_q4_min;
    case DTYPE_Q5_0: return tiles_q5;
    case DTYPE_Q5_1: return tiles_q5_min;
    case DTYPE_Q8_0: return tiles_q8;
    case DTYPE_Q4_K: return tiles_q4_k;
    case DTYPE_Q5_K: return tiles_q5_k;
    case DTYPE_Q6_K: return tiles_q6_k;
    case DTYPE_TQ2_64: return tiles_ternary_64;
    case DTYPE_TQ1_0:
    case DTYPE_TQ2_0: return tiles_ternary_256;
    case DTYPE_F32:
    case DTYPE_F16:
    case DTYPE_BF16:
    case DTYPES: break;
    }
    return NULL;
}

static void run_codes(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                      size_t tokens, float *y, size_t ldy, void *scratch)
{
    struct job j = job_of(w, x, tokens, scratch);
    tiles_fn *run = tiles_of(w->dtype);

    prepare(&j, x, tokens);
    for (size_t row = row0; row < row1; row += CODE_ROWS) {
        for (int v = 0; v < CODE_VECTORS; v++)
            load_rows(&j, w, row + (size_t)(LANES * v), row1, LANES * v);
        run(&j, x, tokens, y + row, ldy, least(row1 - row, (size_t)CODE_ROWS));
    }
}

#endif
