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
        double max = 0;
        int extreme = 0;

        for (size_t i = g * group; i < (g + 1) * group; i++) {
            max = fmax(max, fabs((double)x[i]));
            extreme = abs(a.q[i]) > extreme ? abs(a.q[i]) : extreme;
        }
        CHECK_NEAR(a.d[g], max / 127, max / 127 * 0x1p-24);
        CHECK_EQ(extreme, 127);
        for (size_t i = g * group; i < (g + 1) * group; i++)
            CHECK_NEAR(a.q[i], (double)x[i] * 127 / max, 0.5 + 127 * 0x1p-22);
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
        path[v].group(x, 32, q, &d, sum);
        CHECK(d == 1);
        for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
            CHECK_EQ(q[i], want[i]);
    }
}

/* What a path gives, with bytes around it that must stay. */
struct output {
    int8_t q[COLS + 64];
    int16_t sum[COLS / 16 + 8];
    float d[2];
};

static void run(const struct act_quantizer *path, const float *x, size_t n, struct output *o)
{
    memset(o, 0x5a, sizeof(*o));
    path->group(x, n, o->q, o->d, o->sum);
    CHECK(o->q[n] == 0x5a && o->sum[n / 16] == 0x5a5a);
}

static bool same(const struct act_quantizer *a, const struct act_quantizer *b, const float *x,
                 size_t n)
{
    static struct output left, right;

    run(a, x, n, &left);
    run(b, x, n, &right);
    return memcmp(&left, &right, sizeof(left)) == 0;
}

static void all_paths(void)
{
    static const size_t sizes[] = { 32, 64, 96, 256, 576, COLS };
    static const float special[] = { NAN,      INFINITY, -INFINITY, 1e-45F, 1e-38F,
                                     1.9e-34F, 2e-34F,   3.4e38F,   -0.0F,  1e-30F };
    int n;
    const struct act_quantizer *path = act_quantizers(&n);
    float x[COLS + 1];
    struct rng r;

    rng_init(&r, 6, 0);
    for (int v = 1; v < n; v++) {
        if ((path[v].needs & ~cpu_here()->features) != 0) {
            printf("%s: not on this CPU\n", path[v].name);
            continue;
        }
        printf("%s\n", path[v].name);
        for (int round = 0; round < 200; round++) {
            size_t cols = sizes[(size_t)round % 6];
            float scale = ldexpf(1, (int)rng_below(&r, 60) - 40);

            for (size_t i = 0; i <= cols; i++)
                x[i] = (float)rng_normal(&r) * scale;
            CHECK(same(&path[0], &path[v], x + round % 2, cols)); /* not aligned, too */
            for (size_t s = 0; s < sizeof(special) / sizeof(special[0]); s++) {
                float kept = x[3 * s + 1];

                x[3 * s + 1] = special[s];
                CHECK(same(&path[0], &path[v], x, cols));
                x[3 * s + 1] = kept;
            }
            memset(x, 0, sizeof(x));
            x[cols - 1] = special[round % 10];
            CHECK(same(&path[0], &path[v], x, cols));
        }
    }
}

/* A path that is wrong in one bit is seen. */
static void planted_group(const float *x, size_t n, int8_t *q, float *d, int16_t *sum)
{
    act_scalar_group(x, n, q, d, sum);
    q[n - 1] ^= 1;
}

static void planted(void)
{
    static const struct act_quantizer wrong = { "wrong", 0, planted_group };
    float x[64] = { 1, 2, 3 };
    int n;

    CHECK(!same(act_quantizers(&n), &wrong, x, 64));
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
