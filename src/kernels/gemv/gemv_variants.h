/* gemv_variants.h - the code paths behind the table of gemv.h: gemv_<instruction set>_<type>, each
 * as gemv_variant.run says. */
#ifndef KERNELS_GEMV_GEMV_VARIANTS_H
#define KERNELS_GEMV_GEMV_VARIANTS_H

#include "kernels/gemv/gemv.h"

#define GEMV_RUN(name)                                                                      \
    void name(const struct weight *w, size_t row0, size_t row1, const struct act *x, int n, \
              float *y, size_t ldy)

GEMV_RUN(gemv_scalar_f32);
GEMV_RUN(gemv_scalar_f16);
GEMV_RUN(gemv_scalar_bf16);
GEMV_RUN(gemv_scalar_q4_0);
GEMV_RUN(gemv_scalar_q4_1);
GEMV_RUN(gemv_scalar_q5_0);
GEMV_RUN(gemv_scalar_q5_1);
GEMV_RUN(gemv_scalar_q8_0);
GEMV_RUN(gemv_scalar_q4_k);
GEMV_RUN(gemv_scalar_q5_k);
GEMV_RUN(gemv_scalar_q6_k);
GEMV_RUN(gemv_scalar_tq1_0);
GEMV_RUN(gemv_scalar_tq2_0);
GEMV_RUN(gemv_scalar_tq2_64);

GEMV_RUN(gemv_avx512vnni_q4_0);
GEMV_RUN(gemv_avx512vnni_q4_1);
GEMV_RUN(gemv_avx512vnni_q5_0);
GEMV_RUN(gemv_avx512vnni_q5_1);
GEMV_RUN(gemv_avx512vnni_q8_0);
GEMV_RUN(gemv_avx512vnni_q4_k);
GEMV_RUN(gemv_avx512vnni_q5_k);
GEMV_RUN(gemv_avx512vnni_q6_k);
GEMV_RUN(gemv_avx512vnni_tq1_0);
GEMV_RUN(gemv_avx512vnni_tq2_0);
GEMV_RUN(gemv_avx512vnni_tq2_64);
GEMV_RUN(gemv_avx512_f32);
GEMV_RUN(gemv_avx512_f16);
GEMV_RUN(gemv_avx512_bf16);
GEMV_RUN(gemv_avxvnni_q4_0);
GEMV_RUN(gemv_avxvnni_q4_1);
GEMV_RUN(gemv_avxvnni_q5_0);
GEMV_RUN(gemv_avxvnni_q5_1);
GEMV_RUN(gemv_avxvnni_q8_0);
GEMV_RUN(gemv_avxvnni_q4_k);
GEMV_RUN(gemv_avxvnni_q5_k);
GEMV_RUN(gemv_avxvnni_q6_k);
GEMV_RUN(gemv_avxvnni_tq1_0);
GEMV_RUN(gemv_avxvnni_tq2_0);
GEMV_RUN(gemv_avxvnni_tq2_64);
GEMV_RUN(gemv_avx2_q4_0);
GEMV_RUN(gemv_avx2_q4_1);
GEMV_RUN(gemv_avx2_q5_0);
GEMV_RUN(gemv_avx2_q5_1);
GEMV_RUN(gemv_avx2_q8_0);
GEMV_RUN(gemv_avx2_q4_k);
GEMV_RUN(gemv_avx2_q5_k);
GEMV_RUN(gemv_avx2_q6_k);
GEMV_RUN(gemv_avx2_tq1_0);
GEMV_RUN(gemv_avx2_tq2_0);
GEMV_RUN(gemv_avx2_tq2_64);
GEMV_RUN(gemv_avx2_f32);
GEMV_RUN(gemv_avx2_f16);
GEMV_RUN(gemv_avx2_bf16);

GEMV_RUN(gemv_dotprod_q4_0);
GEMV_RUN(gemv_dotprod_q4_1);
GEMV_RUN(gemv_dotprod_q5_0);
GEMV_RUN(gemv_dotprod_q5_1);
GEMV_RUN(gemv_dotprod_q8_0);
GEMV_RUN(gemv_dotprod_q4_k);
GEMV_RUN(gemv_dotprod_q5_k);
GEMV_RUN(gemv_dotprod_q6_k);
GEMV_RUN(gemv_dotprod_tq1_0);
GEMV_RUN(gemv_dotprod_tq2_0);
GEMV_RUN(gemv_dotprod_tq2_64);
GEMV_RUN(gemv_neon_q4_0);
GEMV_RUN(gemv_neon_q4_1);
GEMV_RUN(gemv_neon_q5_0);
GEMV_RUN(gemv_neon_q5_1);
GEMV_RUN(gemv_neon_q8_0);
GEMV_RUN(gemv_neon_q4_k);
GEMV_RUN(gemv_neon_q5_k);
GEMV_RUN(gemv_neon_q6_k);
GEMV_RUN(gemv_neon_tq1_0);
GEMV_RUN(gemv_neon_tq2_0);
GEMV_RUN(gemv_neon_tq2_64);
GEMV_RUN(gemv_neon_f32);
GEMV_RUN(gemv_neon_f16);
GEMV_RUN(gemv_neon_bf16);

#endif
