/* kernels.attention.sparse as it is measured: through the worker, with right and wrong kernels; the
 * settings of its rows. */
#include "test.h"

#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"

#include "../src/kernels/attention_sparse.c"

static const struct device cpu = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };

const struct bench *const bench_table[] = { &bench_kernels_attention_sparse, NULL };

/* The mistakes to be caught after the timing, each made after a right call. */
enum { ONE_POSITION, LSE, NOT_ZERO, OTHER_BITS, ALL_BY_A_THOUSANDTH };
static int mistake;

static void scale_output(struct cpu_state *s, size_t i, float factor)
{
    uint16_t *o = (uint16_t *)s->a.o + i;

    *o = f32_to_f16(factor * f16_to_f32(*o));
}

/* A position that sees something, and one that sees nothing. */
static size_t position(const struct cpu_state *s, bool sees)
{
    size_t i = sparse_bench_lse_bytes(&s->b) / sizeof(float) - 1;

    while (i > 0 && (s->a.lse[i] != -INFINITY) != sees)
        i--;
    return i;
}

static int wrong_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct cpu_state *s = state;
    int rc = cpu_once(c, state, e);
    const size_t values = sparse_case_q_bytes(&s->b.k) / sizeof(uint16_t);
    const size_t seeing = position(s, true), blind = position(s, false);

    if (mistake == ONE_POSITION)
        for (size_t i = 0; i < 64; i++)
            scale_output(s, seeing * 64 + i, 1.01f);
    if (mistake == LSE)
        s->a.lse[seeing] += 0.01f;
    if (mistake == NOT_ZERO)
        ((uint16_t *)s->a.o)[blind * 64] = 1;
    if (mistake == OTHER_BITS)
        ((uint16_t *)s->a.o)[seeing * 64] ^= 1;
    for (size_t i = 0; mistake == ALL_BY_A_THOUSANDTH && i < values; i++)
        scale_output(s, i, 1.001f);
    return rc;
}

static void measure(const struct bench *b, const char *settings, struct result *out)
{
    struct worker_options o = { .seed = 1, .dir = "/tmp", .target = 0.01 };
    struct worker *w = NULL;
    struct params point;
    struct err e = { 0 };

    CHECK_EQ(plan_point_on(b, DEVICE_CPU, settings, &point, &e), 0);
    CHECK_EQ(worker_open(&w, &o, &e), 0);
    CHECK_EQ(worker_case(w, b, &cpu, &point, 0.05, out), 0);
    worker_close(w);
}

#define SMALL "case=uniform density=10 atoms=700"

static double property(const struct result *r, const char *name)
{
    const struct result_property *p = result_find(r, name);

    CHECK(p != NULL);
    return p ? p->value : (double)NAN;
}

static void test_right(void)
{
    static const char *const settings[] = {
        SMALL,
        SMALL " masks=bits",
        SMALL " dtype=bf16 dim=128 queries=2",
        "case=diagonal atoms=1000",
        "case=protein atoms=300 cutoff=5 masks=bits",
        "case=protein structure=fuzz/corpus/atoms/water.cif cutoff=3 masks=bits",
    };

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        struct result r;

        measure(&bench_kernels_attention_sparse, settings[i], &r);
        CHECK_EQ(r.status, RESULT_OK);
        CHECK_STR(r.reason, "");
        CHECK(r.check.passed_before && r.check.passed_after);
        CHECK(r.check.error > 0 && r.check.error < r.check.tolerance);
        CHECK(property(&r, "blocks") > 0);
        result_release(&r);
    }
}

/* 6 atoms in one block: 6 x 6 scores a head; Q, K, V, O of 6 x 64 values, 6 LSE, 2 list entries and
 * one column, a mask and its number. */
static void test_counts(void)
{
    struct result r;

    measure(&bench_kernels_attention_sparse,
            "case=protein structure=fuzz/corpus/atoms/water.pdb cutoff=3 masks=bits", &r);
    CHECK_NEAR(r.work.flops, 8 * 4 * 36 * 64, 0);
    CHECK_NEAR(r.work.bytes[WORK_CACHE], 8 * (4 * 6 * 64 * 2 + 6 * 4) + 9 * 4 + 8 * 8 + 2048, 0);
    CHECK_NEAR(r.work.items, 1, 0);
    CHECK_NEAR(property(&r, "heads"), 8, 0);
    CHECK_NEAR(property(&r, "positions"), 6, 0);
    CHECK_NEAR(property(&r, "density"), 100, 0);
    result_release(&r);
}

static void test_wrong_has_no_number(void)
{
    static const char *const why[] = { "in one position", "an LSE is off", "that see nothing",
                                       "not the same bits", "is off F64 by" };
    struct bench wrong = bench_kernels_attention_sparse;

    wrong.once = wrong_once;
    for (mistake = ONE_POSITION; mistake <= ALL_BY_A_THOUSANDTH; mistake++) {
        struct result r;

        measure(&wrong, "case=uniform density=10 atoms=1000", &r);
        CHECK_EQ(r.status, RESULT_FAILED);
        if (!strstr(r.reason, why[mistake]))
            fprintf(stderr, "\"%s\" does not say \"%s\"\n", r.reason, why[mistake]);
        CHECK(strstr(r.reason, why[mistake]) != NULL);
        CHECK(isnan(r.value));
        result_release(&r);
    }
}

