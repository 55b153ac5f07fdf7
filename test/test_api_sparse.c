/* test_api_sparse.c - block-sparse attention through headroom.h, on the CPU: against a plain loop
 * over all scores in F64, and everything that must be refused. */
#include <headroom.h>
#include <stdint.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "kernels/dtype/dtype.h"
#include "test.h"

/* Two heads; list 1 of head 0 is empty, one block has a mask that leaves two positions nothing. */
enum { HEADS = 2, Q_LEN = 200, KV_LEN = 300, DIM = 64, BLOCKS = 6 };
static const int32_t row_ptr[] = { 0, 2, 2, 5, 6 };
static const int32_t col[] = { 0, 2, 0, 1, 2, 1 };
static const int32_t mask[] = { -1, 1, 0, -1, -1, 1 };
static uint32_t masks[2][128][4];
static struct headroom_sparse_lists lists = {
    .heads = HEADS,
    .q_len = Q_LEN,
    .kv_len = KV_LEN,
    .n_masks = 2,
    .n_blocks = BLOCKS,
    .row_ptr = row_ptr,
    .col = col,
    .mask = mask,
    .masks = masks[0][0],
};
static const struct headroom_sparse_options on_cpu = {
    .device = HEADROOM_CPU, .dtype = HEADROOM_F16, .dim = DIM, .threads = 2
};

struct data {
    _Alignas(16) uint16_t q[HEADS][Q_LEN][DIM], k[HEADS][KV_LEN][DIM], v[HEADS][KV_LEN][DIM];
    _Alignas(16) uint16_t o[HEADS * Q_LEN + 1][DIM];
    _Alignas(16) float lse[HEADS * Q_LEN + 1];
};

