/* matmul.c - the table of code paths, and the choice among them. */
#include "kernels/gemm/matmul.h"

#include <string.h>

#include "kernels/gemm/matmul_paths.h"
#include "kernels/variant/variant.h"

#define PATH(label, math, dtype, act, needs, rows, path) \
    { label, math, dtype, act, needs, 0, rows, matmul_##path##_scratch, matmul_##path },

/* A path for all types of one kind of activations. */
#define OF_Q8_32(label, needs, rows, path)                        \
    PATH(label, "int8", DTYPE_Q4_0, ACT_Q8_32, needs, rows, path) \
    PATH(label, "int8", DTYPE_Q4_1, ACT_Q8_32, needs, rows, path) \
    PATH(label, "int8", DTYPE_Q5_0, ACT_Q8_32, needs, rows, path) \
    PATH(label, "int8", DTYPE_Q5_1, ACT_Q8_32, needs, rows, path) \
    PATH(label, "int8", DTYPE_Q8_0, ACT_Q8_32, needs, rows, path)
#define OF_Q8_256(label, needs, rows, path)                        \
    PATH(label, "int8", DTYPE_Q4_K, ACT_Q8_256, needs, rows, path) \
    PATH(label, "int8", DTYPE_Q5_K, ACT_Q8_256, needs, rows, path) \
    PATH(label, "int8", DTYPE_Q6_K, ACT_Q8_256, needs, rows, path)
#define OF_Q8_ROW(label, needs, rows, path)                         \
    PATH(label, "int8", DTYPE_TQ1_0, ACT_Q8_ROW, needs, rows, path) \
    PATH(label, "int8", DTYPE_TQ2_0, ACT_Q8_ROW, needs, rows, path) \
    PATH(label, "int8", DTYPE_TQ2_64, ACT_Q8_ROW, needs, rows, path)
#define OF_F32(label, needs, rows, path)                       \
    PATH(label, "fp32", DTYPE_F32, ACT_F32, needs, rows, path) \
    PATH(label, "fp32", DTYPE_F16, ACT_F32, needs, rows, path) \
    PATH(label, "fp32", DTYPE_BF16, ACT_F32, needs, rows, path)
#define OF_CODES(label, needs, rows, path) \
    OF_Q8_32(label, needs, rows, path)     \
    OF_Q8_256(label, needs, rows, path)    \
    OF_Q8_ROW(label, needs, rows, path)

#define AMX_PATH(dtype, error) \
    { "amx", "bf16", dtype, ACT_F32, AMX, error, 32, matmul_amx_scratch, matmul_amx },
/* Both factors to 8 bits, 2^-8 each, and their product; or in two parts, 16 bits. */
#define OF_AMX                         \
    AMX_PATH(DTYPE_Q4_0, 0x1.02p-7f)   \
    AMX_PATH(DTYPE_Q4_1, 0x1.02p-7f)   \
    AMX_PATH(DTYPE_Q5_0, 0x1.02p-7f)   \
    AMX_PATH(DTYPE_Q5_1, 0x1.02p-7f)   \
    AMX_PATH(DTYPE_Q8_0, 0x1.02p-7f)   \
    AMX_PATH(DTYPE_Q4_K, 0x1.02p-7f)   \
    AMX_PATH(DTYPE_Q5_K, 0x1.02p-7f)   \
    AMX_PATH(DTYPE_Q6_K, 0x1.02p-7f)   \
    AMX_PATH(DTYPE_TQ1_0, 0x1.02p-7f)  \
    AMX_PATH(DTYPE_TQ2_0, 0x1.02p-7f)  \
    AMX_PATH(DTYPE_TQ2_64, 0x1.02p-7f) \
    AMX_PATH(DTYPE_F32, 0x1p-14f)      \
    AMX_PATH(DTYPE_F16, 0x1p-14f)      \
    AMX_PATH(DTYPE_BF16, 0x1p-14f)
#define AMX (VARIANT_AVX512 | BIT(CPU_AVX512BF16) | BIT(CPU_AMX_TILE) | BIT(CPU_AMX_BF16))

#define BIT(feature) ((uint64_t)1 << (feature))
#define AVX512VNNI   (VARIANT_AVX512 | BIT(CPU_AVX512VNNI))

/* clang-format off */
static const struct matmul_variant table[] = {
    OF_CODES("scalar", 0, 1, codes_scalar)
    OF_F32("scalar", 0, 1, floats_scalar)
#if defined(__x86_64__)
    OF_AMX
    OF_CODES("avx512vnni", AVX512VNNI, 32, codes_avx512vnni)
    OF_CODES("avxvnni", VARIANT_AVX2 | BIT(CPU_AVXVNNI), 16, codes_avxvnni)
    OF_CODES("avx2", VARIANT_AVX2, 16, codes_avx2)
    OF_F32("avx512", VARIANT_AVX512, 48, floats_avx512)
    OF_F32("avx2", VARIANT_AVX2, 16, floats_avx2)
#elif defined(__aarch64__)
    OF_CODES("i8mm", VARIANT_NEON | BIT(CPU_I8MM), 8, codes_i8mm)
    OF_CODES("dotprod", VARIANT_NEON | BIT(CPU_DOTPROD), 16, codes_dotprod)
    OF_CODES("neon", VARIANT_NEON, 16, codes_neon)
    OF_F32("neon", VARIANT_NEON, 16, floats_neon)
#endif
};
/* clang-format on */

const struct matmul_variant *matmul_variants(int *n)
{
    *n = (int)(sizeof(table) / sizeof(table[0]));
    return table;
}

const struct matmul_variant *matmul_best(enum dtype t, const struct cpu_info *cpu, const char *name)
{
    const struct matmul_variant *best = NULL, *scalar = NULL;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct matmul_variant *v = &table[i];

        if (v->dtype != t || !variant_runs(v->needs, cpu) || (name && strcmp(v->name, name) != 0))
            continue;
        /* The kernel gives tiles to those who ask. */
        if ((v->needs & BIT(CPU_AMX_TILE)) && cpu_amx_enable(NULL) < 0)
            continue;
        if (v->needs == 0)
            scalar = v;
        else if (!best)
            best = v;
    }
    return best ? best : scalar;
}
