/* Activations to int8: against the definition in F64, the same bits on every code path, edges. */
#include <stdbool.h>
#include <stdint.h>

#include "core/mem.h"
#include "core/rng.h"
#include "kernels/dtype/act.h"
#include "kernels/dtype/act_quantizer.h"

#include "test.h"

enum { COLS = 2304 };

static const enum act_kind kinds[] = { ACT_Q8_32, ACT_Q8_256, ACT_Q8_ROW };

static size_t group_of(enum act_kind k)
{
    return k == ACT_Q8_32 ? 32 : k == ACT_Q8_256 ? 256 : COLS;
}

static double largest(const float *x, size_t n)
{
    double max = 0;

    for (size_t i = 0; i < n; i++)
        max = fabs((double)x[i]) > max ? fabs((double)x[i]) : max;
    return max;
}

/* q is x / d to within rounding: half a step, and the error of scale and product in F32. */
static void definition(enum act_kind k)
{
    size_t group = group_of(k);
    void *buffer = aligned_alloc(64, act_bytes(k, COLS));
    float x[COLS];
    struct act a;
    struct rng r;

    rng_init(&r, 5, k);
    for (int i = 0; i < COLS; i++)
        x[i] = (float)rng_normal(&r);
    x[5] = 0;
    act_quantize(k, x, COLS, buffer, &a);
    CHECK_EQ(a.kind, k);
    CHECK_EQ(a.cols, COLS);
    CHECK((const void *)a.q == buffer && a.x == NULL);
    CHECK((const char *)(a.sum + COLS / 16) <= (const char *)buffer + act_bytes(k, COLS));
    for (size_t g = 0; g < COLS / group; g++) {
        double max = largest(x + g * group, group);
        bool met = false;

        CHECK_NEAR(a.d[g], max / 127, max / 127 * 0x1p-24);
        for (size_t i = g * group; i < (g + 1) * group; i++) {
            met |= abs(a.q[i]) == 127;
            CHECK_NEAR(a.q[i], (double)x[i] * 127 / max, 0.5 + 127 * 0x1p-22);
        }
        CHECK(met);
    }
    for (int i = 0; i < COLS / 16; i++) {
        int s = 0;

        for (int j = 0; j < 16; j++)
            s += a.q[16 * i + j];
        CHECK_EQ(a.sum[i], s);
    }
    free(buffer);
}

/* Halves go to the even neighbour. */
static void ties(void)
{
    static const float x[32] = { 127, 0.5F, 1.5F, 2.5F, -0.5F, -1.5F, -2.5F, 125.5F, 126.5F };
    static const int want[] = { 127, 0, 2, 2, 0, -2, -2, 126, 126 };
    int n;
    const struct act_quantizer *path = act_quantizers(&n);

    for (int v = 0; v < n; v++) {
        int8_t q[32];
        int16_t sum[2];
        float d;

        if ((path[v].needs & ~cpu_here()->features) != 0)
            continue;
        path[v].groups(x, 32, 1, q, &d, sum);
        CHECK(d == 1);
        for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
            CHECK_EQ(q[i], want[i]);
    }
}

/* What a path gives, with bytes around it that must stay. */
struct output {
    int8_t q[COLS + 64];
    int16_t sum[COLS / 16 + 8];
    float d[COLS / 32 + 1];
};

static void run(const struct act_quantizer *path, const float *x, size_t group, size_t n,
                struct output *o)
{
    memset(o, 0x5a, sizeof(*o));
    path->groups(x, group, n, o->q, o->d, o->sum);
    CHECK(o->q[n * group] == 0x5a && o->sum[n * group / 16] == 0x5a5a);
    CHECK(memcmp(&o->d[n], "\x5a\x5a\x5a\x5a", 4) == 0);
}

static bool same(const struct act_quantizer *a, const struct act_quantizer *b, const float *x,
                 size_t group, size_t n)
{
    static struct output left, right;

    run(a, x, group, n, &left);
    run(b, x, group, n, &right);
    return memcmp(&left, &right, sizeof(left)) == 0;
}

/* Numbers that groups have trouble with, in each place in turn. */
static const float special[] = { NAN,      INFINITY, -INFINITY, 1e-45F, 1e-38F,
                                 1.9e-34F, 2e-34F,   3.4e38F,   -0.0F,  1e-30F };
