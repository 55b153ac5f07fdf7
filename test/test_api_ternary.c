/* test_api_ternary.c - ternary weights through headroom.h: every encoding, norm, scales, threads,
 * against sums in F64, and everything that must be refused. */
#include <headroom.h>
#include <stdint.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "kernels/dtype/dtype.h"
#include "test.h"

enum { ROWS = 37, COLS = 192, N = 70, BLOCK = 64, BLOCK_BYTES = 18 };

struct data {
    int8_t w[ROWS][COLS];
    uint8_t packed[ROWS][COLS / 4], blocks[ROWS][COLS / BLOCK * BLOCK_BYTES];
    float scales[ROWS], norm[COLS], x[N][COLS];
};

static void make(struct data *d)
{
    const uint16_t one = f32_to_f16(1);
    struct rng rng;

    memset(d, 0, sizeof(*d));
    rng_init(&rng, 7, 0);
    for (int r = 0; r < ROWS; r++) {
        d->scales[r] = (float)rng_normal(&rng);
        for (int c = 0; c < COLS; c++) {
            const int code = (int)rng_below(&rng, 3), i = c % BLOCK;
            uint8_t *block = d->blocks[r] + c / BLOCK * BLOCK_BYTES;

            d->w[r][c] = (int8_t)(code - 1);
            d->packed[r][c / 4] = (uint8_t)(d->packed[r][c / 4] | code << 2 * (c % 4));
            block[i % 16] = (uint8_t)(block[i % 16] | code << 2 * (i / 16));
            memcpy(block + 16, &one, sizeof(one));
        }
    }
    for (int c = 0; c < COLS; c++)
        d->norm[c] = 1 + (float)rng_normal(&rng) / 4;
    for (int n = 0; n < N; n++)
        for (int c = 0; c < COLS; c++)
            d->x[n][c] = (float)rng_normal(&rng) * (n == 1 ? 1e-3f : 3);
}

/* What headroom.h says, in F64: of vector n and row r.  *tol: binary32 in the norm may move a value
 * that lies between two integers to the other one, and every product is rounded. */
static double answer(const struct data *d, const struct headroom_ternary_weights *w, int n, int r,
                     double *tol)
{
    double a[COLS], square = 0, peak = 0, sum = 0;
    double scale = w->scales ? (double)d->scales[r] : 1;
    int near = 0;

    for (int c = 0; c < COLS; c++)
        square += (double)d->x[n][c] * (double)d->x[n][c];
    for (int c = 0; c < COLS; c++) {
        a[c] = (double)d->x[n][c];
        if (w->norm)
            a[c] *= (double)d->norm[c] / sqrt(square / COLS + (double)w->eps);
        peak = fmax(peak, fabs(a[c]));
    }
    for (int c = 0; c < COLS; c++) {
        const double q = a[c] * 127 / peak, off = fabs(q - floor(q) - 0.5);

        near += off < 127 * 8 * 0x1p-24;
        sum += d->w[r][c] * nearbyint(q);
    }
    *tol = fabs(scale) * peak / 127 * (near + fabs(sum) * 16 * 0x1p-24 + 1e-6);
    return scale * sum * peak / 127;
}

static void check(const struct data *d, const struct headroom_ternary_weights *w,
                  const struct headroom_ternary_options *o, int n)
{
    static float y[N + 1][ROWS];
    struct headroom_ternary *t;

    CHECK_EQ(headroom_ternary_open(&t, w, o, NULL), 0);
    CHECK_STR(headroom_error_message(), "");
    if (!t)
        return;
    memset(y, 0xff, sizeof(y));
    CHECK_EQ(headroom_ternary_run(t, d->x[0], y[0], n, NULL), 0);
    for (int v = 0; v < n; v++)
        for (int r = 0; r < ROWS; r++) {
            double tol, want = answer(d, w, v, r, &tol);

            CHECK_NEAR((double)y[v][r], want, tol);
        }
    for (int r = 0; r < ROWS; r++)
        CHECK(isnan(y[n][r])); /* nothing behind the last */
    headroom_ternary_close(t);
}

