/* Chains of operations, as one step and as several: the checks against wrong outputs, and rows
 * through the worker. */
#include <math.h>
#include <stdlib.h>

#include "test.h"

#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/rng.h"
#include "core/worker.h"
#include "gpu/gpu.h"
#include "kernels/activation/activation.h"
#include "kernels/fusion/fusion.h"
#include "kernels/norm/norm.h"

extern const struct bench bench_kernels_fusion;
const struct bench *const bench_table[] = { &bench_kernels_fusion, NULL };

enum { N = 576 };

static const struct device cpu = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };

static void fill(float *x, enum dtype t, uint64_t stream, float scale)
{
    uint8_t typed[4 * N];
    struct rng rng;

    rng_init(&rng, 7, stream);
    for (int i = 0; i < N; i++)
        x[i] = scale * (float)rng_normal(&rng);
    dtype_from_f32(t, x, typed, N);
    dtype_to_f32(t, typed, x, N);
}

static float typed_value(enum dtype t, double x)
{
    const float f = (float)x;
    uint8_t typed[4];
    float out;

    dtype_from_f32(t, &f, typed, 1);
    dtype_to_f32(t, typed, &out, 1);
    return out;
}

/* Right outputs pass; each of these does not: one value off by 1.5 %, one NaN, the last value left
 * out, the sum's last place. */
static void rows_of(enum fusion_chain chain, enum dtype t)
{
    const struct fusion_point p = { .chain = chain, .dtype = t, .n = N, .rows = 1, .outputs = 1 };
    static float x[N], add[N], g[N], bias[N], sum[N], y[N];
    static double exact[N], work[2 * N];
    static int8_t q[N];
    struct fusion_row r = { .x = x, .add = add, .g = g, .bias = bias, .sum = sum, .y = y, .q = q };
    double most = 0;
    float kept;

    fill(x, t, 0, 1);
    fill(add, t, 1, 1);
    fill(g, DTYPE_F32, 2, 1);
    fill(bias, DTYPE_F32, 3, 1);
    for (int i = 0; i < N; i++)
        sum[i] = typed_value(t, (double)(x[i] + (chain == FUSION_BIAS_GELU ? bias[i] : add[i])));
    if (chain == FUSION_BIAS_GELU)
        activation_reference(ACTIVATION_GELU_TANH, NULL, sum, exact, N);
    else
        norm_reference_rms(sum, g, (double)fusion_eps, exact, N);
    for (int i = 0; i < N; i++) {
        y[i] = typed_value(t, exact[i]);
        most = fmax(most, fabs(exact[i]));
    }
    r.q_scale = (float)(most / 127);
    for (int i = 0; i < N; i++)
        q[i] = (int8_t)nearbyint(exact[i] * 127 / most);
    CHECK(fusion_check_row(&p, &r, work) <= 1);
    if (chain == FUSION_ADD_NORM_QUANT) {
        q[N / 2] = (int8_t)(q[N / 2] + (q[N / 2] > 0 ? -2 : 2));
        CHECK(fusion_check_row(&p, &r, work) > 1);
        r.q_scale = NAN;
        CHECK(fusion_check_row(&p, &r, work) > 1);
        return;
    }
    for (int i = 0; i < N; i++) /* where it is not next to zero */
        if (fabsf(y[i]) > 0.5f) {
            kept = y[i];
            y[i] *= 1.015f;
            CHECK(fusion_check_row(&p, &r, work) > 1);
            y[i] = NAN;
            CHECK(fusion_check_row(&p, &r, work) > 1);
            y[i] = kept;
            break;
        }
    y[N - 1] = 0x1p20f;
    CHECK(fusion_check_row(&p, &r, work) > 1);
    if (chain == FUSION_ADD_NORM) {
        y[N - 1] = typed_value(t, exact[N - 1]);
        sum[3] = nextafterf(sum[3], 9);
        CHECK(fusion_check_row(&p, &r, work) > 1);
    }
}

