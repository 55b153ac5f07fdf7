/* kernels/ternary: every variant's integers against plain loops, the quantisation against F64, the
 * chain against a chain of plain loops, and mistakes that have to be seen. */
#include "kernel_parity.h"

#include "core/mem.h"
#include "kernels/norm/norm.h"
#include "kernels/ternary/ternary_chain.h"
#include "kernels/ternary/ternary_math.h"
#include "kernels/ternary/ternary_sweep.h"

enum { ROWS, COLS, TOKENS };

static const struct parity_shape shapes[] = {
    { .what = "one", .dim = { 1, 64, 1 } },
    { .what = "tail", .dim = { 5, 128, 2 } },
    { .what = "odd", .dim = { 33, 192, 9 } },
    { .what = "smollm", .dim = { 70, 576, 3 } },
    { .what = "down", .dim = { 49, 1536, 17 } },
    { .what = "bitnet", .dim = { 32, 2560, 33 } },
    { .what = "misaligned", .dim = { 37, 320, 8 }, .gap = 2 },
};

enum how { RANDOM, LARGEST, LEAST };

static const struct ternary_variant *table;
static int table_n, planted = -1;

/* Codes with their blocks' scales at the end of a readable page; vectors of given bytes, d 1. */
struct product {
    struct ternary t;
    struct parity_buffer data, x[64], y, scratch;
    struct act acts[64];
    size_t tokens, ldy;
    float one;
    int16_t *sums;
};

static void make(struct product *p, const struct parity_case *c, const struct ternary_variant *v,
                 enum how how)
{
    const size_t *dim = c->shape->dim;
    struct rng rng;
    size_t bytes;

    *p = (struct product){ .tokens = dim[TOKENS], .ldy = dim[ROWS] + 3, .one = 1 };
    rng_init(&rng, c->seed, 0);
    CHECK_EQ(ternary_make(&p->t, dim[ROWS], dim[COLS], NULL), 0);
    for (size_t r = 0; r < dim[ROWS]; r++)
        for (size_t i = 0; i < dim[COLS]; i++)
            ternary_set(&p->t, r, i, how == RANDOM ? (int)rng_below(&rng, 3) - 1 : 1);
    bytes = dim[ROWS] * p->t.w.row_bytes;
    p->data = parity_new(bytes, c->shape->gap);
    memcpy(p->data.p, p->t.w.data, bytes);
    p->sums = mem_calloc(p->tokens * dim[COLS] / 16, sizeof(*p->sums));
    for (size_t t = 0; t < p->tokens; t++) {
        int16_t *sum = p->sums + t * dim[COLS] / 16;
        int8_t *q;

        p->x[t] = parity_new(dim[COLS], 0);
        q = p->x[t].p;
        for (size_t i = 0; i < dim[COLS]; i++) {
            q[i] = (int8_t)(how == RANDOM    ? (int)rng_below(&rng, 255) - 127
                            : how == LARGEST ? 127
                                             : -127);
            sum[i / 16] = (int16_t)(sum[i / 16] + q[i]);
        }
        p->acts[t] =
            (struct act){ .kind = ACT_Q8_ROW, .cols = dim[COLS], .q = q, .d = &p->one, .sum = sum };
    }
    p->y = parity_new(p->tokens * p->ldy * sizeof(float), 4);
    p->scratch = parity_new((ternary_scratch(v, dim[COLS], p->tokens) + 63) & ~(size_t)63, 0);
}

static void drop(struct product *p, const struct parity_case *c, struct parity_report *r)
{
    for (size_t t = 0; t < p->tokens; t++)
        parity_free(&p->x[t], c, r);
    parity_free(&p->data, c, r);
    parity_free(&p->y, c, r);
    parity_free(&p->scratch, c, r);
    mem_free(p->sums);
    ternary_release(&p->t);
}