static void test_answers(const struct data *d)
{
    const void *const codes[] = { [HEADROOM_TERNARY_2BIT] = d->packed,
                                  [HEADROOM_TERNARY_TQ2_64] = d->blocks,
                                  [HEADROOM_TERNARY_INT8] = d->w };
    struct headroom_ternary_options o = { .device = HEADROOM_CPU };
    const char *name;

    for (int i = 0; (name = headroom_ternary_variant_name(HEADROOM_CPU, i)); i++)
        for (int e = HEADROOM_TERNARY_2BIT; e <= HEADROOM_TERNARY_INT8; e++)
            for (int how = 0; how < 4; how++) {
                struct headroom_ternary_weights w = {
                    .rows = ROWS, .cols = COLS, .encoding = e, .codes = codes[e], .eps = 1e-5f
                };

                o.variant = name;
                o.threads = how + 1;
                w.scales = how & 1 ? d->scales : NULL;
                w.norm = how & 2 ? d->norm : NULL;
                check(d, &w, &o, how == 3 ? N : how);
            }
}

/* The same bits in whatever company, NaN not hidden. */
static void test_bits(struct data *d)
{
    const struct headroom_ternary_weights w = { .rows = ROWS,
                                                .cols = COLS,
                                                .encoding = HEADROOM_TERNARY_INT8,
                                                .codes = d->w,
                                                .norm = d->norm };
    const struct headroom_ternary_options o = { .device = HEADROOM_CPU, .threads = 2 };
    static float all[N][ROWS], one[ROWS];
    struct headroom_ternary *t;

    CHECK_EQ(headroom_ternary_open(&t, &w, &o, NULL), 0);
    CHECK(headroom_ternary_variant(t) != NULL);
    d->x[N - 1][5] = NAN;
    CHECK_EQ(headroom_ternary_run(t, d->x[0], all[0], N, NULL), 0);
    for (int n = 0; n < N; n++) {
        CHECK_EQ(headroom_ternary_run(t, d->x[n], one, 1, NULL), 0);
        CHECK(memcmp(one, all[n], sizeof(one)) == 0);
    }
    for (int r = 0; r < ROWS; r++)
        CHECK(isnan(all[N - 1][r]) && !isnan(all[N - 2][r]));
    headroom_ternary_close(t);
}

struct refusal {
    struct headroom_ternary_weights w;
    struct headroom_ternary_options o;
    int code;
    const char *says;
};

