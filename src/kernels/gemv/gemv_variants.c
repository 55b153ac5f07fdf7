/* gemv_variants.c - the table of variants, and the choice among them. */
#include "kernels/gemv/gemv_variants.h"

#include <string.h>

#include "kernels/gemv/gemv.h"

#define F(feature) ((uint64_t)1 << CPU_##feature)
#define AVX2       (F(AVX2) | F(FMA) | F(F16C))
#define AVX512     (F(AVX512F) | F(AVX512BW) | F(AVX512DQ) | F(AVX512VL) | F(FMA) | F(F16C))
#define VNNI       (AVX512 | F(AVX512VNNI))

/* Scalar first, then the widest. */
static const struct gemv_variant table[] = {
    { "scalar", DTYPE_F32, ACT_F32, 0, gemv_scalar_f32 },
    { "scalar", DTYPE_F16, ACT_F32, 0, gemv_scalar_f16 },
    { "scalar", DTYPE_BF16, ACT_F32, 0, gemv_scalar_bf16 },
    { "scalar", DTYPE_Q4_0, ACT_Q8_32, 0, gemv_scalar_q4_0 },
    { "scalar", DTYPE_Q4_1, ACT_Q8_32, 0, gemv_scalar_q4_1 },
    { "scalar", DTYPE_Q5_0, ACT_Q8_32, 0, gemv_scalar_q5_0 },
    { "scalar", DTYPE_Q5_1, ACT_Q8_32, 0, gemv_scalar_q5_1 },
    { "scalar", DTYPE_Q8_0, ACT_Q8_32, 0, gemv_scalar_q8_0 },
    { "scalar", DTYPE_Q4_K, ACT_Q8_256, 0, gemv_scalar_q4_k },
    { "scalar", DTYPE_Q5_K, ACT_Q8_256, 0, gemv_scalar_q5_k },
    { "scalar", DTYPE_Q6_K, ACT_Q8_256, 0, gemv_scalar_q6_k },
    { "scalar", DTYPE_TQ1_0, ACT_Q8_ROW, 0, gemv_scalar_tq1_0 },
    { "scalar", DTYPE_TQ2_0, ACT_Q8_ROW, 0, gemv_scalar_tq2_0 },
    { "scalar", DTYPE_TQ2_64, ACT_Q8_ROW, 0, gemv_scalar_tq2_64 },
#if defined(__x86_64__)
    { "avx512vnni", DTYPE_Q4_0, ACT_Q8_32, VNNI, gemv_avx512vnni_q4_0 },
    { "avx512vnni", DTYPE_Q4_1, ACT_Q8_32, VNNI, gemv_avx512vnni_q4_1 },
    { "avx512vnni", DTYPE_Q5_0, ACT_Q8_32, VNNI, gemv_avx512vnni_q5_0 },
    { "avx512vnni", DTYPE_Q5_1, ACT_Q8_32, VNNI, gemv_avx512vnni_q5_1 },
    { "avx512vnni", DTYPE_Q8_0, ACT_Q8_32, VNNI, gemv_avx512vnni_q8_0 },
    { "avx512vnni", DTYPE_Q4_K, ACT_Q8_256, VNNI, gemv_avx512vnni_q4_k },
    { "avx512vnni", DTYPE_Q5_K, ACT_Q8_256, VNNI, gemv_avx512vnni_q5_k },
    { "avx512vnni", DTYPE_Q6_K, ACT_Q8_256, VNNI, gemv_avx512vnni_q6_k },
    { "avx512vnni", DTYPE_TQ1_0, ACT_Q8_ROW, VNNI, gemv_avx512vnni_tq1_0 },
    { "avx512vnni", DTYPE_TQ2_0, ACT_Q8_ROW, VNNI, gemv_avx512vnni_tq2_0 },
    { "avx512vnni", DTYPE_TQ2_64, ACT_Q8_ROW, VNNI, gemv_avx512vnni_tq2_64 },
    { "avx512", DTYPE_F32, ACT_F32, AVX512, gemv_avx512_f32 },
    { "avx512", DTYPE_F16, ACT_F32, AVX512, gemv_avx512_f16 },
    { "avx512", DTYPE_BF16, ACT_F32, AVX512, gemv_avx512_bf16 },
    { "avxvnni", DTYPE_Q4_0, ACT_Q8_32, AVX2 | F(AVXVNNI), gemv_avxvnni_q4_0 },
    { "avxvnni", DTYPE_Q4_1, ACT_Q8_32, AVX2 | F(AVXVNNI), gemv_avxvnni_q4_1 },
    { "avxvnni", DTYPE_Q5_0, ACT_Q8_32, AVX2 | F(AVXVNNI), gemv_avxvnni_q5_0 },
    { "avxvnni", DTYPE_Q5_1, ACT_Q8_32, AVX2 | F(AVXVNNI), gemv_avxvnni_q5_1 },
    { "avxvnni", DTYPE_Q8_0, ACT_Q8_32, AVX2 | F(AVXVNNI), gemv_avxvnni_q8_0 },
    { "avxvnni", DTYPE_Q4_K, ACT_Q8_256, AVX2 | F(AVXVNNI), gemv_avxvnni_q4_k },
    { "avxvnni", DTYPE_Q5_K, ACT_Q8_256, AVX2 | F(AVXVNNI), gemv_avxvnni_q5_k },
    { "avxvnni", DTYPE_Q6_K, ACT_Q8_256, AVX2 | F(AVXVNNI), gemv_avxvnni_q6_k },
    { "avxvnni", DTYPE_TQ1_0, ACT_Q8_ROW, AVX2 | F(AVXVNNI), gemv_avxvnni_tq1_0 },
    { "avxvnni", DTYPE_TQ2_0, ACT_Q8_ROW, AVX2 | F(AVXVNNI), gemv_avxvnni_tq2_0 },
    { "avxvnni", DTYPE_TQ2_64, ACT_Q8_ROW, AVX2 | F(AVXVNNI), gemv_avxvnni_tq2_64 },
    { "avx2", DTYPE_Q4_0, ACT_Q8_32, AVX2, gemv_avx2_q4_0 },
    { "avx2", DTYPE_Q4_1, ACT_Q8_32, AVX2, gemv_avx2_q4_1 },
    { "avx2", DTYPE_Q5_0, ACT_Q8_32, AVX2, gemv_avx2_q5_0 },
    { "avx2", DTYPE_Q5_1, ACT_Q8_32, AVX2, gemv_avx2_q5_1 },
    { "avx2", DTYPE_Q8_0, ACT_Q8_32, AVX2, gemv_avx2_q8_0 },
    { "avx2", DTYPE_Q4_K, ACT_Q8_256, AVX2, gemv_avx2_q4_k },
    { "avx2", DTYPE_Q5_K, ACT_Q8_256, AVX2, gemv_avx2_q5_k },
    { "avx2", DTYPE_Q6_K, ACT_Q8_256, AVX2, gemv_avx2_q6_k },
    { "avx2", DTYPE_TQ1_0, ACT_Q8_ROW, AVX2, gemv_avx2_tq1_0 },
    { "avx2", DTYPE_TQ2_0, ACT_Q8_ROW, AVX2, gemv_avx2_tq2_0 },
    { "avx2", DTYPE_TQ2_64, ACT_Q8_ROW, AVX2, gemv_avx2_tq2_64 },
    { "avx2", DTYPE_F32, ACT_F32, AVX2, gemv_avx2_f32 },
    { "avx2", DTYPE_F16, ACT_F32, AVX2, gemv_avx2_f16 },
    { "avx2", DTYPE_BF16, ACT_F32, AVX2, gemv_avx2_bf16 },
#elif defined(__aarch64__)
    { "dotprod", DTYPE_Q4_0, ACT_Q8_32, F(NEON) | F(DOTPROD), gemv_dotprod_q4_0 },
    { "dotprod", DTYPE_Q4_1, ACT_Q8_32, F(NEON) | F(DOTPROD), gemv_dotprod_q4_1 },
    { "dotprod", DTYPE_Q5_0, ACT_Q8_32, F(NEON) | F(DOTPROD), gemv_dotprod_q5_0 },
    { "dotprod", DTYPE_Q5_1, ACT_Q8_32, F(NEON) | F(DOTPROD), gemv_dotprod_q5_1 },
    { "dotprod", DTYPE_Q8_0, ACT_Q8_32, F(NEON) | F(DOTPROD), gemv_dotprod_q8_0 },
    { "dotprod", DTYPE_Q4_K, ACT_Q8_256, F(NEON) | F(DOTPROD), gemv_dotprod_q4_k },
    { "dotprod", DTYPE_Q5_K, ACT_Q8_256, F(NEON) | F(DOTPROD), gemv_dotprod_q5_k },
    { "dotprod", DTYPE_Q6_K, ACT_Q8_256, F(NEON) | F(DOTPROD), gemv_dotprod_q6_k },
    { "dotprod", DTYPE_TQ1_0, ACT_Q8_ROW, F(NEON) | F(DOTPROD), gemv_dotprod_tq1_0 },
    { "dotprod", DTYPE_TQ2_0, ACT_Q8_ROW, F(NEON) | F(DOTPROD), gemv_dotprod_tq2_0 },
    { "dotprod", DTYPE_TQ2_64, ACT_Q8_ROW, F(NEON) | F(DOTPROD), gemv_dotprod_tq2_64 },
    { "neon", DTYPE_Q4_0, ACT_Q8_32, F(NEON), gemv_neon_q4_0 },
    { "neon", DTYPE_Q4_1, ACT_Q8_32, F(NEON), gemv_neon_q4_1 },
    { "neon", DTYPE_Q5_0, ACT_Q8_32, F(NEON), gemv_neon_q5_0 },
    { "neon", DTYPE_Q5_1, ACT_Q8_32, F(NEON), gemv_neon_q5_1 },
    { "neon", DTYPE_Q8_0, ACT_Q8_32, F(NEON), gemv_neon_q8_0 },
    { "neon", DTYPE_Q4_K, ACT_Q8_256, F(NEON), gemv_neon_q4_k },
    { "neon", DTYPE_Q5_K, ACT_Q8_256, F(NEON), gemv_neon_q5_k },
    { "neon", DTYPE_Q6_K, ACT_Q8_256, F(NEON), gemv_neon_q6_k },
    { "neon", DTYPE_TQ1_0, ACT_Q8_ROW, F(NEON), gemv_neon_tq1_0 },
    { "neon", DTYPE_TQ2_0, ACT_Q8_ROW, F(NEON), gemv_neon_tq2_0 },
    { "neon", DTYPE_TQ2_64, ACT_Q8_ROW, F(NEON), gemv_neon_tq2_64 },
    { "neon", DTYPE_F32, ACT_F32, F(NEON), gemv_neon_f32 },
    { "neon", DTYPE_F16, ACT_F32, F(NEON), gemv_neon_f16 },
    { "neon", DTYPE_BF16, ACT_F32, F(NEON), gemv_neon_bf16 },
#endif
};

const struct gemv_variant *gemv_variants(int *n)
{
    *n = (int)(sizeof(table) / sizeof(table[0]));
    return table;
}

const struct gemv_variant *gemv_best(enum dtype t, const struct cpu_info *cpu, const char *name)
{
    const struct gemv_variant *scalar = NULL;
    int n;

    gemv_variants(&n);
    for (int i = 0; i < n; i++) {
        const struct gemv_variant *v = &table[i];

        if (v->dtype != t || v->needs & ~cpu->features || (name && strcmp(name, v->name) != 0))
            continue;
        if (v->needs != 0 || name)
            return v;
        scalar = v;
    }
    return scalar;
}