/* Planted: a weight of the last row that is not seen, the last column left out, a sum too small. */
static void spoil(struct product *p)
{
    size_t last = p->t.w.rows - 1;
    float *y = p->y.p;

    if (planted == 0)
        y[(p->tokens - 1) * p->ldy + last] += 1;
    if (planted == 1)
        y[p->ldy] = 0; /* the row after the last: not ours */
}

static void compare(struct product *p, const struct parity_case *c, struct parity_report *r)
{
    const float *y = p->y.p;

    for (size_t t = 0; t < p->tokens; t++) {
        for (size_t row = 0; row < p->t.w.rows; row++) {
            float want = (float)ternary_reference_acc(&p->t, row, p->acts[t].q);

            parity_same(c, r, &y[t * p->ldy + row], &want, 1);
        }
        for (size_t i = p->t.w.rows; i < p->ldy; i++)
            if (memcmp(&y[t * p->ldy + i], "\xff\xff\xff\xff", 4) != 0)
                parity_wrong(c, r, i, 0, 0, 0);
    }
}

static void run_how(int v, const struct parity_case *c, struct parity_report *r, enum how how)
{
    struct product p;
    struct ternary t;
    size_t row = 0;

    if (cpu_here()->features && table[v].needs & (uint64_t)1 << CPU_AMX_TILE &&
        cpu_amx_enable(NULL) < 0)
        return;
    make(&p, c, &table[v], how);
    t = p.t;
    t.w.data = p.data.p;
    /* In two calls, as two threads would. */
    if (t.w.rows > table[v].rows)
        row = table[v].rows;
    if (row > 0)
        ternary_run(&table[v], &t, 0, row, p.acts, p.tokens, p.y.p, p.ldy, p.scratch.p);
    ternary_run(&table[v], &t, row, t.w.rows, p.acts, p.tokens, p.y.p, p.ldy, p.scratch.p);
    spoil(&p);
    compare(&p, c, r);
    drop(&p, c, r);
}

static void run_random(int v, const struct parity_case *c, struct parity_report *r)
{
    run_how(v, c, r, RANDOM);
}

static void run_largest(int v, const struct parity_case *c, struct parity_report *r)
{
    run_how(v, c, r, LARGEST);
    run_how(v, c, r, LEAST);
}

static const char *name_of(int v)
{
    return table[v].name;
}

static uint64_t needs_of(int v)
{
    return table[v].needs;
}

static void test_variants(void)
{
    struct parity_op op = { .name = "ternary",
                            .shapes = shapes,
                            .n_shapes = sizeof(shapes) / sizeof(shapes[0]),
                            .inputs = 1 << PARITY_RANDOM,
                            .variant = name_of,
                            .needs = needs_of,
                            .run = run_random };

    table = ternary_variants(&table_n);
    op.n_variants = table_n;
    parity_walk(&op);
    op.run = run_largest;
    parity_walk(&op);
    op.n_variants = 1;
    for (planted = 0; planted < 2; planted++)
        parity_catches(&op);
    planted = -1;
}

static void test_choice(void)
{
    struct cpu_info nothing = { .features = 0 };

    CHECK_STR(ternary_best(&nothing, NULL, 1)->name, "scalar");
    CHECK(ternary_best(&nothing, "avx2", 1) == NULL);
    CHECK(ternary_best(cpu_here(), "scalar", 1) != NULL);
    CHECK(ternary_best(cpu_here(), NULL, 1)->few != NULL);
}

/* ---- the vector */

static float buffer_a[4096], buffer_b[4096];
static _Alignas(64) char space[2][8192 * 8];

static void test_sweeps(void)
{
    static const size_t lengths[] = { 64, 192, 256, 576, 1536, 2560 };
    int n;
    const struct ternary_sweep *sweep = ternary_sweeps(&n);

    for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++)
        for (int i = 0; i < n; i++) {
            float xg[2][2560], s[2];

            if (sweep[i].needs & ~cpu_here()->features)
                continue;
            parity_fill(buffer_a, lengths[k], PARITY_RANDOM, 5, k);
            parity_fill(buffer_b, lengths[k], PARITY_RANDOM, 6, k);
            s[0] = sweep[0].run(buffer_a, buffer_b, xg[0], lengths[k]);
            s[1] = sweep[i].run(buffer_a, buffer_b, xg[1], lengths[k]);
            CHECK(memcmp(&s[0], &s[1], sizeof(s[0])) == 0);
            CHECK(memcmp(xg[0], xg[1], lengths[k] * sizeof(float)) == 0);
        }
}

