/* Every variant of kernels/gemv against the contract in F64, its integer part against the scalar
 * variant's bits, and a vector in a batch against itself alone. */
#include "kernel_parity.h"

#include "core/mem.h"
#include "gemv_weights.h"
#include "kernels/gemv/gemv.h"

enum { ROWS, COLS, TOKENS };

/* Columns are in blocks of the type: 1 is the smallest matrix that it can have. */
static const struct parity_shape shapes[] = {
    { .what = "one", .dim = { 1, 1, 1 } },
    { .what = "tail", .dim = { 5, 3, 1 } },
    { .what = "odd", .dim = { 7, 9, 3 } },
    { .what = "misaligned", .dim = { 3, 6, 2 }, .gap = 4 },
    { .what = "batch", .dim = { 9, 5, GEMV_TOKENS } },
    { .what = "large", .dim = { 38, 18, 2 } },
};

static const struct gemv_variant *table;
static int table_n;

/* One product: weights, vectors and what a variant made of them. */
struct product {
    struct weight w;
    struct parity_buffer data, x[GEMV_TOKENS], act[GEMV_TOKENS], y;
    struct act acts[GEMV_TOKENS];
    size_t ldy;
    int n;
};

static void make_x(struct product *p, const struct parity_case *c, enum act_kind kind, bool whole)
{
    for (int t = 0; t < p->n; t++) {
        float *x;

        p->x[t] = parity_new(p->w.cols * sizeof(float), c->shape->gap);
        x = p->x[t].p;
        parity_fill(x, p->w.cols, c->input, c->seed, (uint64_t)t);
        /* Whole numbers with 127 in each group: then q is x and the scales are 1. */
        for (size_t i = 0; whole && i < p->w.cols; i++)
            x[i] = i % 32 == 0 ? 127 : (float)(int)fmaxf(fminf(x[i] * 60, 127), -127);
        if (kind != ACT_F32)
            p->act[t] = parity_new(act_bytes(kind, p->w.cols), 0);
        act_quantize(kind, x, p->w.cols, p->act[t].p, &p->acts[t]);
    }
}

static struct product make(const struct gemv_variant *v, const struct parity_case *c,
                           enum gemv_weights how)
{
    const struct dtype_info *info = dtype_info(v->dtype);
    const size_t *dim = c->shape->dim;
    struct product p = { .w = { .dtype = v->dtype,
                                .rows = dim[ROWS],
                                .cols = dim[COLS] * (size_t)info->block,
                                .row_bytes = dim[COLS] * (size_t)info->bytes },
                         .n = (int)dim[TOKENS],
                         .ldy = dim[ROWS] + 1 };

    /* Rows of floats are in steps of 16 too, not of 1. */
    if (info->block == 1) {
        p.w.cols = dim[COLS] * 16 - 15;
        p.w.row_bytes = p.w.cols * (size_t)info->bytes;
    }
    p.data = parity_new(p.w.rows * p.w.row_bytes, c->shape->gap / 2);
    gemv_weights_fill(v->dtype, p.data.p, p.w.rows * p.w.cols, how, c->seed);
    p.w.data = p.data.p;
    make_x(&p, c, v->act, how == GEMV_WEIGHTS_WHOLE);
    p.y = parity_new((size_t)p.n * p.ldy * sizeof(float), 4);
    return p;
}

static void drop(struct product *p, const struct parity_case *c, struct parity_report *r)
{
    for (int t = 0; t < p->n; t++) {
        parity_free(&p->x[t], c, r);
        if (p->act[t].p)
            parity_free(&p->act[t], c, r);
    }
    parity_free(&p->data, c, r);
    parity_free(&p->y, c, r);
}

/* The values that the vector stands for. */
static void decode_act(const struct act *x, float *out)
{
    size_t group = x->kind == ACT_Q8_32 ? 32 : x->kind == ACT_Q8_256 ? 256 : x->cols;

    for (size_t i = 0; i < x->cols; i++)
        out[i] = x->kind == ACT_F32 ? x->x[i] : (float)x->q[i] * x->d[i / group];
}

/* How far an output may be from the sum in F64: every group is a few roundings (two scales, their
 * product, the sum's conversion, a second term for types with a minimum) and an addition, on terms
 * whose absolute sum is at most that of |x| times the largest magnitude that the row's scales
 * allow; and where a product of scales underflows, half of the least float times the integer. */
static double tolerance(const struct product *p, size_t row, const float *x)
{
    const struct dtype_info *info = dtype_info(p->w.dtype);
    const uint8_t *data = (const uint8_t *)p->w.data + row * p->w.row_bytes;
    double terms = 0, groups = (double)(p->w.cols / (size_t)info->block);
    double integers = 0;

    for (size_t i = 0; i < p->w.cols; i++) {
        const uint8_t *block = data + i / (size_t)info->block * (size_t)info->bytes;

        terms += fabs((double)x[i]) * gemv_weights_span(p->w.dtype, block);
        integers += 127 * 127.0 * 32;
    }
    if (info->block == 1)
        integers = 0;
    return parity_sum_bound(8 + 4 * groups, terms) + 0x1p-149 * integers;
}

