/* matmul_codes_i8mm.c - SMMLA: two rows x two tokens x 8 columns of int8 an instruction.
 *
 * A vector of sums is { row 0 token 0, row 0 token 1, row 1 token 0, row 1 token 1 }.  The panel
 * has pairs of rows, 8 columns of one and then of the other, as the instruction takes them; scales
 * lie as the sums do.  A tile of 6 tokens x 8 rows: 12 sums in int32 and 12 in F32, 4 vectors of
 * codes, 3 of tokens.  The steps of a sum are those of matmul_codes.h. */
#include <arm_neon.h>

#include "kernels/gemm/matmul_panel.h"
#include "kernels/gemm/matmul_paths.h"
#include "kernels/gemm/matmul_unpack.h"

enum {
    ROW_PAIRS = 4,
    TOKEN_PAIRS = 3,
    ROWS = 2 * ROW_PAIRS,
    TOKENS = 2 * TOKEN_PAIRS,
    STEP = 8,   /* columns of an instruction */
    CHUNK = 256 /* columns taken apart at a time: the largest block */
};

struct job {
    const struct matmul_form *form;
    size_t cols, groups, span, spans; /* span: columns that share an activation's scale */
    int8_t *codes;                    /* [cols / STEP][ROWS][STEP] */
    float *scale, *min;               /* [groups][ROWS][2] */
    float *sum, *d;                   /* by tile: [groups][TOKEN_PAIRS][4], [spans] likewise */
};

size_t matmul_codes_i8mm_scratch(size_t cols, size_t tokens)
{
    size_t panel = ROWS * cols, tiles = (tokens + TOKENS - 1) / TOKENS;

    return pad(panel) + pad(2 * panel / 16 * sizeof(float)) + pad(2 * panel / 32 * sizeof(float)) +
           2 * pad(tiles * 2 * TOKENS * (cols / 32) * sizeof(float));
}

static struct job job_of(const struct weight *w, const struct act *x, size_t tokens, void *scratch)
{
    size_t tiles = (tokens + TOKENS - 1) / TOKENS;
    uint8_t *p = scratch;
    struct job j = { .form = matmul_form(w->dtype), .cols = w->cols };

    j.groups = j.cols / (size_t)j.form->group;
    j.span = x->kind == ACT_Q8_32 ? 32 : x->kind == ACT_Q8_256 ? 256 : j.cols;
    j.spans = j.cols / j.span;
    j.codes = (int8_t *)p;
    p += pad(ROWS * j.cols);
    j.scale = (float *)(void *)p;
    p += pad(2 * ROWS * j.groups * sizeof(float));
    j.d = (float *)(void *)p;
    p += pad(tiles * 2 * TOKENS * j.spans * sizeof(float));
    if (j.form->mins) {
        j.min = (float *)(void *)p;
        p += pad(2 * ROWS * j.groups * sizeof(float));
        j.sum = (float *)(void *)p;
    }
    return j;
}

/* A value of a token at its two places in the vectors of its pair. */
static void place(float *pairs, size_t token, float value)
{
    float *v = pairs + token / 2 * 4 + token % 2;

    v[0] = value;
    v[2] = value;
}

/* A tile that is not full repeats its last token. */
static void prepare(const struct job *j, const struct act *x, size_t tokens)
{
    size_t sums = (size_t)j->form->group / 16;

    for (size_t t = 0; t < (tokens + TOKENS - 1) / TOKENS * TOKENS; t++) {
        const struct act *a = &x[least(t, tokens - 1)];
        size_t tile = t / TOKENS, i = t % TOKENS;

        for (size_t s = 0; s < j->spans; s++)
            place(j->d + (tile * j->spans + s) * 2 * TOKENS, i, a->d[s]);
        for (size_t g = 0; j->form->mins && g < j->groups; g++) {
            int32_t sum = 0;

            for (size_t k = 0; k < sums; k++)
                sum += a->sum[g * sums + k];
            place(j->sum + (tile * j->groups + g) * 2 * TOKENS, i, (float)sum);
        }
    }
}

/* Each of n scales of one row twice, where the sums of its two tokens are. */
static void put_scales(float *to, const float *scale, size_t n)
{
    for (size_t g = 0; g < n; g++, to += (size_t)(2 * ROWS))
        to[0] = to[1] = scale[g];
}

/* A row into its place of the panel; one beyond the matrix is zeros. */
static void load_row(const struct job *j, const struct weight *w, size_t row, size_t end, size_t at)
{
    const struct dtype_info *info = dtype_info(w->dtype);
    const uint8_t *src = (const uint8_t *)w->data + row * w->row_bytes;
    size_t group = (size_t)j->form->group;

    for (size_t c = 0; c < j->cols; c += CHUNK) {
        size_t n = least(j->cols - c, (size_t)CHUNK), g = c / group * (size_t)(2 * ROWS) + 2 * at;
        float scale[CHUNK / 16] = { 0 }, min[CHUNK / 16] = { 0 };
        uint8_t codes[CHUNK];

        memset(codes, j->form->offset, sizeof(codes));
        if (row < end) {
            size_t block = c / (size_t)info->block * (size_t)info->bytes;

            unpack_codes(w->dtype, src + block, codes, n);
            unpack_scales(w->dtype, src + block, scale, min, 1, n);
        }
        put_scales(j->scale + g, scale, n / group);
        if (j->form->mins)
            put_scales(j->min + g, min, n / group);
        for (size_t i = 0; i < n; i++)
            codes[i] = (uint8_t)(codes[i] - j->form->offset);
        for (size_t i = 0; i < n; i += STEP)
            memcpy(j->codes + ROWS * (c + i) + STEP * at, codes + i, STEP);
    }
}