static void test_refusals(struct data *d)
{
    const struct headroom_ternary_weights w = { .rows = ROWS,
                                                .cols = COLS,
                                                .encoding = HEADROOM_TERNARY_2BIT,
                                                .codes = d->packed,
                                                .scales = d->scales };
    const struct headroom_ternary_options o = { .device = HEADROOM_CPU };
    struct refusal cases[] = {
        { w, o, HEADROOM_E_ARG, "0 rows" },       { w, o, HEADROOM_E_ARG, "of 100 weights" },
        { w, o, HEADROOM_E_ARG, "encoding 9" },   { w, o, HEADROOM_E_ARG, "codes is NULL" },
        { w, o, HEADROOM_E_ARG, "eps is -1" },    { w, o, HEADROOM_E_ARG, "eps is nan" },
        { w, o, HEADROOM_E_NOTSUP, "nonesuch" },  { w, o, HEADROOM_E_ARG, "flags 0x2" },
        { w, o, HEADROOM_E_ARG, "-1 threads" },   { w, o, HEADROOM_E_ARG, "device -2" },
        { w, o, HEADROOM_E_NOTSUP, "GPU 10000" },
    };
    struct headroom_ternary *t;
    int n = 0;

    cases[n++].w.rows = 0;
    cases[n++].w.cols = 100;
    cases[n++].w.encoding = 9;
    cases[n++].w.codes = NULL;
    cases[n++].w.eps = -1;
    cases[n++].w.eps = NAN;
    cases[n++].o.variant = "nonesuch";
    cases[n++].o.flags = 2;
    cases[n++].o.threads = -1;
    cases[n++].o.device = -2;
    cases[n].o.device = 10000;
    if (headroom_gpus() > 0) { /* there are GPUs, but not so many */
        cases[n].code = HEADROOM_E_ARG;
        cases[n].says = "expected 0 ..";
    }
    for (int i = 0; i <= n; i++) {
        t = (struct headroom_ternary *)1;
        CHECK_EQ(headroom_ternary_open(&t, &cases[i].w, &cases[i].o, NULL), cases[i].code);
        CHECK(t == NULL);
        if (!strstr(headroom_error_message(), cases[i].says)) {
            fprintf(stderr, "\"%s\" does not say \"%s\"\n", headroom_error_message(),
                    cases[i].says);
            CHECK(!"message");
        }
    }
    CHECK_EQ(headroom_ternary_open(NULL, &w, &o, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_ternary_open(&t, NULL, &o, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_ternary_open(&t, &w, NULL, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_ternary_open(&t, &w, &o, d), HEADROOM_E_ARG); /* a stream */
    CHECK_EQ(headroom_ternary_run(NULL, d->x[0], d->x[1], 1, NULL), HEADROOM_E_ARG);
    headroom_ternary_close(NULL);
    CHECK(headroom_ternary_variant(NULL) == NULL);
    CHECK(headroom_ternary_variant_name(HEADROOM_CPU, -1) == NULL);
    CHECK(headroom_ternary_variant_name(-7, 0) == NULL);
    CHECK_EQ(headroom_ternary_open(&t, &w, &o, NULL), 0);
    CHECK_EQ(headroom_ternary_run(t, NULL, d->x[1], 1, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_ternary_run(t, d->x[0], NULL, 1, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_ternary_run(t, d->x[0], d->x[1], -1, NULL), HEADROOM_E_ARG);
    CHECK_EQ(headroom_ternary_run(t, d->x[0], d->x[1], 1, d), HEADROOM_E_ARG);
    CHECK_EQ(headroom_ternary_run(t, NULL, NULL, 0, NULL), 0);
    headroom_ternary_close(t);
}

/* What is no weight, in each encoding. */
static void test_codes(struct data *d)
{
    const void *const codes[] = { [HEADROOM_TERNARY_2BIT] = d->packed,
                                  [HEADROOM_TERNARY_TQ2_64] = d->blocks,
                                  [HEADROOM_TERNARY_INT8] = d->w };
    const struct headroom_ternary_options o = { .device = HEADROOM_CPU };
    struct headroom_ternary *t;

    d->w[3][100] = 2;
    d->packed[3][25] |= 3;
    d->blocks[3][BLOCK_BYTES + 4] |= 3 << 4;
    for (int e = HEADROOM_TERNARY_2BIT; e <= HEADROOM_TERNARY_INT8; e++) {
        const struct headroom_ternary_weights w = {
            .rows = ROWS, .cols = COLS, .encoding = e, .codes = codes[e]
        };

        CHECK_EQ(headroom_ternary_open(&t, &w, &o, NULL), HEADROOM_E_FORMAT);
        CHECK(strstr(headroom_error_message(), "row 3") != NULL);
    }
    make(d);
    d->scales[4] = INFINITY;
    CHECK_EQ(
        headroom_ternary_open(&t,
                              &(struct headroom_ternary_weights){ .rows = ROWS,
                                                                  .cols = COLS,
                                                                  .encoding = HEADROOM_TERNARY_INT8,
                                                                  .codes = d->w,
                                                                  .scales = d->scales },
                              &o, NULL),
        HEADROOM_E_ARG);
    CHECK(strstr(headroom_error_message(), "row 4") != NULL);
    make(d);
}

/* The n-th allocation fails, for every n until none does; running allocates nothing. */
static void test_memory(const struct data *d)
{
    const struct headroom_ternary_weights w = { .rows = ROWS,
                                                .cols = COLS,
                                                .encoding = HEADROOM_TERNARY_2BIT,
                                                .codes = d->packed,
                                                .scales = d->scales,
                                                .norm = d->norm };
    const struct headroom_ternary_options o = { .device = HEADROOM_CPU, .threads = 2 };
    static float y[N][ROWS];
    struct headroom_ternary *t = NULL;
    uint64_t before;
    int n = 0;

    do {
        mem_fail_at((uint64_t)++n);
    } while (headroom_ternary_open(&t, &w, &o, NULL) == HEADROOM_E_NOMEM && n < 100);
    mem_fail_at(0);
    CHECK(t != NULL && n > 5 && n < 100);
    before = mem_count();
    CHECK_EQ(headroom_ternary_run(t, d->x[0], y[0], N, NULL), 0);
    CHECK_EQ(mem_count(), before);
    headroom_ternary_close(t);
}

int main(void)
{
    static struct data d;

    make(&d);
    test_answers(&d);
    test_bits(&d);
    make(&d);
    test_refusals(&d);
    test_codes(&d);
    test_memory(&d);
    TEST_DONE();
}