static void test_quantize(void)
{
    static const size_t lengths[] = { 64, 576, 2560 };
    struct act a;

    for (int input = 0; input < PARITY_INPUTS; input++)
        for (size_t k = 0; k < 3; k++)
            for (int norm = 0; norm < 2; norm++) {
                size_t n = lengths[k];
                const float *g = norm ? buffer_b : NULL;
                double error;

                parity_fill(buffer_a, n, (enum parity_input)input, 7, k);
                parity_fill(buffer_b, n, PARITY_RANDOM, 8, k);
                ternary_quantize(buffer_a, g, 1e-5F, TERNARY_FUSED, n, space[0], &a);
                error = ternary_reference_error(buffer_a, g, 1e-5F, &a);
                if (!(error <= 1))
                    fprintf(stderr, "%s, %zu, norm %d: %g\n",
                            parity_input_name((enum parity_input)input), n, norm, error);
                CHECK(error <= 1);
                CHECK(input < PARITY_NAN || isnan(a.d[0]));
                CHECK(input != PARITY_ZERO || a.d[0] == 0);
            }
    /* The check sees one step of one value, and a scale that is off by a millionth. */
    parity_fill(buffer_a, 576, PARITY_RANDOM, 7, 0);
    ternary_quantize(buffer_a, buffer_b, 1e-5F, TERNARY_FUSED, 576, space[0], &a);
    space[0][100]++;
    CHECK(ternary_reference_error(buffer_a, buffer_b, 1e-5F, &a) > 1);
    space[0][100]--;
    CHECK(ternary_reference_error(buffer_a, buffer_b, 1e-5F, &a) <= 1);
    CHECK(ternary_reference_error(buffer_a, buffer_b, 3e-5F, &a) > 1);
}

/* The other orders are norm.h and act.h one after the other. */
static void test_orders(void)
{
    float y[576];
    struct act a, want;

    parity_fill(buffer_a, 576, PARITY_RANDOM, 9, 0);
    parity_fill(buffer_b, 576, PARITY_RANDOM, 10, 0);
    for (int how = TERNARY_APART; how <= TERNARY_STRICT; how++) {
        norm_best(cpu_here(), NULL)->rms(buffer_a, buffer_b, 1e-5F, y, 576);
        for (int i = 0; how == TERNARY_STRICT && i < 576; i++)
            y[i] = bf16_to_f32(f32_to_bf16(y[i]));
        act_quantize(ACT_Q8_ROW, y, 576, space[1], &want);
        ternary_quantize(buffer_a, buffer_b, 1e-5F, (enum ternary_order)how, 576, space[0], &a);
        CHECK(memcmp(a.q, want.q, 576) == 0 && a.d[0] == want.d[0]);
    }
}

/* ---- the chain, in plain loops: another way than ternary_chain.c goes, and the same bits */

static void plain_product(const struct ternary_chain *c, int layer, enum ternary_phase p,
                          const float *x, float *y)
{
    const struct ternary *t = &c->m[layer][p];
    struct act a;

    ternary_quantize(x, ternary_chain_norm(c, layer, p), c->eps, TERNARY_FUSED, t->w.cols, space[0],
                     &a);
    for (size_t r = 0; r < t->w.rows; r++)
        y[r] = (float)ternary_reference_acc(t, r, a.q) * a.d[0] * t->scale[r];
}