static void against_f64(const struct product *p, const struct parity_case *c,
                        struct parity_report *r)
{
    float *x = mem_calloc(p->w.cols, sizeof(*x));
    double *want = mem_calloc(p->w.rows, sizeof(*want));
    double *tol = mem_calloc(p->w.rows, sizeof(*tol));

    for (int t = 0; t < p->n; t++) {
        const float *y = (const float *)p->y.p + (size_t)t * p->ldy;
        uint32_t beside;

        decode_act(&p->acts[t], x);
        gemv_reference(&p->w, x, 1, want, 0);
        for (size_t row = 0; row < p->w.rows; row++)
            tol[row] = tolerance(p, row, x);
        parity_values(c, r, y, want, tol, p->w.rows);
        memcpy(&beside, &y[p->w.rows], sizeof(beside)); /* the row after the last: not ours */
        CHECK_EQ(beside, 0xffffffff);
    }
    mem_free(x);
    mem_free(want);
    mem_free(tol);
}

/* ---- the walk over all variants */

static const char *name_of(int v)
{
    static char name[64];

    snprintf(name, sizeof(name), "%s %s", dtype_info(table[v].dtype)->name, table[v].name);
    return name;
}

static uint64_t needs_of(int v)
{
    return table[v].needs;
}

static void run_random(int v, const struct parity_case *c, struct parity_report *r)
{
    struct product p = make(&table[v], c, GEMV_WEIGHTS_RANDOM);

    table[v].run(&p.w, 0, p.w.rows, p.acts, p.n, p.y.p, p.ldy);
    against_f64(&p, c, r);
    drop(&p, c, r);
}

/* Whole numbers, powers of two as scales, sums below 2^24: every order of additions gives the same
 * bits, so a variant whose integer part is exact has those of the scalar one. */
static void run_whole(int v, const struct parity_case *c, struct parity_report *r)
{
    struct product p = make(&table[v], c, GEMV_WEIGHTS_WHOLE);
    const struct gemv_variant *scalar = gemv_best(table[v].dtype, cpu_here(), "scalar");
    struct parity_buffer y = parity_new(p.y.bytes, 0);

    table[v].run(&p.w, 0, p.w.rows, p.acts, p.n, p.y.p, p.ldy);
    scalar->run(&p.w, 0, p.w.rows, p.acts, p.n, y.p, p.ldy);
    parity_same(c, r, p.y.p, y.p, (size_t)p.n * p.ldy);
    parity_free(&y, c, r);
    drop(&p, c, r);
}

/* The bits of an output are those of its row and its vector alone: a range of rows and one vector
 * after the other give what all together gave. */
static void run_alone(int v, const struct parity_case *c, struct parity_report *r)
{
    struct product p = make(&table[v], c, GEMV_WEIGHTS_RANDOM);
    struct parity_buffer y = parity_new(p.y.bytes, 0);
    float *alone = y.p;

    table[v].run(&p.w, 0, p.w.rows, p.acts, p.n, p.y.p, p.ldy);
    for (int t = 0; t < p.n; t++)
        for (size_t row = 0, step = 1; row < p.w.rows; row += step, step = step % 3 + 1) {
            size_t end = row + step < p.w.rows ? row + step : p.w.rows;

            table[v].run(&p.w, row, end, &p.acts[t], 1, alone + (size_t)t * p.ldy, p.ldy);
        }
    parity_same(c, r, p.y.p, alone, (size_t)p.n * p.ldy);
    parity_free(&y, c, r);
    drop(&p, c, r);
}

/* ---- what the activations cost, and what is not an instruction set's business */

static void test_nmse(void)
{
    static const struct parity_shape shape = { .what = "nmse", .dim = { 64, 8, 1 } };

    for (int v = 0; v < table_n; v++) {
        struct parity_case c = { .op = "gemv", .variant = name_of(v), .shape = &shape, .seed = 3 };
        struct parity_report r = { 0 };
        struct product p;
        double want[64], error = 0, power = 0;

        if (table[v].needs & ~cpu_here()->features)
            continue;
        p = make(&table[v], &c, GEMV_WEIGHTS_ENCODED);
        table[v].run(&p.w, 0, p.w.rows, p.acts, 1, p.y.p, p.ldy);
        gemv_reference(&p.w, p.x[0].p, 1, want, 0);
        for (int i = 0; i < 64; i++) {
            double off = (double)((float *)p.y.p)[i] - want[i];

            error += off * off;
            power += want[i] * want[i];
        }
        if (!(error <= 5e-4 * power))
            fprintf(stderr, "%s: NMSE %.3g\n", c.variant, error / power);
        CHECK(error <= 5e-4 * power);
        CHECK(table[v].act != ACT_F32 || error <= 1e-10 * power);
        drop(&p, &c, &r);
    }
}

