/* api_ternary.c - ternary weights of headroom.h on the CPU: rows in blocks of DTYPE_TQ2_64 whose
 * scale is 1, gemv.h's paths, and the rows' own scales behind them. */
#include <headroom.h>
#include <math.h>
#include <string.h>

#include "api/api.h"
#include "core/mem.h"
#include "core/size.h"
#include "host/cpu.h"
#include "kernels/gemv/gemv.h"
#include "kernels/norm/norm.h"
#include "kernels/variant/variant.h"

enum { ALIGN = 64, BLOCK = 64, ROWS_TOGETHER = 4 };

struct headroom_ternary {
    const struct gemv_variant *v;
    struct weight w;
    uint8_t *codes; /* owned, as the others: w.data */
    float *scales;  /* [rows], or NULL: 1 */
    float *norm;    /* [cols], or NULL */
    float *normed;  /* [cols], where there is a norm */
    float eps;
    uint8_t *buffer; /* of act */
    struct act act[GEMV_TOKENS];
    struct pool *pool;
    float *y; /* of the run under way */
    int n;
};

static int check_shape(const struct headroom_ternary_weights *w, struct err *e)
{
    if (w->rows < 1 || w->rows > INT32_MAX || w->cols < BLOCK || w->cols > INT32_MAX ||
        w->cols % BLOCK != 0)
        return ERR(e, ERR_ARG,
                   "%lld rows of %lld weights: expected at least 1, of a multiple of %d each",
                   (long long)w->rows, (long long)w->cols, BLOCK);
    if (!w->codes)
        return ERR(e, ERR_ARG, "codes is NULL");
    if (!(w->eps >= 0) || isinf(w->eps))
        return ERR(e, ERR_ARG, "eps is %g: expected a finite number that is not negative",
                   (double)w->eps);
    if (w->encoding < HEADROOM_TERNARY_2BIT || w->encoding > HEADROOM_TERNARY_INT8)
        return ERR(e, ERR_ARG, "encoding %d: expected a HEADROOM_TERNARY_*", w->encoding);
    for (int64_t r = 0; w->scales && r < w->rows; r++)
        if (!isfinite(w->scales[r]))
            return ERR(e, ERR_ARG, "row %lld: the scale is not finite", (long long)r);
    return 0;
}

/* Code of weight c of a row, or 3 for what is none. */
static unsigned code_at(int encoding, const uint8_t *row, size_t c)
{
    int8_t w;

    if (encoding == HEADROOM_TERNARY_2BIT)
        return row[c / 4] >> 2 * (c % 4) & 3;
    w = (int8_t)row[c];
    return w >= -1 && w <= 1 ? (unsigned)(w + 1) : 3;
}

/* One row of the caller's into TQ2_64. */
static int pack_row(int encoding, const uint8_t *from, size_t cols, uint8_t *to, size_t *bad)
{
    const uint16_t one = f32_to_f16(1);

    for (size_t b = 0; b < cols / BLOCK; b++, to += 18) {
        memset(to, 0, 16);
        for (size_t i = 0; i < BLOCK; i++) {
            const unsigned code = code_at(encoding, from, b * BLOCK + i);

            if (code == 3) {
                *bad = b * BLOCK + i;
                return ERR_FORMAT;
            }
            to[i % 16] = (uint8_t)(to[i % 16] | code << 2 * (i / 16));
        }
        memcpy(to + 16, &one, sizeof(one));
    }
    return 0;
}

static int take_codes(struct headroom_ternary *t, const struct headroom_ternary_weights *w,
                      struct err *e)
{
    const size_t cols = t->w.cols;
    const size_t from_bytes = w->encoding == HEADROOM_TERNARY_2BIT   ? cols / 4
                              : w->encoding == HEADROOM_TERNARY_INT8 ? cols
                                                                     : t->w.row_bytes;

