/* gemm_library.h - what blas_gemm.c asks of each library's file. */
#ifndef SILICON_COMPUTE_GEMM_LIBRARY_H
#define SILICON_COMPUTE_GEMM_LIBRARY_H

#include "silicon/compute/blas_gemm.h"

/* Set run, name and, where needed, library_state and close, for the matrices already in g. */
int gemm_openblas_open(struct gemm *g, struct err *e);
int gemm_onednn_open(struct gemm *g, struct err *e);

/* The core type to force on an OpenBLAS that calls this CPU `core`, or NULL when its own choice
 * stands: it is a fallback for unknown models, and the CPU has AVX2 or AVX-512. */
const char *gemm_openblas_core_type(bool avx2, bool avx512, const char *core);

#endif
