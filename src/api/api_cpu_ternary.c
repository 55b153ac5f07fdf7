/* api_cpu_ternary.c - ternary weights of headroom.h on the CPU: ternary.h's paths, each thread with
 * a share of the rows. */
#include "api/api_cpu_ternary.h"

#include <math.h>
#include <string.h>

#include "api/api.h"
#include "core/mem.h"
#include "host/cpu.h"
#include "kernels/ternary/ternary_convert.h"
#include "kernels/variant/variant.h"

/* SHARE: a multiple of every variant's rows.  TOGETHER: vectors, as many as AMX likes. */
enum { ALIGN = 64, SHARE = 32, TOGETHER = 64 };

struct api_cpu_ternary {
    struct ternary m;                         /* owned */
    float *norm;                              /* owned: [cols], or NULL */
    const struct ternary_variant *few, *many; /* for less than GEMV_TOKENS vectors, and for more */
    float eps;
    void *owned; /* vectors, then each thread's scratch */
    uint8_t *vectors, *scratch;
    size_t vector_bytes, scratch_bytes;
    struct act act[TOGETHER];
    struct pool *pool;
    const float *x; /* of the run under way, as what follows: [n][cols] */
    float *y;
    size_t n;
};

/* ---- the caller's encodings */

/* Code of weight c of a row, or 3 for what is none. */
static unsigned code_at(int encoding, const uint8_t *row, size_t c)
{
    int8_t w;

    if (encoding == HEADROOM_TERNARY_2BIT)
        return row[c / 4] >> 2 * (c % 4) & 3;
    w = (int8_t)row[c];
    return w >= -1 && w <= 1 ? (unsigned)(w + 1) : 3;
}

static int take_codes(struct ternary *out, const struct headroom_ternary_weights *w, struct err *e)
{
    const size_t cols = (size_t)w->cols;
    const size_t row_bytes = w->encoding == HEADROOM_TERNARY_2BIT ? cols / 4 : cols;
    int rc = 0;

    TRY(ternary_make(out, (size_t)w->rows, cols, e));
    for (size_t r = 0; r < (size_t)w->rows; r++)
        for (size_t c = 0; c < cols; c++) {
            const unsigned code =
                code_at(w->encoding, (const uint8_t *)w->codes + r * row_bytes, c);

            if (code == 3)
                return ERR(e, ERR_FORMAT,
                           "row %zu, weight %zu: expected -1, 0 or 1 (codes 0, 1, 2)", r, c);
            ternary_set(out, r, c, (int)code - 1);
        }
out:
    return rc;
}

int api_cpu_ternary_take(struct ternary *out, const struct headroom_ternary_weights *w,
                         struct err *e)
{
    const struct weight blocks = { .dtype = DTYPE_TQ2_64,
                                   .rows = (size_t)w->rows,
                                   .cols = (size_t)w->cols,
                                   .row_bytes = dtype_row_bytes(DTYPE_TQ2_64, (size_t)w->cols),
                                   .data = w->codes };
    int rc = 0;

    *out = (struct ternary){ .owned = NULL };
    if (w->encoding == HEADROOM_TERNARY_TQ2_64)
        TRY(ternary_from_blocks(out, &blocks, e));
    else
        TRY(take_codes(out, w, e));
    for (size_t r = 0; w->scales && r < out->w.rows; r++)
        out->scale[r] *= w->scales[r];
    TRY(ternary_check(out, e)); /* scales whose product is not finite */
out:
    if (rc < 0)
        ternary_release(out);
    return rc;
}

/* ---- a handle */