    t->codes = mem_calloc(t->w.rows, t->w.row_bytes);
    if (!t->codes)
        return ERR(e, ERR_NOMEM, "no memory for %zu rows of %zu weights", t->w.rows, cols);
    for (size_t r = 0; r < t->w.rows; r++) {
        const uint8_t *from = (const uint8_t *)w->codes + r * from_bytes;
        uint8_t *to = t->codes + r * t->w.row_bytes;
        size_t bad = 0;

        if (w->encoding == HEADROOM_TERNARY_TQ2_64) {
            if (!dtype_valid(DTYPE_TQ2_64, from, cols))
                return ERR(e, ERR_FORMAT, "row %zu has a code 3, or a scale that is not finite", r);
            memcpy(to, from, from_bytes);
        } else if (pack_row(w->encoding, from, cols, to, &bad) < 0) {
            return ERR(e, ERR_FORMAT, "row %zu, weight %zu: expected -1, 0 or 1 (codes 0, 1, 2)", r,
                       bad);
        }
    }
    t->w.data = t->codes;
    return 0;
}

static float *copy_of(const float *x, size_t n, struct err *e)
{
    float *copy = mem_calloc(n, sizeof(*x));

    if (!copy)
        ERR(e, ERR_NOMEM, "no memory for %zu values", n);
    else
        memcpy(copy, x, n * sizeof(*x));
    return copy;
}

/* What a run needs, so that it allocates nothing. */
static int make_workspace(struct headroom_ternary *t, const struct headroom_ternary_weights *w,
                          struct err *e)
{
    t->eps = w->eps;
    if (w->scales && !(t->scales = copy_of(w->scales, t->w.rows, e)))
        return ERR_NOMEM;
    if (w->norm && !(t->norm = copy_of(w->norm, t->w.cols, e)))
        return ERR_NOMEM;
    if (w->norm && !(t->normed = copy_of(w->norm, t->w.cols, e)))
        return ERR_NOMEM;
    t->buffer = mem_calloc(GEMV_TOKENS * act_bytes(t->v->act, t->w.cols) + ALIGN, 1);
    if (!t->buffer)
        return ERR(e, ERR_NOMEM, "no memory for %d vectors of %zu", GEMV_TOKENS, t->w.cols);
    return 0;
}

static int open_on_cpu(struct headroom_ternary *t, const struct headroom_ternary_weights *w,
                       const struct headroom_ternary_options *o, struct err *e)
{
    int rc = 0;

    t->v = gemv_best(DTYPE_TQ2_64, cpu_here(), o->variant);
    if (!t->v)
        return ERR(e, ERR_NOTSUP, "no variant \"%.40s\" on this CPU", o->variant);
    t->w = (struct weight){ .dtype = DTYPE_TQ2_64,
                            .rows = (size_t)w->rows,
                            .cols = (size_t)w->cols,
                            .row_bytes = dtype_row_bytes(DTYPE_TQ2_64, (size_t)w->cols) };
    TRY(take_codes(t, w, e));
    TRY(make_workspace(t, w, e));
    TRY(api_pool_new(&t->pool, o->threads, e));
out:
    return rc;
}

int headroom_ternary_open(struct headroom_ternary **out, const struct headroom_ternary_weights *w,
                          const struct headroom_ternary_options *options, void *stream)
{
    struct err *e = api_begin();
    struct headroom_ternary *t = NULL;
    int rc = 0;

    if (!out)
        return ERR(e, ERR_ARG, "out is NULL");
    *out = NULL;
    if (!w || !options)
        return ERR(e, ERR_ARG, "%s is NULL", w ? "options" : "weights");
    if (options->flags != 0 || options->reserved != 0)
        return ERR(e, ERR_ARG, "flags %#x, reserved %d: expected 0", options->flags,
                   options->reserved);
    TRY(api_device_check(options->device, e));
    TRY(check_shape(w, e));
    if (options->device != HEADROOM_CPU)
        return ERR(e, ERR_NOTSUP, "ternary products are on the CPU only");
    if (stream)
        return ERR(e, ERR_ARG, "the CPU has no streams");
    t = mem_calloc(1, sizeof(*t));
    if (!t)
        return ERR(e, ERR_NOMEM, "no memory for a handle");
    TRY(open_on_cpu(t, w, options, e));
    *out = t;
out:
    if (rc < 0)
        headroom_ternary_close(t);
    return rc;
}