enum { SPECIALS = sizeof(special) / sizeof(special[0]) };

static void one_path(const struct act_quantizer *scalar, const struct act_quantizer *path)
{
    static const struct {
        size_t group, n;
    } shape[] = { { 32, 1 },  { 32, 4 },   { 32, 7 },   { 32, 18 }, { 32, 72 }, { 256, 1 },
                  { 256, 9 }, { 64, 1 },   { 96, 2 },   { 192, 1 }, { 576, 1 }, { 576, 4 },
                  { 896, 1 }, { 1536, 1 }, { COLS, 1 }, { 32, 0 } };
    float x[COLS + 1];
    struct rng r;

    rng_init(&r, 6, 0);
    for (size_t round = 0; round < 320; round++) {
        size_t group = shape[round % 16].group, n = shape[round % 16].n;
        float scale = ldexpf(1, (int)rng_below(&r, 60) - 40);

        for (size_t i = 0; i <= n * group; i++)
            x[i] = (float)rng_normal(&r) * scale;
        CHECK(same(scalar, path, x + round / 16 % 2, group, n)); /* not aligned, too */
        for (size_t s = 0; s < SPECIALS && n > 0; s++) {
            size_t at = rng_below(&r, n * group);
            float kept = x[at];

            x[at] = special[s];
            CHECK(same(scalar, path, x, group, n));
            x[at] = kept;
        }
        memset(x, 0, sizeof(x));
        if (n > 0)
            x[rng_below(&r, n * group)] = special[round % SPECIALS];
        CHECK(same(scalar, path, x, group, n));
    }
}

static void all_paths(void)
{
    int n;
    const struct act_quantizer *path = act_quantizers(&n);

    for (int v = 1; v < n; v++)
        if ((path[v].needs & ~cpu_here()->features) != 0) {
            printf("%s: not on this CPU\n", path[v].name);
        } else {
            printf("%s\n", path[v].name);
            one_path(&path[0], &path[v]);
        }
}

/* A path that is wrong in one bit is seen. */
static void planted_groups(const float *x, size_t group, size_t n, int8_t *q, float *d,
                           int16_t *sum)
{
    act_scalar_groups(x, group, n, q, d, sum);
    q[n * group - 1] ^= 1;
}

static void planted(void)
{
    static const struct act_quantizer wrong = { "wrong", 0, planted_groups };
    float x[64] = { 1, 2, 3 };
    int n;

    CHECK(!same(act_quantizers(&n), &wrong, x, 32, 2));
}

static void edges(void)
{
    float x[64] = { 0 };
    _Alignas(64) char buffer[256];
    struct act a;

    CHECK(act_bytes(ACT_Q8_32, 64) <= sizeof(buffer));
    act_quantize(ACT_Q8_32, x, 64, buffer, &a);
    CHECK(a.d[0] == 0 && a.q[0] == 0 && a.sum[0] == 0);
    x[40] = NAN;
    x[3] = 1;
    act_quantize(ACT_Q8_32, x, 64, buffer, &a);
    CHECK(a.d[0] > 0 && isnan(a.d[1])); /* only its own group */
    x[40] = -INFINITY;
    act_quantize(ACT_Q8_ROW, x, 64, buffer, &a);
    CHECK(isnan(a.d[0]));
    act_quantize(ACT_F32, x, 64, NULL, &a);
    CHECK(a.x == x && a.q == NULL && a.d == NULL && a.cols == 64);
    CHECK_EQ(act_bytes(ACT_F32, 64), 0);
    CHECK_EQ(act_bytes(ACT_Q8_32, 0), 0);
    CHECK_EQ(act_bytes(ACT_Q8_32, 576) % 64, 0);
    CHECK_EQ(act_kind_of(DTYPE_BF16), ACT_F32);
    CHECK_EQ(act_kind_of(DTYPE_Q5_1), ACT_Q8_32);
    CHECK_EQ(act_kind_of(DTYPE_Q6_K), ACT_Q8_256);
    CHECK_EQ(act_kind_of(DTYPE_TQ2_64), ACT_Q8_ROW);
    CHECK_STR(act_kind_name(ACT_Q8_ROW), "int8 per row");
}

int main(void)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        definition(kinds[i]);
    ties();
    all_paths();
    planted();
    edges();
    TEST_DONE();
}