static float value_of(int dtype, uint16_t bits)
{
    return dtype == HEADROOM_F16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

static void fill(uint16_t *to, size_t n, int dtype, struct rng *rng)
{
    for (size_t i = 0; i < n; i++) {
        const float x = (float)rng_normal(rng);

        to[i] = dtype == HEADROOM_F16 ? f32_to_f16(x) : f32_to_bf16(x);
    }
}

static void make(struct data *d, int dtype)
{
    struct rng rng;

    rng_init(&rng, 3, 0);
    fill(d->q[0][0], HEADS * Q_LEN * DIM, dtype, &rng);
    fill(d->k[0][0], HEADS * KV_LEN * DIM, dtype, &rng);
    fill(d->v[0][0], HEADS * KV_LEN * DIM, dtype, &rng);
    for (int m = 0; m < 2; m++)
        for (int i = 0; i < 128; i++)
            for (int w = 0; w < 4; w++)
                masks[m][i][w] = m == 1 && i < 2 ? 0 : (uint32_t)rng_u64(&rng);
}

static bool there(int h, int i, int j)
{
    const int list = h * 2 + i / 128;

    for (int b = row_ptr[list]; b < row_ptr[list + 1]; b++)
        if (col[b] == j / 128)
            return mask[b] < 0 || (masks[mask[b]][i % 128][j % 128 / 32] >> j % 32 & 1);
    return false;
}

/* Position i of head h in F64. */
static double answer(const struct data *d, int dtype, double scale, int h, int i, double o[DIM])
{
    static double p[KV_LEN];
    double most = -(double)INFINITY, total = 0;

    memset(o, 0, DIM * sizeof(*o));
    for (int j = 0; j < KV_LEN; j++) {
        p[j] = -(double)INFINITY;
        if (!there(h, i, j))
            continue;
        p[j] = 0;
        for (int c = 0; c < DIM; c++)
            p[j] += scale * (double)value_of(dtype, d->q[h][i][c]) *
                    (double)value_of(dtype, d->k[h][j][c]);
        most = fmax(most, p[j]);
    }
    if (isinf(most))
        return most;
    for (int j = 0; j < KV_LEN; j++)
        total += exp(p[j] - most);
    for (int j = 0; j < KV_LEN; j++)
        for (int c = 0; c < DIM; c++)
            o[c] += exp(p[j] - most) / total * (double)value_of(dtype, d->v[h][j][c]);
    return most + log(total);
}

/* How far outputs are from the answer, in units of what rounding explains: each weight and each
 * output to the type, LSE to binary32.  At most 1 is right; NaN is not. */
static double error_of(const struct data *d, int dtype, float scale)
{
    const double eps = dtype == HEADROOM_F16 ? 0x1p-11 : 0x1p-8;
    const uint16_t *v = (const uint16_t *)d->v;
    double most_v = 0, worst = 0;

    for (int i = 0; i < HEADS * KV_LEN * DIM; i++)
        most_v = fmax(most_v, fabs((double)value_of(dtype, v[i])));
    for (int i = 0; i < HEADS * Q_LEN; i++) {
        const double got = (double)d->lse[i];
        double o[DIM], l = answer(d, dtype, (double)scale, i / Q_LEN, i % Q_LEN, o);
        double error = got == l ? 0 : fabs(got - l) / 1e-4;

        for (int c = 0; c < DIM; c++) { /* fmax would drop NaN */
            const double off = fabs((double)value_of(dtype, d->o[i][c]) - o[c]) /
                               (eps * (fabs(o[c]) + 1.01 * most_v));

            if (!(off <= error))
                error = isnan(off) ? HUGE_VAL : off;
        }
        if (!(error <= worst))
            worst = isnan(error) ? HUGE_VAL : error;
    }
    return worst;
}

static void test_answers(struct data *d)
{
    const char *name;

    for (int i = 0; (name = headroom_sparse_variant_name(HEADROOM_CPU, i)); i++)
        for (int dtype = HEADROOM_F16; dtype <= HEADROOM_BF16; dtype++) {
            struct headroom_sparse_options o = on_cpu;
            struct headroom_sparse *s;

            make(d, dtype);
            memset(d->o, 0xff, sizeof(d->o));
            memset(d->lse, 0xff, sizeof(d->lse));
            o.dtype = dtype;
            o.variant = name;
            CHECK_EQ(headroom_sparse_open(&s, &lists, &o, NULL), 0);
            CHECK_STR(headroom_error_message(), "");
            CHECK_STR(headroom_sparse_variant(s), name);
            CHECK_EQ(headroom_sparse_run(s, d->q, d->k, d->v, d->o, d->lse, 0.125f, NULL), 0);
            CHECK(error_of(d, dtype, 0.125f) <= 1);
            for (int c = 0; c < DIM; c++) /* nothing behind the last */
                CHECK(d->o[HEADS * Q_LEN][c] == 0xffff);
            CHECK(isnan(d->lse[HEADS * Q_LEN]));
            CHECK_EQ(headroom_sparse_run(s, d->q, d->k, d->v, d->o, NULL, 0.125f, NULL), 0);
            headroom_sparse_close(s);
        }
    CHECK(headroom_sparse_variant_name(HEADROOM_CPU, 0) != NULL);
}

/* A wrong answer must not pass, in what test_answers left. */
static void test_planted(struct data *d)
{
    d->o[Q_LEN + 7][3] ^= 0x0080; /* twice or half of it */
    CHECK(error_of(d, HEADROOM_BF16, 0.125f) > 1);
    d->o[Q_LEN + 7][3] ^= 0x0080;
    CHECK(error_of(d, HEADROOM_BF16, 0.125f) <= 1);
    d->o[5][0] = 0x7fc0; /* NaN */
    CHECK(error_of(d, HEADROOM_BF16, 0.125f) > 1);
    d->o[5][0] = 0;
    d->lse[9] += 0.01f;
    CHECK(error_of(d, HEADROOM_BF16, 0.125f) > 1);
}

struct refusal {
    struct headroom_sparse_lists l;
    struct headroom_sparse_options o;
    int code;
    const char *says;
};

static void refuses(const struct refusal *c)
{
    struct headroom_sparse *s = (struct headroom_sparse *)1;

    CHECK_EQ(headroom_sparse_open(&s, &c->l, &c->o, NULL), c->code);
    CHECK(s == NULL);
    if (!strstr(headroom_error_message(), c->says)) {
        fprintf(stderr, "\"%s\" does not say \"%s\"\n", headroom_error_message(), c->says);
        CHECK(!"message");
    }
}

static void test_lists(void)
{
    static const int32_t falling[] = { 0, 3, 2, 5, 6 }, late[] = { 1, 2, 2, 5, 6 };
    static const int32_t far[] = { 0, 2, 0, 3, 2, 1 }, below[] = { 0, 2, -1, 1, 2, 1 };
    static const int32_t twice[] = { 0, 2, 1, 1, 2, 1 }, unsorted[] = { 2, 0, 0, 1, 2, 1 };
    static const int32_t no_mask[] = { -1, 2, 0, -1, -1, 1 }, minus[] = { -1, -2, 0, -1, -1, 1 };
    struct refusal c[] = {
        { lists, on_cpu, HEADROOM_E_ARG, "head 0, block row 1: row_ptr falls from 3 to 2" },
        { lists, on_cpu, HEADROOM_E_ARG, "row_ptr begins with 1" },
        { lists, on_cpu, HEADROOM_E_ARG, "row_ptr is NULL" },
        { lists, on_cpu, HEADROOM_E_ARG, "row_ptr ends with 6, expected n_blocks, 5" },
        { lists, on_cpu, HEADROOM_E_ARG, "-1 blocks" },
        { lists, on_cpu, HEADROOM_E_ARG, "head 1, block row 0: block column 3 is not in 0 .. 2" },
        { lists, on_cpu, HEADROOM_E_ARG, "head 1, block row 0: block column -1" },
        { lists, on_cpu, HEADROOM_E_ARG, "block column 1 is there twice" },
        { lists, on_cpu, HEADROOM_E_ARG, "block column 0 comes after 2" },
        { lists, on_cpu, HEADROOM_E_ARG, "col is NULL" },
        { lists, on_cpu, HEADROOM_E_ARG, "has mask 2, expected -1 .. 1" },
        { lists, on_cpu, HEADROOM_E_ARG, "has mask -2" },
        { lists, on_cpu, HEADROOM_E_ARG, "masks is NULL" },
        { lists, on_cpu, HEADROOM_E_ARG, "none below 0" },
        { lists, on_cpu, HEADROOM_E_ARG, "expected fewer than" },
    };
    int n = 0;

    c[n++].l.row_ptr = falling;
    c[n++].l.row_ptr = late;
    c[n++].l.row_ptr = NULL;
    c[n++].l.n_blocks = 5;
    c[n++].l.n_blocks = -1;
    c[n++].l.col = far;
    c[n++].l.col = below;
    c[n++].l.col = twice;
    c[n++].l.col = unsorted;
    c[n++].l.col = NULL;
    c[n++].l.mask = no_mask;
    c[n++].l.mask = minus;
    c[n++].l.masks = NULL;
    c[n++].l.heads = -1;
    c[n].l.heads = c[n].l.q_len = INT32_MAX;
    for (int i = 0; i <= n; i++)
        refuses(&c[i]);
}

static void test_options(void)
{
    struct refusal c[] = {
        { lists, on_cpu, HEADROOM_E_ARG, "dtype 0" },
        { lists, on_cpu, HEADROOM_E_ARG, "dim 96" },
        { lists, on_cpu, HEADROOM_E_ARG, "flags 0x4" },
        { lists, on_cpu, HEADROOM_E_ARG, "reserved 1" },
        { lists, on_cpu, HEADROOM_E_ARG, "5000 threads" },
        { lists, on_cpu, HEADROOM_E_NOTSUP, "no variant \"nonesuch\"" },
        { lists, on_cpu, HEADROOM_E_ARG, "device -5" },
    };
    struct headroom_sparse *s;
    int n = 0;

    c[n++].o.dtype = 0;
    c[n++].o.dim = 96;
    c[n++].o.flags = 4;
    c[n++].o.reserved = 1;
    c[n++].o.threads = 5000;
    c[n++].o.variant = "nonesuch";
    c[n].o.device = -5;
    for (int i = 0; i <= n; i++)
        refuses(&c[i]);
    CHECK_EQ(headroom_sparse_open(NULL, &lists, &on_cpu, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_sparse_open(&s, NULL, &on_cpu, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_sparse_open(&s, &lists, NULL, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_sparse_open(&s, &lists, &on_cpu, &s), HEADROOM_E_ARG);
    CHECK(strstr(headroom_error_message(), "no streams") != NULL);
    if (headroom_gpus() == 0) {
        struct headroom_sparse_options gpu = on_cpu;

        CHECK(headroom_error_message()[0] != '\0');
        gpu.device = 0;
        CHECK_EQ(headroom_sparse_open(&s, &lists, &gpu, NULL), HEADROOM_E_NOTSUP);
        CHECK(headroom_error_message()[0] != '\0');
        CHECK(headroom_sparse_variant_name(0, 0) == NULL);
        CHECK_EQ(headroom_sync(0, NULL), HEADROOM_E_NOTSUP);
    }
}

static void test_runs(struct data *d)
{
    struct headroom_sparse *s;

    CHECK_EQ(headroom_sparse_open(&s, &lists, &on_cpu, NULL), 0);
    CHECK_EQ(headroom_sparse_run(NULL, d->q, d->k, d->v, d->o, NULL, 1, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_sparse_run(s, NULL, d->k, d->v, d->o, NULL, 1, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_sparse_run(s, d->q, NULL, d->v, d->o, NULL, 1, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_sparse_run(s, d->q, d->k, NULL, d->o, NULL, 1, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_sparse_run(s, d->q, d->k, d->v, NULL, NULL, 1, NULL), HEADROOM_E_ARG);
    CHECK_STR(headroom_error_message(), "o is NULL");
    CHECK_EQ(headroom_sparse_run(s, d->q[0][0] + 4, d->k, d->v, d->o, NULL, 1, NULL),
             HEADROOM_E_ARG);
    CHECK_STR(headroom_error_message(), "q is not aligned to 16 bytes");
    CHECK_EQ(headroom_sparse_run(s, d->q, d->k, d->v, d->o, d->lse + 1, 1, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_sparse_run(s, d->q, d->k, d->v, d->o, NULL, NAN, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_sparse_run(s, d->q, d->k, d->v, d->o, NULL, 1, d), HEADROOM_E_ARG);
    headroom_sparse_close(s);
    headroom_sparse_close(NULL);
    CHECK(headroom_sparse_variant(NULL) == NULL);
    CHECK(headroom_sparse_variant_name(HEADROOM_CPU, -1) == NULL);
}

/* No heads, no positions, no keys. */
static void test_empty(struct data *d)
{
    static const int32_t none[] = { 0, 0, 0 };
    struct headroom_sparse_lists l = { .row_ptr = none };
    struct headroom_sparse *s;

    CHECK_EQ(headroom_sparse_open(&s, &l, &on_cpu, NULL), 0);
    CHECK_EQ(headroom_sparse_run(s, NULL, NULL, NULL, NULL, NULL, 1, NULL), 0);
    headroom_sparse_close(s);
    l.heads = 2;
    l.q_len = 1;
    CHECK_EQ(headroom_sparse_open(&s, &l, &on_cpu, NULL), 0);
    memset(d->o, 0xff, sizeof(d->o));
    CHECK_EQ(headroom_sparse_run(s, d->q, NULL, NULL, d->o, d->lse, 1, NULL), 0);
    for (int c = 0; c < DIM; c++)
        CHECK(d->o[0][c] == 0 && d->o[1][c] == 0 && d->o[2][c] == 0xffff);
    CHECK(d->lse[1] == -INFINITY);
    headroom_sparse_close(s);
}

static void test_memory(void)
{
    struct headroom_sparse *s = NULL;
    int n = 0;

    do {
        mem_fail_at((uint64_t)++n);
    } while (headroom_sparse_open(&s, &lists, &on_cpu, NULL) == HEADROOM_E_NOMEM && n < 100);
    mem_fail_at(0);
    CHECK(s != NULL && n > 5 && n < 100);
    headroom_sparse_close(s);
}

static void test_devices(void)
{
    struct headroom_device d;

    CHECK_EQ(headroom_abi_version(), HEADROOM_ABI_VERSION);
    CHECK(headroom_version()[0] != '\0');
    CHECK_EQ(headroom_device(HEADROOM_CPU, &d), 0);
    CHECK(d.name[0] != '\0' && d.units > 0 && d.capability == 0);
    CHECK_EQ(headroom_device(HEADROOM_CPU, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_device(-2, &d), HEADROOM_E_ARG);
    CHECK(headroom_device(100000, &d) < 0 && headroom_error_message()[0] != '\0');
    CHECK_EQ(headroom_sync(HEADROOM_CPU, NULL), 0);
    CHECK_STR(headroom_error_message(), "");
}

int main(void)
{
    static struct data d;

    test_devices();
    test_answers(&d);
    test_planted(&d);
    test_lists();
    test_options();
    test_runs(&d);
    test_empty(&d);
    test_memory();
    TEST_DONE();
}
