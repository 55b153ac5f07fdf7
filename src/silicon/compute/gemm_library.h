/* gemm_library.h - what gemm.c asks of each library's file, and how a library is loaded. */
#ifndef SILICON_COMPUTE_GEMM_LIBRARY_H
#define SILICON_COMPUTE_GEMM_LIBRARY_H

#include "silicon/compute/gemm.h"

/* Set run, name and, where needed, library_state and close, for the matrices already in g. */
int gemm_openblas_open(struct gemm *g, struct err *e);
int gemm_onednn_open(struct gemm *g, struct err *e);

/* The core type to force on an OpenBLAS that calls this CPU `core`, or NULL when its own choice
 * stands: it is a fallback for unknown models, and the CPU has AVX2 or AVX-512. */
const char *gemm_openblas_core_type(bool avx2, bool avx512, const char *core);

/* The first of the NULL-terminated names that the dynamic linker finds (run path, then the system).
 * ERR_NOTSUP with `advice` when there is none. */
int gemm_library_load(const char *const *names, const char *advice, void **handle, struct err *e);

/* A function of a loaded library or of what it depends on, stored through `out` (a pointer to a
 * function pointer).  ERR_NOTSUP names the symbol. */
int gemm_library_symbol(void *handle, const char *symbol, void *out, struct err *e);

#endif