static size_t pad(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static int choose(struct api_cpu_ternary *t, const char *name, struct err *e)
{
    t->few = ternary_best(cpu_here(), name, 1);
    t->many = ternary_best(cpu_here(), name, TOGETHER);
    if (!t->few || !t->many)
        return ERR(e, ERR_NOTSUP, "no variant \"%.40s\" on this CPU", name ? name : "");
    return 0;
}

/* What a run needs, so that it allocates nothing. */
static int make_workspace(struct api_cpu_ternary *t, const float *norm, struct err *e)
{
    const size_t cols = t->m.w.cols, threads = (size_t)pool_size(t->pool);
    const size_t few = ternary_scratch(t->few, cols, GEMV_TOKENS - 1);
    const size_t many = ternary_scratch(t->many, cols, TOGETHER);

    t->vector_bytes = pad(ternary_vector_bytes(cols));
    t->scratch_bytes = pad(few > many ? few : many);
    t->owned = mem_calloc(TOGETHER * t->vector_bytes + threads * t->scratch_bytes + ALIGN, 1);
    if (norm)
        t->norm = mem_calloc(cols, sizeof(*norm));
    if (!t->owned || (norm && !t->norm))
        return ERR(e, ERR_NOMEM, "no memory for vectors of %zu and %zu threads", cols, threads);
    if (norm)
        memcpy(t->norm, norm, cols * sizeof(*norm));
    t->vectors = (uint8_t *)t->owned + (-(uintptr_t)t->owned & (ALIGN - 1));
    t->scratch = t->vectors + TOGETHER * t->vector_bytes;
    return 0;
}

int api_cpu_ternary_open(struct api_cpu_ternary **out, struct ternary *m, const float *norm,
                         float eps, const struct headroom_ternary_options *o, struct err *e)
{
    struct api_cpu_ternary *t = mem_calloc(1, sizeof(*t));
    int rc = 0;

    *out = NULL;
    if (!t)
        return ERR(e, ERR_NOMEM, "no memory for a handle");
    t->m = *m;
    t->eps = eps;
    TRY(choose(t, o->variant, e)); /* before there are threads: they inherit the use of AMX */
    TRY(api_pool_new(&t->pool, o->threads, e));
    TRY(make_workspace(t, norm, e));
    *m = (struct ternary){ .owned = NULL };
    *out = t;
out:
    if (rc < 0) {
        t->m = (struct ternary){ .owned = NULL }; /* the caller's still */
        api_cpu_ternary_close(t);
    }
    return rc;
}

/* Its share of the vectors, then, when all are there, of the rows. */
static void run_thread(void *arg, int thread)
{
    struct api_cpu_ternary *t = arg;
    const size_t rows = t->m.w.rows, n = (size_t)pool_size(t->pool), i = (size_t)thread;
    const size_t shares = (rows + SHARE - 1) / SHARE;
    const size_t row0 = shares * i / n * SHARE;
    size_t row1 = shares * (i + 1) / n * SHARE;

    row1 = row1 < rows ? row1 : rows;
    for (size_t k = i; k < t->n; k += n)
        ternary_quantize(t->x + k * t->m.w.cols, t->norm, t->eps, TERNARY_FUSED, t->m.w.cols,
                         t->vectors + k * t->vector_bytes, &t->act[k]);
    pool_barrier(t->pool);
    if (row0 < row1)
        ternary_run(t->n < GEMV_TOKENS ? t->few : t->many, &t->m, row0, row1, t->act, t->n, t->y,
                    rows, t->scratch + i * t->scratch_bytes);
}

void api_cpu_ternary_run(struct api_cpu_ternary *t, const float *x, float *y, int64_t n)
{
    for (int64_t done = 0; done < n; done += TOGETHER) {
        t->x = x + (size_t)done * t->m.w.cols;
        t->y = y + (size_t)done * t->m.w.rows;
        t->n = n - done < TOGETHER ? (size_t)(n - done) : TOGETHER;
        pool_run(t->pool, run_thread, t);
    }
}

const char *api_cpu_ternary_name(const struct api_cpu_ternary *t)
{
    return t->few->name;
}

void api_cpu_ternary_close(struct api_cpu_ternary *t)
{
    if (!t)
        return;
    pool_free(t->pool);
    ternary_release(&t->m);
    mem_free(t->norm);
    mem_free(t->owned);
    mem_free(t);
}

/* Variant i of those that this CPU can run, the scalar one last. */
const char *api_cpu_ternary_variant(int i)
{
    int n;
    const struct ternary_variant *v = ternary_variants(&n);

    for (int k = VARIANT_SCALAR + 1; k <= n; k++)
        if (ternary_best(cpu_here(), v[k % n].name, TOGETHER) && i-- == 0)
            return v[k % n].name;
    return NULL;
}
