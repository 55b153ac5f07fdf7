/* matmul_parity.h - every code path of the matrix product: against F64, exact in its integers, the
 * same bits however a call is cut, and within the error that rounded factors may cost.  For the
 * tests of test_matmul.c and of emulated paths. */
#ifndef MATMUL_PARITY_H
#define MATMUL_PARITY_H

#include "core/rng.h"
#include "kernel_parity.h"
#include "kernels/gemm/matmul.h"
#include "kernels/gemm/matmul_form.h"
#include "kernels/gemm/matmul_reference.h"

/* Features to test for, and (not NULL) the only path. */
static uint64_t matmul_have;
static const char *matmul_only;
static unsigned matmul_inputs =
    HEADROOM_INSTRUMENTED ? 1 << PARITY_RANDOM | 1 << PARITY_NAN : PARITY_ALL;

PARITY_FN bool matmul_tested(const struct matmul_variant *v)
{
    return (v->needs & ~matmul_have) == 0 && (!matmul_only || strcmp(matmul_only, v->name) == 0);
}

/* rows, cols, tokens, floats between the rows of y and the next */
enum { ROWS, COLS, TOKENS, GAP };

/* cols are rounded up to the type's block. */
static const struct parity_shape shapes[] = {
    { "one", { 1, 32, 1, 0 }, 0 },          { "tail", { 33, 96, 7, 3 }, 0 },
    { "misaligned", { 48, 160, 6, 5 }, 2 }, { "narrow", { 17, 257, 9, 0 }, 0 },
    { "odd", { 71, 736, 13, 1 }, 0 },       { "long", { 2, 2816, 2, 0 }, 0 },
    { "square", { 40, 64, 40, 0 }, 0 },
};

/* An emulator or a sanitizer takes ten times as long for each. */
enum { MATMUL_SHAPES = HEADROOM_INSTRUMENTED ? 4 : sizeof(shapes) / sizeof(shapes[0]) };

/* One call: a matrix, its tokens and what comes out. */
struct call {
    struct weight w;
    size_t tokens, ldy;
    struct parity_buffer data, x, act, scratch, y;
    struct act *a;
};

static size_t cols_of(enum dtype t, size_t cols)
{
    size_t block = (size_t)dtype_info(t)->block;

    return (cols + block - 1) / block * block;
}

/* Room for a call.  The values are the caller's. */
static struct call call_new(const struct matmul_variant *v, const struct parity_shape *s)
{
    struct call c = { .tokens = s->dim[TOKENS], .ldy = s->dim[ROWS] + s->dim[GAP] };
    size_t cols = cols_of(v->dtype, s->dim[COLS]);
    size_t act = (act_bytes(v->act, cols) + 63) / 64 * 64, scratch = v->scratch(cols, c.tokens);

    c.w = (struct weight){ v->dtype, s->dim[ROWS], cols, dtype_row_bytes(v->dtype, cols), NULL };
    c.data = parity_new(c.w.rows * c.w.row_bytes, s->gap);
    c.w.data = c.data.p;
    c.x = parity_new(c.tokens * cols * sizeof(float), 0);
    c.act = parity_new(act * c.tokens + 64, 0);
    c.scratch = parity_new((scratch + 63) / 64 * 64, 0);
    c.y = parity_new((c.tokens - 1) * c.ldy * sizeof(float) + c.w.rows * sizeof(float), s->gap * 2);
    c.a = calloc(c.tokens, sizeof(*c.a));
    return c;
}

static void call_free(struct call *c, const struct parity_case *pc, struct parity_report *r)
{
    parity_free(&c->data, pc, r);
    parity_free(&c->x, pc, r);
    parity_free(&c->act, pc, r);
    parity_free(&c->scratch, pc, r);
    parity_free(&c->y, pc, r);
    free(c->a);
}

static void call_weights(struct call *c, uint64_t seed)
{
    float *f = calloc(c->w.cols, sizeof(*f));

    for (size_t r = 0; r < c->w.rows; r++) {
        parity_fill(f, c->w.cols, PARITY_RANDOM, seed, r + 1);
        dtype_from_f32(c->w.dtype, f, (uint8_t *)c->data.p + r * c->w.row_bytes, c->w.cols);
    }
    free(f);
}

static void call_tokens(struct call *c, enum act_kind kind, enum parity_input input, uint64_t seed)
{
    size_t bytes = (act_bytes(kind, c->w.cols) + 63) / 64 * 64;
    uintptr_t at = ((uintptr_t)c->act.p + 63) / 64 * 64;

    for (size_t t = 0; t < c->tokens; t++) {
        float *x = (float *)c->x.p + t * c->w.cols;

        parity_fill(x, c->w.cols, input, seed, 1000 + t);
        act_quantize(kind, x, c->w.cols, (void *)(at + t * bytes), &c->a[t]);
    }
}