static void outputs_of(enum fusion_chain chain, enum dtype t)
{
    const struct fusion_point p = { .chain = chain, .dtype = t, .n = N, .rows = 1, .outputs = 1 };
    static float x[N], g[N], w[N], u[N];
    static double v[N], work[2 * N];
    struct fusion_output o = { .x = x, .g = g, .w = w, .u = u };
    double gate = 0, up = 0;

    fill(x, t, 0, 1);
    fill(g, DTYPE_F32, 2, 1);
    fill(w, t, 4, 0.04f);
    fill(u, t, 5, 0.04f);
    norm_reference_rms(x, g, (double)fusion_eps, v, N);
    for (int i = 0; i < N; i++) {
        const double in = chain == FUSION_SWIGLU ? (double)x[i] : (double)typed_value(t, v[i]);

        gate += (double)w[i] * in;
        up += (double)u[i] * in;
    }
    o.y = typed_value(t, chain == FUSION_SWIGLU ? gate / (1 + exp(-gate)) * up : gate);
    CHECK(fusion_check_output(&p, &o, work) <= 1);
    o.y += 0.06f * fabsf(o.y) + 0.01f;
    CHECK(fusion_check_output(&p, &o, work) > 1);
    o.y = NAN;
    CHECK(fusion_check_output(&p, &o, work) > 1);
}

static void measure(const struct device *d, const char *settings)
{
    struct worker_options o = { .seed = 1, .dir = "/tmp", .target = 0.01 };
    struct worker *w = NULL;
    struct params point;
    struct result r;
    struct err e = { 0 };

    CHECK_EQ(plan_point_on(&bench_kernels_fusion, d->kind, settings, &point, &e), 0);
    CHECK_EQ(worker_open(&w, &o, &e), 0);
    CHECK_EQ(worker_case(w, &bench_kernels_fusion, d, &point, 0.03, &r), 0);
    worker_close(w);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_STR(r.reason, "");
    CHECK(r.check.passed_before && r.check.passed_after);
    if (d->kind == DEVICE_GPU)
        printf("%-62s %8.1f GB/s %9.2f us, error %.2f\n", settings, r.value,
               1e-3 * r.work.bytes[WORK_HBM] / r.value + 1e-3 * r.work.bytes[WORK_CACHE] / r.value,
               r.check.error);
    result_release(&r);
}

/* Bytes of both forms, by hand. */
static void bytes(void)
{
    struct fusion_point p = {
        .chain = FUSION_ADD_NORM_QUANT, .dtype = DTYPE_F16, .n = 64, .rows = 3, .outputs = 1
    };

    CHECK_NEAR(fusion_bytes_needed(&p), 3 * 64 * (2 * 3 + 1) + 3 * 4, 0);
    CHECK_NEAR(fusion_bytes_moved(&p), 3 * 64 * (2 * 6 + 1) + 3 * 4, 0);
    CHECK_EQ(fusion_launches(&p), 3);
    p.fused = true;
    CHECK_NEAR(fusion_bytes_moved(&p), fusion_bytes_needed(&p), 0);
    CHECK_EQ(fusion_launches(&p), 1);
}

int main(void)
{
    static const char *const chains[] = { "add_norm", "add_norm_quant", "bias_gelu", "norm_matvec",
                                          "swiglu" };
    static const char *const rows[] = { "n=4096 rows=1", "n=4096 rows=512", "n=4096 rows=65536" };
    static const char *const matrices[] = { "n=576 outputs=1536", "n=4096 outputs=1000",
                                            "n=4096 outputs=14336" };
    struct device gpu;
    char why[200] = "", settings[120];

    for (enum dtype t = DTYPE_F32; t <= DTYPE_BF16; t++) {
        for (int c = 0; c < 3; c++)
            rows_of((enum fusion_chain)c, t);
        outputs_of(FUSION_NORM_MATVEC, t);
        outputs_of(FUSION_SWIGLU, t);
    }
    bytes();
    for (int k = 0; k < 6; k++) {
        snprintf(settings, sizeof(settings), "chain=%s fused=%s n=192 rows=5", chains[k / 2],
                 k % 2 ? "no" : "yes");
        measure(&cpu, settings);
    }
    if (gpu_device_ops.list(&gpu, 1, why, sizeof(why)) == 0) {
        printf("the GPU's rows: %s\n", why);
        TEST_DONE();
    }
    for (int k = 0; k < 60; k++) {
        snprintf(settings, sizeof(settings), "chain=%s fused=%s %s dtype=%s", chains[k / 12],
                 k % 2 ? "no" : "yes", (k / 12 < 3 ? rows : matrices)[k / 2 % 3],
                 k / 6 % 2 ? "BF16" : "F16");
        measure(&gpu, settings);
    }
    measure(&gpu, "chain=add_norm_quant fused=yes n=128 rows=3 dtype=F32 timing=isolated-cold");
    TEST_DONE();
}
