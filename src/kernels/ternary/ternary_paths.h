/* ternary_paths.h - the code paths that only ternary weights have; contract in matmul.h. */
#ifndef KERNELS_TERNARY_TERNARY_PATHS_H
#define KERNELS_TERNARY_TERNARY_PATHS_H

#include <stddef.h>

#include "kernels/dtype/act.h"
#include "kernels/dtype/dtype.h"

#define TERNARY_PATH(name)                                                                     \
    size_t ternary_##name##_scratch(size_t cols, size_t tokens);                               \
    void ternary_##name(const struct weight *w, size_t row0, size_t row1, const struct act *x, \
                        size_t tokens, float *y, size_t ldy, void *scratch);

TERNARY_PATH(amx)
TERNARY_PATH(lookup)

#undef TERNARY_PATH

#endif