/* In panels of the variant, as an engine's threads do it. */
static void call_run(struct call *c, const struct matmul_variant *v)
{
    memset(c->y.p, 0xff, c->y.bytes);
    v->run(&c->w, 0, c->w.rows, c->a, c->tokens, c->y.p, c->ldy, c->scratch.p);
}

static size_t span_of(const struct act *a)
{
    return a->kind == ACT_Q8_32 ? 32 : a->kind == ACT_Q8_256 ? 256 : a->cols;
}

/* Every output against F64. */
static void compare(struct call *c, float factor_error, const struct parity_case *pc,
                    struct parity_report *r)
{
    float *buffer = calloc(c->w.cols, sizeof(*buffer));
    double *want = calloc(c->tokens, sizeof(*want)), *bound = calloc(c->tokens, sizeof(*bound));

    for (size_t i = 0; i < c->w.rows; i++) {
        matmul_reference(&c->w, i, c->a, c->tokens, factor_error, want, bound, buffer);
        for (size_t t = 0; t < c->tokens; t++)
            parity_values(pc, r, (float *)c->y.p + t * c->ldy + i, &want[t], &bound[t], 1);
    }
    free(buffer);
    free(want);
    free(bound);
}

/* What lies between the rows of y is not ours to write. */
static long gaps_written(const struct call *c)
{
    long n = 0;

    for (size_t t = 0; t + 1 < c->tokens; t++)
        for (size_t i = c->w.rows; i < c->ldy; i++) {
            uint32_t bits;

            memcpy(&bits, (float *)c->y.p + t * c->ldy + i, sizeof(bits));
            n += bits != 0xffffffff;
        }
    return n;
}

static void run_variant(const struct matmul_variant *v, const struct parity_case *pc,
                        struct parity_report *r)
{
    struct call c = call_new(v, pc->shape);

    call_weights(&c, pc->seed);
    call_tokens(&c, v->act, pc->input, pc->seed);
    call_run(&c, v);
    compare(&c, v->factor_error, pc, r);
    r->wrong += gaps_written(&c);
    call_free(&c, pc, r);
}

static const struct matmul_variant *table;

static void parity_run(int v, const struct parity_case *pc, struct parity_report *r)
{
    run_variant(&table[v], pc, r);
}

static const char *variant_name(int v)
{
    static char name[64];

    snprintf(name, sizeof(name), "%s %s", table[v].name, dtype_info(table[v].dtype)->name);
    return name;
}

static uint64_t variant_needs(int v)
{
    return matmul_tested(&table[v]) ? 0 : ~(uint64_t)0;
}

/* ---- variants that are wrong on purpose */

/* The last 32 columns are left out. */
static void forgets_tail(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                         size_t tokens, float *y, size_t ldy, void *scratch)
{
    const struct matmul_variant *v = matmul_best(w->dtype, cpu_here(), NULL);
    struct weight less = *w;
    struct act cut[64];

    less.cols -= 32;
    for (size_t t = 0; t < tokens; t++) {
        cut[t] = x[t];
        cut[t].cols -= 32;
    }
    v->run(&less, row0, row1, cut, tokens, y, ldy, scratch);
}

/* Each token gets what its neighbour is due. */
static void mixes_tokens(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                         size_t tokens, float *y, size_t ldy, void *scratch)
{
    const struct matmul_variant *v = matmul_best(w->dtype, cpu_here(), NULL);

    v->run(w, row0, row1, x, tokens, y, ldy, scratch);
    if (tokens > 1)
        memcpy(y, y + ldy, (row1 - row0) * sizeof(*y));
}

/* One element too many. */
static void writes_gap(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                       size_t tokens, float *y, size_t ldy, void *scratch)
{
    const struct matmul_variant *v = matmul_best(w->dtype, cpu_here(), NULL);

    v->run(w, row0, row1, x, tokens, y, ldy, scratch);
    if (ldy > w->rows && tokens > 1)
        y[w->rows] = 0;
}

typedef void run_fn(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                    size_t tokens, float *y, size_t ldy, void *scratch);

static const struct {
    const char *name;
    run_fn *run;
} wrong[] = { { "forgets the tail", forgets_tail },
              { "mixes tokens", mixes_tokens },
              { "writes a gap", writes_gap } };

static const char *wrong_name(int v)
{
    return wrong[v].name;
}

static uint64_t wrong_needs(int v)
{
    (void)v;
    return 0;
}