static void plain_chain(const struct ternary_chain *c, float *x, float *qkv)
{
    const struct ternary_shape *s = &c->shape;
    int group = s->heads / s->kv_heads, rows = (s->heads + 2 * s->kv_heads) * s->head_dim;
    float a[1024], y[2048], h[1024];

    for (int l = 0; l < s->layers; l++, qkv += rows) {
        plain_product(c, l, TERNARY_QKV, x, qkv);
        for (int i = 0; i < s->heads * s->head_dim; i++)
            a[i] = qkv[(s->heads + s->kv_heads + i / s->head_dim / group) * s->head_dim +
                       i % s->head_dim];
        plain_product(c, l, TERNARY_O, a, y);
        for (int i = 0; i < s->dim; i++)
            x[i] = x[i] + y[i];
        plain_product(c, l, TERNARY_GATE_UP, x, y);
        for (int i = 0; i < s->ff; i++)
            h[i] = ternary_silu(y[i / 8 * 16 + i % 8], y[i / 8 * 16 + 8 + i % 8]);
        plain_product(c, l, TERNARY_DOWN, h, y);
        for (int i = 0; i < s->dim; i++)
            x[i] = x[i] + y[i];
    }
}

static void test_chain(void)
{
    static const struct ternary_shape small = { "small", 3, 192, 320, 3, 1, 64 };
    struct ternary_chain c;
    float x[192], want_x[192], want_qkv[3 * 320];
    struct pool *pool = NULL;

    CHECK_EQ(ternary_chain_make(&c, &small, 11, NULL), 0);
    CHECK_EQ(ternary_check(&c.m[2][TERNARY_DOWN], NULL), 0);
    parity_fill(x, 192, PARITY_RANDOM, 12, 0);
    memcpy(want_x, x, sizeof(x));
    plain_chain(&c, want_x, want_qkv);
    for (int threads = 1; threads <= 2; threads++)
        for (int v = 0; v < table_n; v++) {
            struct ternary_pass p;

            if (!ternary_best(cpu_here(), table[v].name, 1))
                continue;
            CHECK_EQ(pool_new(&pool, threads, NULL, NULL), 0);
            CHECK_EQ(ternary_pass_open(&p, &c, &table[v], pool, NULL), 0);
            memcpy(p.x, x, sizeof(x));
            ternary_pass_run(&p);
            CHECK(memcmp(p.x, want_x, sizeof(x)) == 0);
            CHECK(memcmp(p.qkv, want_qkv, sizeof(want_qkv)) == 0);
            if (memcmp(p.x, want_x, sizeof(x)) != 0)
                fprintf(stderr, "%s, %d threads\n", table[v].name, threads);
            ternary_pass_close(&p);
            pool_free(pool);
        }
    ternary_set(&c.m[1][TERNARY_O], 5, 7, ternary_get(&c.m[1][TERNARY_O], 5, 7) == 0 ? 1 : 0);
    memcpy(buffer_a, x, sizeof(x));
    plain_chain(&c, buffer_a, want_qkv);
    CHECK(memcmp(buffer_a, want_x, sizeof(x)) != 0); /* one weight changes what comes out */
    ternary_chain_release(&c);
    for (uint64_t n = 1; n <= 5; n++) {
        struct err e = { 0 };

        mem_fail_at(n);
        CHECK_EQ(ternary_chain_make(&c, &small, 1, &e), ERR_NOMEM);
        CHECK(c.m == NULL && strstr(e.msg, "no memory"));
    }
    mem_fail_at(0);
}

/* SiLU as the chain has it, against F64. */
static void test_silu(void)
{
    for (float g = -90; g < 90; g += 0.37F) {
        double want = (double)g / (1 + exp(-(double)g)) * 1.5;

        CHECK_NEAR((double)ternary_silu(g, 1.5F), want, 4e-7 * fabs(want) + 1e-30);
    }
    CHECK(isnan(ternary_silu(NAN, 1)));
    CHECK(ternary_silu(-INFINITY, 1) == 0 || isnan(ternary_silu(-INFINITY, 1)));
}

int main(void)
{
    test_variants();
    test_choice();
    test_sweeps();
    test_quantize();
    test_orders();
    test_chain();
    test_silu();
    TEST_DONE();
}