/* One group of `columns`, from c on. */
INLINE void dot_group(const struct job *j, const int8_t *const q[TOKENS], size_t c, size_t columns,
                      int32x4_t dot[TOKEN_PAIRS][ROW_PAIRS])
{
    UNROLL
    for (int i = 0; i < TOKEN_PAIRS * ROW_PAIRS; i++)
        dot[i / ROW_PAIRS][i % ROW_PAIRS] = vdupq_n_s32(0);
    for (size_t end = c + columns; c < end; c += STEP) {
        const int8_t *codes = j->codes + ROWS * c;
        int8x16_t w[ROW_PAIRS];

        UNROLL
        for (int r = 0; r < ROW_PAIRS; r++)
            w[r] = vld1q_s8(codes + 2 * STEP * r);
        UNROLL
        for (int t = 0; t < TOKEN_PAIRS; t++) {
            int8x16_t x = vcombine_s8(vld1_s8(q[2 * t] + c), vld1_s8(q[2 * t + 1] + c));

            UNROLL
            for (int r = 0; r < ROW_PAIRS; r++)
                dot[t][r] = vmmlaq_s32(dot[t][r], w[r], x);
        }
    }
}

/* The panel times the tokens of one tile. */
INLINE void tile(const struct job *j, const int8_t *const q[TOKENS], size_t tile, bool mins,
                 float32x4_t y[TOKEN_PAIRS][ROW_PAIRS])
{
    size_t group = (size_t)j->form->group, g = 0;

    memset(y, 0, sizeof(float32x4_t[TOKEN_PAIRS][ROW_PAIRS]));
    for (size_t s = 0; s < j->spans; s++) {
        const float *d = j->d + (tile * j->spans + s) * 2 * TOKENS;
        float32x4_t part[TOKEN_PAIRS][ROW_PAIRS] = { { { 0 } } };

        for (size_t end = g + j->span / group; g < end; g++) {
            const float *scale = j->scale + 2 * ROWS * g;
            int32x4_t dot[TOKEN_PAIRS][ROW_PAIRS];

            dot_group(j, q, g * group, group, dot);
            UNROLL
            for (int i = 0; i < TOKEN_PAIRS * ROW_PAIRS; i++) {
                int t = i / ROW_PAIRS, r = i % ROW_PAIRS;

                part[t][r] =
                    vfmaq_f32(part[t][r], vcvtq_f32_s32(dot[t][r]), vld1q_f32(scale + 4 * r));
                if (mins)
                    part[t][r] =
                        vfmaq_f32(part[t][r], vld1q_f32(j->min + 2 * ROWS * g + 4 * r),
                                  vld1q_f32(j->sum + (tile * j->groups + g) * 2 * TOKENS + 4 * t));
            }
        }
        UNROLL
        for (int i = 0; i < TOKEN_PAIRS * ROW_PAIRS; i++) {
            int t = i / ROW_PAIRS, r = i % ROW_PAIRS;

            y[t][r] = vfmaq_f32(y[t][r], part[t][r], vld1q_f32(d + 4 * t));
        }
    }
}

/* The rows of one token out of the vectors of its pair: even lanes are the first one's. */
static void put_token(const float32x4_t pair[ROW_PAIRS], int second, float *y, size_t rows)
{
    float out[ROWS];

    for (int r = 0; r < ROW_PAIRS; r += 2)
        vst1q_f32(out + 2 * r,
                  second ? vuzp2q_f32(pair[r], pair[r + 1]) : vuzp1q_f32(pair[r], pair[r + 1]));
    memcpy(y, out, rows * sizeof(*y));
}

void matmul_codes_i8mm(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                       size_t tokens, float *y, size_t ldy, void *scratch)
{
    struct job j = job_of(w, x, tokens, scratch);

    prepare(&j, x, tokens);
    for (size_t row = row0; row < row1; row += ROWS) {
        for (size_t i = 0; i < ROWS; i++)
            load_row(&j, w, row + i, row1, i);
        for (size_t t0 = 0; t0 < tokens; t0 += TOKENS) {
            float32x4_t out[TOKEN_PAIRS][ROW_PAIRS];
            const int8_t *q[TOKENS];

            for (size_t t = 0; t < TOKENS; t++)
                q[t] = x[least(t0 + t, tokens - 1)].q;
            if (j.form->mins)
                tile(&j, q, t0 / TOKENS, true, out);
            else
                tile(&j, q, t0 / TOKENS, false, out);
            for (size_t t = 0; t < least(tokens - t0, (size_t)TOKENS); t++)
                put_token(out[t / 2], t % 2, y + (t0 + t) * ldy + row,
                          least(row1 - row, (size_t)ROWS));
        }
    }
}