static void differs(const struct sparse_bench *s, const uint16_t *o, const float *lse,
                    const void *other_o, const float *other_lse, const char *why)
{
    struct err e = { 0 };

    CHECK_EQ(sparse_bench_compare(s, 1, o, lse, other_o, other_lse, &e), ERR_MISMATCH);
    if (!strstr(e.msg, why))
        fprintf(stderr, "\"%s\" does not say \"%s\"\n", e.msg, why);
    CHECK(strstr(e.msg, why) != NULL);
}

/* Two variants' outputs of 130 positions, of which the last see nothing. */
static void test_compare(void)
{
    enum { N = 130, DIM = 64 };
    struct sparse_bench s = { .k = { .p = { .heads = 2, .q_len = N }, .a = { .dim = DIM } } };
    uint16_t o[N * DIM], other[N * DIM];
    float lse[N], other_lse[N];

    s.k.a.dtype = DTYPE_F16;
    for (int i = 0; i < N * DIM; i++)
        other[i] = o[i] = i < (N - 2) * DIM ? f32_to_f16((float)(i % 17 - 8)) : 0;
    for (int i = 0; i < N; i++)
        other_lse[i] = lse[i] = i < N - 2 ? 3.5f : -INFINITY;
    CHECK_EQ(sparse_bench_compare(&s, 1, o, lse, other, other_lse, NULL), 0);
    o[5 * DIM + 3] ^= 0x0100; /* by a quarter */
    differs(&s, o, lse, other, other_lse, "in one position");
    o[5 * DIM + 3] = 0x7e00;
    differs(&s, o, lse, other, other_lse, "nan");
    o[5 * DIM + 3] = other[5 * DIM + 3];
    lse[0] += 0.01f;
    differs(&s, o, lse, other, other_lse, "an LSE is off the simple variant");
    lse[0] = NAN;
    differs(&s, o, lse, other, other_lse, "an LSE is off the simple variant");
    lse[0] = 3.5f;
    o[N * DIM - 1] = 1;
    differs(&s, o, lse, other, other_lse, "1 positions that see nothing");
    o[N * DIM - 1] = 0;
    lse[N - 1] = 0;
    differs(&s, o, lse, other, other_lse, "1 positions that see nothing");
}

/* Axes that mean nothing are left out; what fits no head is refused. */
static void test_settings(void)
{
    static const struct {
        unsigned device;
        const char *set, *want;
    } cases[] = {
        { DEVICE_CPU, "",
          "case=heads blocks=800 queries=1 dtype=f16 dim=64 masks=none threads=all variant=best" },
        { DEVICE_GPU, "case=diagonal",
          "case=diagonal atoms=100000 queries=1 dtype=f16 dim=64 masks=none mode=fast "
          "timing=graph variant=best" },
        { DEVICE_GPU, "case=protein structure=./a.cif masks=bits",
          "case=protein cutoff=10 structure=./a.cif queries=1 dtype=f16 dim=64 masks=bits "
          "mode=fast timing=graph variant=best" },
        { DEVICE_CPU, "case=uniform density=5 threads=one",
          "case=uniform atoms=100000 density=5 queries=1 dtype=f16 dim=64 masks=none threads=one "
          "variant=best" },
    };
    struct result r;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct params p;
        struct err e = { 0 };
        char text[400];

        CHECK_EQ(
            plan_point_on(&bench_kernels_attention_sparse, cases[i].device, cases[i].set, &p, &e),
            0);
        params_format(&p, text, sizeof(text));
        CHECK_STR(text, cases[i].want);
    }
    measure(&bench_kernels_attention_sparse, "blocks=700", &r);
    CHECK_EQ(r.status, RESULT_FAILED);
    CHECK(strstr(r.reason, "expected a multiple of 200") != NULL);
    result_release(&r);
    measure(&bench_kernels_attention_sparse,
            "case=protein structure=fuzz/corpus/atoms/blank.pdb masks=bits", &r);
    CHECK_EQ(r.status, RESULT_FAILED);
    CHECK(strstr(r.reason, "fuzz/corpus/atoms/blank.pdb:6: ") != NULL);
    result_release(&r);
    measure(&bench_kernels_attention_sparse, "case=uniform density=100 atoms=4000000", &r);
    CHECK_EQ(r.status, RESULT_SKIPPED);
    CHECK(strstr(r.reason, "does not fit") != NULL);
    result_release(&r);
}

int main(void)
{
    test_settings();
    test_right();
    test_counts();
    test_compare();
    test_wrong_has_no_number();
    TEST_DONE();
}
