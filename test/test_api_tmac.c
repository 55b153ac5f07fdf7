/* test_api_tmac.c - the founding documents' functions: against plain loops on the CPU, against
 * headroom.h on a GPU where there is one, and what they refuse. */
#include <headroom.h>
#include <headroom_tmac.h>
#include <string.h>

#include "core/rng.h"
#include "test.h"

enum { ROWS = 24, COLS = 192, N = 3 };

static uint8_t weights[ROWS][COLS / 4];
static float scales[ROWS], norm[COLS], x[COLS][N], lut[COLS / 4][256];

static void make(void)
{
    struct rng rng;

    rng_init(&rng, 5, 0);
    memset(weights, 0, sizeof(weights));
    for (int r = 0; r < ROWS; r++) {
        scales[r] = (float)rng_normal(&rng);
        for (int c = 0; c < COLS; c++)
            weights[r][c / 4] = (uint8_t)(weights[r][c / 4] | rng_below(&rng, 3) << 2 * (c % 4));
    }
    for (int c = 0; c < COLS; c++) {
        norm[c] = 1 + (float)rng_normal(&rng) / 4;
        for (int n = 0; n < N; n++)
            x[c][n] = (float)rng_normal(&rng);
    }
}

static int weight(int r, int c)
{
    return (weights[r][c / 4] >> 2 * (c % 4) & 3) - 1;
}

/* Those of this CPU, or of the other kind, which must refuse. */
static int matmul(float *y)
{
    return get_cpu_features() & 4
               ? tmac_matmul_neon(y, weights[0], lut[0], scales, ROWS, COLS, COLS / 4)
               : tmac_matmul_avx2(y, weights[0], lut[0], scales, ROWS, COLS, COLS / 4);
}

static void test_matmul(void)
{
    float column[COLS], y[ROWS];

    for (int c = 0; c < COLS; c++)
        column[c] = x[c][0];
    CHECK_EQ(build_lut(lut[0], column, COLS, 4), 0);
    CHECK(isnan(lut[3][0x0c]) && !isnan(lut[3][0x08])); /* a code 3 */
    CHECK_EQ(matmul(y), 0);
    for (int r = 0; r < ROWS; r++) {
        double want = 0, terms = 0;

        for (int c = 0; c < COLS; c++) {
            want += weight(r, c) * (double)column[c];
            terms += fabs((double)column[c]);
        }
        CHECK_NEAR((double)y[r], want * (double)scales[r],
                   COLS * 0x1p-24 * terms * fabs((double)scales[r]));
    }
    weights[7][9] |= 0x30;
    CHECK_EQ(matmul(y), HEADROOM_E_FORMAT);
    CHECK(strstr(headroom_error_message(), "row 7, byte 9") != NULL);
    make();
    CHECK_EQ(build_lut(lut[0], column, COLS, 8), HEADROOM_E_ARG);
    CHECK_EQ(build_lut(lut[0], column, 6, 4), HEADROOM_E_ARG);
    CHECK_EQ(build_lut(NULL, column, COLS, 4), HEADROOM_E_ARG);
    CHECK_EQ(build_lut(NULL, NULL, 0, 4), 0);
}

static void test_isa(void)
{
    const int features = get_cpu_features();
    float y[ROWS];
    int rc;

    CHECK(!(features & 4) || !(features & 3));
    rc = tmac_matmul_neon(y, weights[0], lut[0], scales, ROWS, COLS, 1);
    CHECK_EQ(rc, features & 4 ? HEADROOM_E_ARG : HEADROOM_E_NOTSUP);
    rc = tmac_matmul_avx2(y, weights[0], lut[0], scales, ROWS, COLS, 1);
    CHECK_EQ(rc, features & 1 ? HEADROOM_E_ARG : HEADROOM_E_NOTSUP);
    rc = rmsnorm_neon(y, NULL, y, 4, 0);
    CHECK_EQ(rc, features & 4 ? HEADROOM_E_ARG : HEADROOM_E_NOTSUP);
    rc = softmax_avx2(y, NULL, 4);
    CHECK_EQ(rc, features & 1 ? HEADROOM_E_ARG : HEADROOM_E_NOTSUP);
}

static void test_rows(void)
{
    const int neon = get_cpu_features() & 4;
    float in[COLS], y[COLS];
    double square = 0, most = -1e9, total = 0;

    for (int c = 0; c < COLS; c++) {
        in[c] = x[c][1];
        square += (double)in[c] * (double)in[c];
        most = fmax(most, (double)in[c]);
    }
    CHECK_EQ(neon ? rmsnorm_neon(y, in, norm, COLS, 1e-5f) : rmsnorm_avx2(y, in, norm, COLS, 1e-5f),
             0);
    for (int c = 0; c < COLS; c++) {
        const double want = (double)in[c] / sqrt(square / COLS + 1e-5) * (double)norm[c];

        CHECK_NEAR((double)y[c], want, 32 * 0x1p-24 * fabs(want));
        total += exp((double)in[c] - most);
    }
    CHECK_EQ(neon ? softmax_neon(y, in, COLS) : softmax_avx2(y, in, COLS), 0);
    for (int c = 0; c < COLS; c++)
        CHECK_NEAR((double)y[c], exp((double)in[c] - most) / total, 1e-5 * (double)y[c]);
}