/* Its share of the rows, for the vectors of t->act. */
static void run_rows(void *arg, int thread)
{
    struct headroom_ternary *t = arg;
    const size_t rows = t->w.rows, n = (size_t)pool_size(t->pool), i = (size_t)thread;
    const size_t groups = (rows + ROWS_TOGETHER - 1) / ROWS_TOGETHER;
    const size_t row0 = groups * i / n * ROWS_TOGETHER;
    size_t row1 = groups * (i + 1) / n * ROWS_TOGETHER;

    if (row1 > rows)
        row1 = rows;
    if (row0 >= row1)
        return;
    t->v->run(&t->w, row0, row1, t->act, t->n, t->y, rows);
    for (int v = 0; t->scales && v < t->n; v++)
        for (size_t r = row0; r < row1; r++)
            t->y[(size_t)v * rows + r] *= t->scales[r];
}

/* Up to GEMV_TOKENS vectors. */
static void run_some(struct headroom_ternary *t, const float *x, float *y, int n)
{
    const size_t cols = t->w.cols, bytes = act_bytes(t->v->act, cols);
    uint8_t *at = t->buffer + (ALIGN - (uintptr_t)t->buffer % ALIGN) % ALIGN;

    for (int v = 0; v < n; v++, x += cols, at += bytes) {
        if (t->norm)
            norm_best(cpu_here(), NULL)->rms(x, t->norm, t->eps, t->normed, cols);
        act_quantize(t->v->act, t->norm ? t->normed : x, cols, at, &t->act[v]);
    }
    t->y = y;
    t->n = n;
    pool_run(t->pool, run_rows, t);
}

int headroom_ternary_run(struct headroom_ternary *t, const float *x, float *y, int64_t n,
                         void *stream)
{
    struct err *e = api_begin();

    if (!t)
        return ERR(e, ERR_ARG, "the handle is NULL");
    if (n < 0 || (n > 0 && (!x || !y)))
        return ERR(e, ERR_ARG, "%lld vectors%s: expected 0 or more, and where they are",
                   (long long)n,
                   !x   ? ", x is NULL"
                   : !y ? ", y is NULL"
                        : "");
    if (stream)
        return ERR(e, ERR_ARG, "the CPU has no streams");
    for (int64_t i = 0; i < n; i += GEMV_TOKENS)
        run_some(t, x + (size_t)i * t->w.cols, y + (size_t)i * t->w.rows,
                 n - i < GEMV_TOKENS ? (int)(n - i) : GEMV_TOKENS);
    return 0;
}

const char *headroom_ternary_variant(const struct headroom_ternary *t)
{
    return t ? t->v->name : NULL;
}

void headroom_ternary_close(struct headroom_ternary *t)
{
    if (!t)
        return;
    pool_free(t->pool);
    mem_free(t->buffer);
    mem_free(t->normed);
    mem_free(t->norm);
    mem_free(t->scales);
    mem_free(t->codes);
    mem_free(t);
}

const char *headroom_ternary_variant_name(int device, int i)
{
    const struct cpu_info *cpu = cpu_here();
    const struct gemv_variant *scalar = NULL;
    int n, found = 0;
    const struct gemv_variant *v = gemv_variants(&n);

    for (int k = 0; device == HEADROOM_CPU && i >= 0 && k < n; k++) {
        if (v[k].dtype != DTYPE_TQ2_64 || !variant_runs(v[k].needs, cpu))
            continue;
        if (v[k].needs == 0)
            scalar = &v[k];
        else if (found++ == i)
            return v[k].name;
    }
    return scalar && found == i ? scalar->name : NULL;
}