static void wrong_run(int i, const struct parity_case *pc, struct parity_report *r)
{
    struct matmul_variant v = *matmul_best(DTYPE_Q4_1, cpu_here(), NULL);

    if (pc->shape->dim[COLS] <= 32)
        return;
    v.run = wrong[i].run;
    run_variant(&v, pc, r);
}

PARITY_FN void test_parity(void)
{
    int n;
    struct parity_op op = { .name = "matmul",
                            .shapes = shapes,
                            .n_shapes = MATMUL_SHAPES,
                            .inputs = matmul_inputs,
                            .variant = variant_name,
                            .needs = variant_needs,
                            .run = parity_run };

    table = matmul_variants(&n);
    op.n_variants = n;
    parity_walk(&op);
}

PARITY_FN void test_wrong(void)
{
    const struct parity_op op = { .name = "matmul",
                                  .shapes = shapes,
                                  .n_shapes = MATMUL_SHAPES,
                                  .inputs = 1 << PARITY_RANDOM,
                                  .variant = wrong_name,
                                  .needs = wrong_needs,
                                  .run = wrong_run,
                                  .n_variants = sizeof(wrong) / sizeof(wrong[0]) };

    parity_catches(&op);
}

/* ---- integers */

/* A matrix whose scales are small whole numbers, so that every sum is one below 2^24, which F32
 * holds: whatever saturates, wraps or rounds on the way shows. */
static void whole_weights(struct call *c, struct rng *rng, bool extreme)
{
    const struct dtype_info *info = dtype_info(c->w.dtype);
    const uint16_t one = f32_to_f16(1), none = 0;
    size_t blocks = c->w.cols / (size_t)info->block;

    for (size_t i = 0; i < c->w.rows * blocks; i++) {
        uint8_t *b = (uint8_t *)c->data.p + i * (size_t)info->bytes;
        bool at_end = c->w.dtype == DTYPE_Q6_K || info->ternary;

        for (int k = 0; k < info->bytes; k++)
            b[k] = extreme ? 0xff : (uint8_t)rng_below(rng, 256);
        for (int k = 0; info->ternary && k < info->bytes; k++) /* no code 3 */
            b[k] = extreme ? 0xaa : (uint8_t)(b[k] & ~(b[k] & b[k] >> 1 & 0x55) * 3);
        if (c->w.dtype == DTYPE_Q8_0 && extreme) /* -128 */
            memset(b, 0x80, (size_t)info->bytes);
        memcpy(at_end ? b + info->bytes - 2 : b, &one, sizeof(one));
        if (matmul_form(c->w.dtype)->mins)
            memcpy(b + 2, &none, sizeof(none));
        if (c->w.dtype == DTYPE_Q4_K || c->w.dtype == DTYPE_Q5_K)
            memset(b + 4, 1, 12);
        if (c->w.dtype == DTYPE_Q6_K)
            for (int k = 192; k < 208; k++)
                b[k] = (uint8_t)(1 - 2 * (k % 2));
    }
}

static void whole_tokens(struct call *c, enum act_kind kind, struct rng *rng, bool extreme)
{
    size_t cols = c->w.cols;

    call_tokens(c, kind, PARITY_RANDOM, 1);
    for (size_t t = 0; t < c->tokens; t++) {
        int8_t *q = (int8_t *)(uintptr_t)c->a[t].q;
        int16_t *sum = (int16_t *)(uintptr_t)c->a[t].sum;
        float *d = (float *)(uintptr_t)c->a[t].d;

        for (size_t k = 0; k < cols / span_of(&c->a[t]); k++)
            d[k] = 1;
        for (size_t k = 0; k < cols / 16; k++)
            sum[k] = 0;
        for (size_t k = 0; k < cols; k++) {
            q[k] = (int8_t)(extreme ? 127 - 254 * (int)(t % 2) : (int)rng_below(rng, 255) - 127);
            sum[k / 16] = (int16_t)(sum[k / 16] + q[k]);
        }
    }
}

static long wrong_integers(const struct call *c)
{
    float *row = calloc(c->w.cols, sizeof(*row));
    long n = 0;

    for (size_t i = 0; i < c->w.rows; i++) {
        dtype_to_f32(c->w.dtype, (const uint8_t *)c->w.data + i * c->w.row_bytes, row, c->w.cols);
        for (size_t t = 0; t < c->tokens; t++) {
            int64_t want = 0;

            for (size_t k = 0; k < c->w.cols; k++)
                want += (int64_t)row[k] * c->a[t].q[k];
            CHECK(llabs(want) < 1 << 24);
            n += !((double)((float *)c->y.p)[t * c->ldy + i] == (double)want);
        }
    }
    free(row);
    return n;
}