/* What headroom.h gives on the CPU: all devices give the same bits. */
static void answer(const float *gain, int n, float y[ROWS])
{
    const struct headroom_ternary_weights w = { .rows = ROWS,
                                                .cols = COLS,
                                                .encoding = HEADROOM_TERNARY_2BIT,
                                                .eps = gain ? 1e-6f : 0,
                                                .codes = weights,
                                                .scales = scales,
                                                .norm = gain };
    const struct headroom_ternary_options o = { .device = HEADROOM_CPU, .threads = 1 };
    struct headroom_ternary *t;
    float column[COLS];

    for (int c = 0; c < COLS; c++)
        column[c] = x[c][n];
    CHECK_EQ(headroom_ternary_open(&t, &w, &o, NULL), 0);
    CHECK_EQ(headroom_ternary_run(t, column, y, 1, NULL), 0);
    headroom_ternary_close(t);
}

static void same(const float *y, int columns, const float *gain)
{
    for (int n = 0; n < columns; n++) {
        float want[ROWS];

        answer(gain, n, want);
        for (int r = 0; r < ROWS; r++)
            CHECK(y[r * columns + n] == want[r]);
    }
}

static void test_gpu(void)
{
    const int8_t *bytes = (const int8_t *)weights[0];
    float y[ROWS][N], first[COLS];

    CHECK(cuda_device_name()[0] != '\0');
    CHECK_EQ(cuda_init(sizeof(weights), COLS * N, ROWS * N), 0);
    CHECK_EQ(cuda_init(sizeof(weights), COLS * N, ROWS * N), HEADROOM_E_ARG);
    CHECK_EQ(tmac_matmul_cuda_adaptive(x[0], y[0], ROWS, N, COLS), HEADROOM_E_ARG);
    CHECK_EQ(cuda_load_weights(bytes, scales, sizeof(weights) + ROWS, ROWS), HEADROOM_E_ARG);
    CHECK_EQ(cuda_load_weights(bytes, scales, sizeof(weights), ROWS), 0);
    CHECK_EQ(tmac_matmul_cuda_adaptive(x[0], y[0], ROWS, N, COLS), 0);
    same(y[0], N, NULL);
    CHECK_EQ(fused_rmsnorm_matmul_cuda_adaptive(x[0], y[0], ROWS, N, COLS, 1e-6f), HEADROOM_E_ARG);
    CHECK_EQ(cuda_load_norm_weights(norm, COLS), 0);
    CHECK_EQ(fused_rmsnorm_matmul_cuda_adaptive(x[0], y[0], ROWS, N, COLS, 1e-6f), 0);
    same(y[0], N, norm);
    for (int c = 0; c < COLS; c++)
        first[c] = x[c][0];
    CHECK_EQ(streaming_fused_rmsnorm_matmul_cuda(first, y[0], ROWS, COLS, 1e-6f), 0);
    same(y[0], 1, norm);
    CHECK_EQ(tmac_matmul_cuda_adaptive(x[0], y[0], ROWS, N, COLS), 0);
    same(y[0], N, NULL);
    CHECK_EQ(tmac_matmul_cuda_adaptive(x[0], y[0], ROWS, N + 1, COLS), HEADROOM_E_ARG);
    CHECK_EQ(tmac_matmul_cuda_adaptive(x[0], y[0], ROWS, N, COLS + 64), HEADROOM_E_ARG);
    CHECK_EQ(tmac_matmul_cuda_adaptive(NULL, y[0], ROWS, N, COLS), HEADROOM_E_ARG);
    weights[2][0] |= 3;
    CHECK_EQ(cuda_load_weights(bytes, scales, sizeof(weights), ROWS), HEADROOM_E_FORMAT);
    CHECK_EQ(tmac_matmul_cuda_adaptive(x[0], y[0], ROWS, N, COLS), HEADROOM_E_ARG);
    make();
    CHECK_EQ(cuda_sync(), 0);
    cuda_unload_weights();
    cuda_cleanup();
    cuda_cleanup();
}

static void test_no_gpu(void)
{
    float y[ROWS];

    CHECK_STR(cuda_device_name(), "");
    CHECK_EQ(cuda_init(1000, 1000, 1000), HEADROOM_E_NOTSUP);
    CHECK(headroom_error_message()[0] != '\0');
    CHECK_EQ(cuda_sync(), HEADROOM_E_NOTSUP);
    CHECK_EQ(cuda_load_norm_weights(norm, COLS), HEADROOM_E_ARG);
    CHECK_EQ(cuda_load_weights((const int8_t *)weights[0], scales, sizeof(weights), ROWS),
             HEADROOM_E_ARG);
    CHECK_EQ(streaming_fused_rmsnorm_matmul_cuda(x[0], y, ROWS, COLS, 1e-6f), HEADROOM_E_ARG);
    CHECK(strstr(headroom_error_message(), "cuda_init") != NULL);
    cuda_unload_weights();
    cuda_cleanup();
}

int main(void)
{
    make();
    if (get_cpu_features() & 5)
        test_matmul();
    if (get_cpu_features() & 5)
        test_rows();
    test_isa();
    CHECK_EQ(cuda_init(0, 1, 1), HEADROOM_E_ARG);
    if (cuda_available())
        test_gpu();
    else
        test_no_gpu();
    TEST_DONE();
}