/* The largest sums that there are: nothing wraps or saturates on the way. */
static void test_extremes(void)
{
    static const struct parity_shape shape = { .what = "extremes", .dim = { 3, 12, 1 } };

    for (int v = 0; v < table_n; v++)
        for (int sign = -1; sign <= 1; sign += 2) {
            struct parity_case c = { .op = "gemv", .variant = name_of(v), .shape = &shape };
            struct parity_report r = { 0 };
            struct product p;

            if (table[v].needs & ~cpu_here()->features)
                continue;
            p = make(&table[v], &c, GEMV_WEIGHTS_LARGEST);
            for (size_t i = 0; i < p.w.cols; i++)
                ((float *)p.x[0].p)[i] = (float)(127 * sign);
            act_quantize(table[v].act, p.x[0].p, p.w.cols, p.act[0].p, &p.acts[0]);
            table[v].run(&p.w, 0, p.w.rows, p.acts, p.n, p.y.p, p.ldy);
            against_f64(&p, &c, &r);
            if (r.wrong > 0)
                fprintf(stderr, "%s\n", r.first);
            CHECK_EQ(r.wrong, 0);
            drop(&p, &c, &r);
        }
}

static void test_choice(void)
{
    struct cpu_info nothing = { .features = 0 };

    for (int t = 0; t < DTYPES; t++) {
        const struct gemv_variant *v = gemv_best((enum dtype)t, &nothing, NULL);

        CHECK(v && strcmp(v->name, "scalar") == 0);
        CHECK(v && v->act == act_kind_of((enum dtype)t));
        CHECK(gemv_best((enum dtype)t, cpu_here(), NULL) != NULL);
        CHECK(gemv_best((enum dtype)t, cpu_here(), "none") == NULL);
    }
    for (int v = 0; v < table_n; v++) {
        CHECK(table[v].act == act_kind_of(table[v].dtype));
        CHECK(table[v].needs == 0 || gemv_best(table[v].dtype, &nothing, table[v].name) == NULL);
    }
}

/* ---- mistakes that must be caught */

enum { WRONG_TAIL, WRONG_GROUP, WRONG_ROUNDING, WRONG_ROW, WRONGS };

static const char *wrong_name(int v)
{
    static const char *const names[] = { "tail", "group", "rounding", "row" };

    return names[v];
}

static uint64_t wrong_needs(int v)
{
    (void)v;
    return 0;
}

static void run_wrong(int v, const struct parity_case *c, struct parity_report *r)
{
    const struct gemv_variant *q8 = gemv_best(DTYPE_Q8_0, cpu_here(), "scalar");
    struct product p = make(q8, c, GEMV_WEIGHTS_RANDOM);
    float *y = p.y.p;

    if (v == WRONG_TAIL && p.w.cols > 32)
        for (int t = 0; t < p.n; t++)
            p.acts[t].cols -= 32;
    q8->run(&p.w, 0, p.w.rows, p.acts, p.n, y, p.ldy);
    for (int t = 0; t < p.n; t++) {
        p.acts[t].cols = p.w.cols;
        for (size_t row = 0; row < p.w.rows; row++) {
            float *out = &y[(size_t)t * p.ldy + row];

            if (v == WRONG_GROUP)
                *out += p.acts[t].d[0] * 0x1p-7f;
            else if (v == WRONG_ROUNDING)
                *out *= 1 + 0x1p-12f;
            else if (v == WRONG_ROW && row == p.w.rows - 1)
                *out = NAN;
        }
    }
    against_f64(&p, c, r);
    drop(&p, c, r);
}

int main(void)
{
    struct parity_op op = { .name = "gemv",
                            .shapes = shapes,
                            .n_shapes = sizeof(shapes) / sizeof(shapes[0]),
                            .inputs = PARITY_ALL,
                            .variant = name_of,
                            .needs = needs_of,
                            .run = run_random };
    struct parity_op wrong = op;

    table = gemv_variants(&table_n);
    op.n_variants = table_n;
    parity_walk(&op);
    op.run = run_alone;
    parity_walk(&op);
    op.run = run_whole;
    op.inputs = 1 << PARITY_RANDOM;
    parity_walk(&op);
    test_nmse();
    test_extremes();
    test_choice();

    wrong.n_variants = WRONGS;
    wrong.variant = wrong_name;
    wrong.needs = wrong_needs;
    wrong.run = run_wrong;
    parity_catches(&wrong);
    TEST_DONE();
}
