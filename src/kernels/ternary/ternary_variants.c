/* ternary_variants.c - the table of code paths, and the choice among them.
 *
 * Most of them are those of kernels.gemv and kernels.gemm for TQ2_64, which the canonical form is:
 * with a scale of 1 in every block their sums are whole numbers below 2^24, so they are exact. */
#include <string.h>

#include "kernels/gemm/matmul_paths.h"
#include "kernels/gemv/gemv_variants.h"
#include "kernels/ternary/ternary.h"
#include "kernels/ternary/ternary_paths.h"
#include "kernels/variant/variant.h"

#define BIT(feature) ((uint64_t)1 << (feature))
#define AVX512VNNI   (VARIANT_AVX512 | BIT(CPU_F16C) | BIT(CPU_AVX512VNNI))
#define AMX          (VARIANT_AVX512 | BIT(CPU_AMX_TILE) | BIT(CPU_AMX_INT8))

/* Of both tables. */
#define PATHS(label, needs, rows, few, codes) \
    { label, needs, rows, few, matmul_##codes##_scratch, matmul_##codes },

static const struct ternary_variant table[] = {
    PATHS("scalar", 0, 1, gemv_scalar_tq2_64, codes_scalar)
#if defined(__x86_64__)
        { "amx", AMX, 32, NULL, ternary_amx_scratch, ternary_amx },
    PATHS("avx512vnni", AVX512VNNI, 32, gemv_avx512vnni_tq2_64, codes_avx512vnni)
        PATHS("avxvnni", VARIANT_AVX2 | BIT(CPU_AVXVNNI), 16, gemv_avxvnni_tq2_64, codes_avxvnni)
            PATHS("avx2", VARIANT_AVX2, 16, gemv_avx2_tq2_64, codes_avx2){
                "lookup", VARIANT_AVX2, 32, NULL, ternary_lookup_scratch, ternary_lookup },
#elif defined(__aarch64__)
        PATHS("i8mm", VARIANT_NEON | BIT(CPU_DOTPROD) | BIT(CPU_I8MM), 8, gemv_dotprod_tq2_64,
              codes_i8mm) PATHS("dotprod", VARIANT_NEON | BIT(CPU_DOTPROD), 16, gemv_dotprod_tq2_64,
                                codes_dotprod)
            PATHS("neon", VARIANT_NEON, 16, gemv_neon_tq2_64, codes_neon)
#endif
};

enum { VARIANTS = sizeof(table) / sizeof(table[0]), AMX_FROM = 8 /* vectors */ };

const struct ternary_variant *ternary_variants(int *n)
{
    *n = VARIANTS;
    return table;
}

const struct ternary_variant *ternary_best(const struct cpu_info *cpu, const char *name,
                                           size_t tokens)
{
    for (int i = 1; i <= VARIANTS; i++) {
        const struct ternary_variant *v = &table[i < VARIANTS ? i : VARIANT_SCALAR];
        const int tiles = (v->needs & BIT(CPU_AMX_TILE)) != 0;

        if (!variant_runs(v->needs, cpu) || (name && strcmp(name, v->name) != 0))
            continue;
        /* The kernel gives tiles to those who ask; few vectors leave most of a tile empty. */
        if (tiles && ((!name && tokens < AMX_FROM) || cpu_amx_enable(NULL) < 0))
            continue;
        return v;
    }
    return NULL;
}

size_t ternary_scratch(const struct ternary_variant *v, size_t cols, size_t tokens)
{
    return v->few && tokens <= GEMV_TOKENS ? 0 : v->scratch(cols, tokens);
}

void ternary_run(const struct ternary_variant *v, const struct ternary *t, size_t row0, size_t row1,
                 const struct act *x, size_t tokens, float *y, size_t ldy, void *scratch)
{
    if (v->few && tokens <= GEMV_TOKENS)
        v->few(&t->w, row0, row1, x, (int)tokens, y, ldy);
    else
        v->many(&t->w, row0, row1, x, tokens, y, ldy, scratch);
    for (size_t i = 0; i < tokens; i++)
        for (size_t r = row0; r < row1; r++)
            y[i * ldy + r] *= t->scale[r];
}
