/* Block-sparse attention: patterns that are refused, the reference against a dense answer, every
 * variant of the CPU against that, and what a wrong one looks like. */
#include "sparse_parity.h"

#include "kernels/attention/sparse_cpu.h"

/* ---- patterns */

/* 2 heads of 3 block rows and 4 block columns, of which the last is cut short. */
struct lists {
    int32_t row_ptr[7], col[8], mask[8];
    uint32_t masks[2 * SPARSE_MASK_WORDS];
    struct sparse_pattern p;
};

static void lists_init(struct lists *l)
{
    *l = (struct lists){ .row_ptr = { 0, 2, 2, 4, 5, 8, 8 },
                         .col = { 0, 3, 1, 2, 3, 0, 1, 3 },
                         .mask = { -1, 0, 1, -1, -1, 0, 1, -1 },
                         .p = { .heads = 2, .q_len = 300, .kv_len = 385, .n_masks = 2 } };
    l->p.row_ptr = l->row_ptr;
    l->p.col = l->col;
    l->p.mask = l->mask;
    l->p.masks = l->masks;
}

static void refused(const struct lists *l, const char *why)
{
    struct err e = { 0 };

    CHECK_EQ(sparse_check(&l->p, &e), ERR_ARG);
    if (!strstr(e.msg, why))
        fprintf(stderr, "\"%s\" does not say \"%s\"\n", e.msg, why);
    CHECK(strstr(e.msg, why) != NULL);
}

static void test_sizes(void)
{
    struct lists l;
    struct err e = { 0 };

    lists_init(&l);
    CHECK_EQ(sparse_blocks(0), 0);
    CHECK_EQ(sparse_blocks(1), 1);
    CHECK_EQ(sparse_blocks(128), 1);
    CHECK_EQ(sparse_blocks(129), 2);
    CHECK_EQ(sparse_blocks(INT32_MAX), 1 << 24);
    CHECK_EQ(sparse_lists(&l.p), 6);
    CHECK_EQ(sparse_count(&l.p), 8);
    CHECK_EQ(sparse_check(&l.p, &e), 0);
    l.p.mask = NULL;
    l.p.masks = NULL;
    CHECK_EQ(sparse_check(&l.p, &e), 0);
    l.p.heads = 0;
    CHECK_EQ(sparse_check(&l.p, &e), 0);
    CHECK_EQ(sparse_count(&l.p), 0);
    lists_init(&l);
    l.p.q_len = 0;
    CHECK_EQ(sparse_check(&l.p, &e), 0);
    CHECK_EQ(sparse_count(&l.p), 0);
}

static void test_refused_blocks(void)
{
    struct lists l;

    lists_init(&l);
    l.col[4] = 4;
    refused(&l, "head 1, block row 0: block column 4 is not in 0 .. 3");
    lists_init(&l);
    l.col[5] = -1;
    refused(&l, "head 1, block row 1: block column -1 is not in 0 .. 3");
    lists_init(&l);
    l.col[3] = 1;
    refused(&l, "head 0, block row 2: block column 1 is there twice");
    lists_init(&l);
    l.col[6] = 3;
    l.col[7] = 1;
    refused(&l, "head 1, block row 1: block column 1 comes after 3, expected ascending ones");
    lists_init(&l);
    l.mask[2] = 2;
    refused(&l, "head 0, block row 2: block column 1 has mask 2, expected -1 .. 1");
    lists_init(&l);
    l.mask[0] = -2;
    refused(&l, "head 0, block row 0: block column 0 has mask -2, expected -1 .. 1");
    lists_init(&l);
    l.p.kv_len = 0;
    refused(&l, "head 0, block row 0: block column 0 is not in 0 .. -1");
}

static void test_refused_shapes(void)
{
    struct lists l;

    lists_init(&l);
    l.row_ptr[0] = 1;
    refused(&l, "row_ptr begins with 1, expected 0");
    lists_init(&l);
    l.row_ptr[4] = 3;
    refused(&l, "head 1, block row 0: row_ptr falls from 4 to 3");
    lists_init(&l);
    l.p.heads = -1;
    refused(&l, "expected none below 0");
    lists_init(&l);
    l.p.q_len = -1;
    refused(&l, "expected none below 0");
    lists_init(&l);
    l.p.heads = 1 << 20;
    l.p.q_len = 1 << 30;
    refused(&l, "expected fewer than 2147483647 lists");
    lists_init(&l);
    l.p.row_ptr = NULL;
    refused(&l, "row_ptr is NULL");
    lists_init(&l);
    l.p.col = NULL;
    refused(&l, "col is NULL");
    lists_init(&l);
    l.p.masks = NULL;
    refused(&l, "masks is NULL");
}

/* ---- the reference */

