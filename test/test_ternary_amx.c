/* The logic of the AMX path of kernels/ternary on emulated tiles: what the table calls ternary_amx
 * is the one compiled here. */
#include "test.h"

#if defined(__x86_64__)
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl")
#include "amx_emulated.h"

#include "core/mem.h"
#include "core/rng.h"
#include "kernels/ternary/ternary_amx.c"
#include "kernels/variant/variant.h"

/* Outputs that are not the plain loops'. */
static long wrong_of(size_t rows, size_t cols, size_t tokens, int all)
{
    static _Alignas(64) uint8_t scratch[1 << 20];
    struct ternary t;
    struct act x[64];
    int8_t *q = mem_calloc(tokens, cols);
    int16_t *sum = mem_calloc(tokens * cols / 16, sizeof(*sum));
    float one = 1, *y = mem_calloc(tokens * (rows + 1), sizeof(*y));
    long wrong = 0;
    struct rng rng;

    rng_init(&rng, rows, cols);
    CHECK_EQ(ternary_make(&t, rows, cols, NULL), 0);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            ternary_set(&t, r, c, all ? 1 : (int)rng_below(&rng, 3) - 1);
    for (size_t i = 0; i < tokens * cols; i++) {
        q[i] = (int8_t)(all ? all : (int)rng_below(&rng, 255) - 127);
        sum[i / 16] = (int16_t)(sum[i / 16] + q[i]);
    }
    for (size_t i = 0; i < tokens; i++)
        x[i] = (struct act){ .kind = ACT_Q8_ROW,
                             .cols = cols,
                             .q = q + i * cols,
                             .d = &one,
                             .sum = sum + i * cols / 16 };
    CHECK(ternary_amx_scratch(cols, tokens) <= sizeof(scratch));
    for (size_t i = 0; i < tokens * (rows + 1); i++)
        y[i] = NAN;
    ternary_amx(&t.w, 0, rows, x, tokens, y, rows + 1, scratch);
    for (size_t i = 0; i < tokens; i++) {
        for (size_t r = 0; r < rows; r++)
            wrong += !(y[i * (rows + 1) + r] == (float)ternary_reference_acc(&t, r, x[i].q));
        wrong += !isnan(y[i * (rows + 1) + rows]);
    }
    ternary_release(&t);
    mem_free(q);
    mem_free(sum);
    mem_free(y);
    return wrong;
}

int main(void)
{
    if (!variant_runs(VARIANT_AVX512, cpu_here()))
        TEST_SKIP("this CPU has no AVX-512 to unpack with");
    CHECK_EQ(wrong_of(1, 64, 1, 0), 0);
    CHECK_EQ(wrong_of(33, 128, 17, 0), 0);
    CHECK_EQ(wrong_of(70, 576, 16, 0), 0);
    CHECK_EQ(wrong_of(32, 1536, 40, 0), 0);
    CHECK_EQ(wrong_of(40, 2560, 33, 127), 0);
    CHECK_EQ(wrong_of(40, 192, 3, -127), 0);
    amx_planted = true;
    CHECK(wrong_of(33, 128, 17, 0) > 0);
    TEST_DONE();
}
#else
int main(void)
{
    TEST_SKIP("AMX is an extension of x86-64");
}
#endif