PARITY_FN void test_integers(void)
{
    static const struct parity_shape shape = { "whole", { 37, 512, 9, 0 }, 0 };
    const struct parity_case pc = { "matmul", "integers", &shape, PARITY_RANDOM, 1 };
    struct parity_report r = { 0 };
    struct rng rng;
    int n;
    const struct matmul_variant *v = matmul_variants(&n);

    rng_init(&rng, 5, 0);
    for (int i = 0; i < 2 * n; i++, v += i % 2 == 0) {
        struct call c;

        if (v->act == ACT_F32 || !matmul_tested(v))
            continue;
        c = call_new(v, &shape);
        whole_weights(&c, &rng, i % 2);
        whole_tokens(&c, v->act, &rng, i % 2);
        call_run(&c, v);
        if (wrong_integers(&c) > 0)
            fprintf(stderr, "%s %s: %ld sums are wrong\n", v->name, dtype_info(v->dtype)->name,
                    wrong_integers(&c));
        CHECK_EQ(wrong_integers(&c), 0);
        call_free(&c, &pc, &r);
    }
    CHECK_EQ(r.wrong, 0);
}

/* ---- one output, one value */

/* The rows from one panel on and some of the tokens, alone. */
PARITY_FN void test_bits(void)
{
    static const struct parity_shape shape = { "cut", { 110, 512, 14, 0 }, 0 };
    const struct parity_case pc = { "matmul", "bits", &shape, PARITY_RANDOM, 1 };
    struct parity_report r = { 0 };
    int n;
    const struct matmul_variant *v = matmul_variants(&n);

    for (int i = 0; i < n; i++, v++) {
        struct call c;
        float *y;
        size_t row0 = v->rows, few = 4;

        if (!matmul_tested(v))
            continue;
        c = call_new(v, &shape);
        call_weights(&c, 3);
        call_tokens(&c, v->act, PARITY_RANDOM, 3);
        call_run(&c, v);
        y = calloc(few * c.ldy, sizeof(*y));
        for (size_t t0 = 0; t0 + few <= c.tokens; t0 += 5) {
            v->run(&c.w, row0, c.w.rows, c.a + t0, few, y, c.ldy, c.scratch.p);
            for (size_t t = 0; t < few; t++)
                CHECK(memcmp(y + t * c.ldy + row0, (float *)c.y.p + (t0 + t) * c.ldy + row0,
                             (c.w.rows - row0) * sizeof(*y)) == 0);
        }
        free(y);
        call_free(&c, &pc, &r);
    }
    CHECK_EQ(r.wrong, 0);
}

/* ---- the error of a path as a whole */

/* Normalised mean square error against F64 on the activations before they were rounded. */
static double nmse(struct call *c)
{
    size_t cols = c->w.cols;
    float *row = calloc(cols, sizeof(*row));
    double error = 0, size = 0;

    for (size_t i = 0; i < c->w.rows; i++) {
        dtype_to_f32(c->w.dtype, (const uint8_t *)c->w.data + i * c->w.row_bytes, row, cols);
        for (size_t t = 0; t < c->tokens; t++) {
            double want = 0, d;

            for (size_t k = 0; k < cols; k++)
                want += (double)row[k] * (double)((float *)c->x.p)[t * cols + k];
            d = (double)((float *)c->y.p)[t * c->ldy + i] - want;
            error += d * d;
            size += want * want;
        }
    }
    free(row);
    return error / size;
}

PARITY_FN void test_error(void)
{
    static const struct parity_shape shape = { "error", { 40, 512, 16, 0 }, 0 };
    const struct parity_case pc = { "matmul", "error", &shape, PARITY_RANDOM, 1 };
    struct parity_report r = { 0 };
    int n;
    const struct matmul_variant *v = matmul_variants(&n);

    for (int i = 0; i < n; i++, v++) {
        bool codes = matmul_form(v->dtype)->group > 0;
        struct call c;

        if (!matmul_tested(v))
            continue;
        c = call_new(v, &shape);
        call_weights(&c, 4);
        call_tokens(&c, v->act, PARITY_RANDOM, 4);
        call_run(&c, v);
        CHECK_NEAR(nmse(&c), 0, codes ? 5e-4 : 1e-6);
        call_free(&c, &pc, &r);
    }
    CHECK_EQ(r.wrong, 0);
}

PARITY_FN void test_table(void)
{
    struct cpu_info none = { .features = 0 };

    for (int t = 0; t < DTYPES; t++) {
        CHECK_STR(matmul_best((enum dtype)t, &none, NULL)->name, "scalar");
        CHECK(matmul_best((enum dtype)t, cpu_here(), "scalar"));
        CHECK(!matmul_best((enum dtype)t, cpu_here(), "abacus"));
    }
}

#endif