/* It and the dense answer are both in F64. */
static void close_to(const struct parity_case *pc, struct parity_report *r, double got, double want)
{
    const bool same = isnan(want) ? isnan(got) : got == want;

    r->compared++;
    if (!same && !(fabs(got - want) <= 1e-11 * (1 + fabs(want))))
        parity_wrong(pc, r, 0, got, want, 1e-11);
}

static void reference(int v, const struct parity_case *pc, struct parity_report *r)
{
    double o[SPARSE_BLOCK * 128], lse[SPARSE_BLOCK];
    struct sparse_call c;
    const struct sparse_answer *want;
    struct err e = { 0 };

    (void)v;
    if (sparse_skips(pc))
        return;
    sparse_call_make(&c, pc->shape, pc->input, pc->seed);
    CHECK_EQ(sparse_check(&c.p, &e), 0);
    CHECK_STR(e.msg, "");
    want = sparse_answer_of(pc, &c);
    for (int l = 0; l < sparse_lists(&c.p); l++) {
        const int rows = sparse_blocks(c.p.q_len), h = l / rows, first = l % rows * SPARSE_BLOCK;
        const int dim = c.a.dim;

        CHECK_EQ(sparse_reference(&c.p, &c.a, h, l % rows, o, lse, &e), 0);
        for (int i = 0; i < SPARSE_BLOCK && first + i < c.p.q_len; i++) {
            const size_t at = (size_t)h * (size_t)c.p.q_len + (size_t)(first + i);

            close_to(pc, r, lse[i], want->lse[at]);
            for (int d = 0; d < dim; d++)
                close_to(pc, r, o[i * dim + d], want->o[at * (size_t)dim + (size_t)d]);
        }
    }
    r->compared++; /* of shapes without a position, that nothing was written */
    sparse_call_release(&c, pc, r);
}

static const char *reference_name(int v)
{
    (void)v;
    return "reference";
}

static uint64_t reference_needs(int v)
{
    (void)v;
    return 0;
}

static void test_reference_memory(void)
{
    struct sparse_call c;
    struct parity_report r = { 0 };
    const struct parity_case pc = { .op = "sparse",
                                    .variant = "reference",
                                    .shape = sparse_shapes };
    double o[SPARSE_BLOCK * 64];

    sparse_call_make(&c, &sparse_shapes[8], PARITY_RANDOM, 1);
    for (uint64_t n = 1; n <= 4; n++) {
        struct err e = { 0 };

        mem_fail_at(n);
        CHECK_EQ(sparse_reference(&c.p, &c.a, 0, 0, o, NULL, &e), ERR_NOMEM);
        mem_fail_at(0);
    }
    CHECK_EQ(sparse_reference(&c.p, &c.a, 0, 0, NULL, NULL, NULL), 0);
    sparse_call_release(&c, &pc, &r);
}

/* ---- the variants of this CPU */

/* Ways to be wrong, made by calling a right variant with other arguments. */
enum { RIGHT, NO_MASKS, LAST_BLOCK, SCALE, NO_LSE, NOT_EMPTY, WAYS };
static const char *const ways[] = { "right", "no masks",     "last block left out",
                                    "scale", "LSE left out", "empty lists left out" };
static int way;

static void run_all(const struct sparse_variant *v, const struct sparse_call *c)
{
    struct sparse_pattern p = c->p;
    struct sparse_args a = c->a;
    int32_t *row_ptr = mem_calloc((size_t)sparse_lists(&p) + 1, sizeof(*row_ptr));

    memcpy(row_ptr, p.row_ptr, ((size_t)sparse_lists(&p) + 1) * sizeof(*row_ptr));
    p.row_ptr = row_ptr;
    if (way == NO_MASKS)
        p.mask = NULL;
    if (way == LAST_BLOCK && sparse_lists(&p) > 0)
        row_ptr[sparse_lists(&p)] -= row_ptr[sparse_lists(&p)] > row_ptr[sparse_lists(&p) - 1];
    if (way == SCALE)
        a.scale *= 1.001f;
    if (way == NO_LSE)
        a.lse = NULL;
    for (int i = sparse_lists(&p) - 1; i >= 0; i--)
        if (way != NOT_EMPTY || row_ptr[i] < row_ptr[i + 1])
            v->run(&p, &a, i);
    mem_free(row_ptr);
}

static void run(int variant, const struct parity_case *pc, struct parity_report *r)
{
    int n;
    struct sparse_call c;

    if (sparse_skips(pc))
        return;
    sparse_call_make(&c, pc->shape, pc->input, pc->seed);
    run_all(&sparse_variants(&n)[way ? 0 : variant], &c);
    sparse_compare(pc, r, &c, sparse_answer_of(pc, &c));
    r->compared++; /* of shapes without a position, that nothing was written */
    sparse_call_release(&c, pc, r);
}

static const char *name(int v)
{
    int n;

    return way ? ways[way] : sparse_variants(&n)[v].name;
}

static uint64_t needs(int v)
{
    int n;

    return sparse_variants(&n)[v].needs;
}

static const struct parity_case any_case = { .op = "sparse",
                                             .variant = "",
                                             .shape = sparse_shapes };

static void expect_clean(const struct parity_report *r)
{
    if (r->wrong > 0)
        fprintf(stderr, "%s\n", r->first);
    CHECK_EQ(r->wrong, 0);
}

/* A mask of ones is no mask, to the bit. */
static void test_ones(const struct sparse_variant *v)
{
    static const struct parity_shape shapes[] = { { .what = "ones", .dim = { 300, 300, 7 } },
                                                  { .what = "ones", .dim = { 130, 300, 9 } } };

    for (int s = 0; s < 2; s++) {
        struct parity_report r = { 0 };
        struct sparse_call c;
        void *masked;

        sparse_call_make(&c, &shapes[s], PARITY_RANDOM, 7);
        run_all(v, &c);
        masked = mem_calloc(c.o.bytes, 1);
        memcpy(masked, c.o.p, c.o.bytes);
        sparse_call_poison(&c);
        c.p.mask = NULL;
        run_all(v, &c);
        CHECK(memcmp(masked, c.o.p, c.o.bytes) == 0);
        mem_free(masked);
        sparse_call_release(&c, &any_case, &r);
        expect_clean(&r);
    }
}

/* V the same everywhere comes out, within a unit in the last place of its type. */
static void test_constant(const struct sparse_variant *v)
{
    static const struct parity_shape shapes[] = { { .what = "constant", .dim = { 200, 700, 1 } },
                                                  { .what = "constant", .dim = { 200, 700, 3 } } };

    for (int s = 0; s < 2; s++) {
        const double ulp = s == 0 ? 0x1p-11 : 0x1p-8; /* of 0.7 */
        struct parity_report r = { 0 };
        struct sparse_call c;
        float x = 0.7f;

        sparse_call_make(&c, &shapes[s], PARITY_RANDOM, 8);
        for (size_t i = 0; i < c.v.bytes / sizeof(uint16_t); i++)
            sparse_put(c.a.dtype, &x, (uint16_t *)c.v.p + i, 1);
        run_all(v, &c);
        for (size_t i = 0; i < c.o.bytes / sizeof(uint16_t); i++) {
            const float o = sparse_get(c.a.dtype, c.o.p, i), want = sparse_get(c.a.dtype, c.v.p, 0);

            if (o != 0) /* what sees nothing */
                CHECK_NEAR((double)o, (double)want, ulp);
        }
        sparse_call_release(&c, &any_case, &r);
        expect_clean(&r);
    }
}

/* Scores so large that one weight is 1: its V comes out. */
static void test_one_hot(const struct sparse_variant *v)
{
    static const struct parity_shape shape = { .what = "one hot", .dim = { 1, 600, 0 } };
    struct parity_report r = { 0 };
    struct sparse_call c;

    sparse_call_make(&c, &shape, PARITY_RANDOM, 9);
    for (int d = 0; d < 64; d++) {
        const float x = 30 * sparse_get(DTYPE_F16, c.k.p, (size_t)(333 * 64 + d));

        sparse_put(DTYPE_F16, &x, (uint16_t *)c.q.p + d, 1);
    }
    run_all(v, &c);
    CHECK(memcmp(c.o.p, (uint16_t *)c.v.p + 333 * 64, 64 * sizeof(uint16_t)) == 0);
    sparse_call_release(&c, &any_case, &r);
    expect_clean(&r);
}

static void test_variants(void)
{
    struct parity_op op = { .name = "sparse",
                            .shapes = sparse_shapes,
                            .n_shapes = SPARSE_SHAPES,
                            .inputs = PARITY_FINITE | 1 << PARITY_NAN,
                            .variant = name,
                            .needs = needs,
                            .run = run };
    const struct sparse_variant *v = sparse_variants(&op.n_variants);

    parity_walk(&op);
    for (int i = 0; i < op.n_variants; i++) {
        if (v[i].needs & ~cpu_here()->features)
            continue;
        test_ones(&v[i]);
        test_constant(&v[i]);
        test_one_hot(&v[i]);
    }
    op.n_variants = 1;
    op.inputs = 1 << PARITY_RANDOM;
    for (way = RIGHT + 1; way < WAYS; way++)
        parity_catches(&op);
    way = RIGHT;
}

int main(void)
{
    const struct parity_op op = { .name = "sparse",
                                  .shapes = sparse_shapes,
                                  .n_shapes = SPARSE_SHAPES,
                                  .inputs = PARITY_FINITE | 1 << PARITY_NAN,
                                  .n_variants = 1,
                                  .variant = reference_name,
                                  .needs = reference_needs,
                                  .run = reference };

    test_sizes();
    test_refused_blocks();
    test_refused_shapes();
    parity_walk(&op);
    test_reference_memory();
    test_variants();
    TEST_DONE();
}
