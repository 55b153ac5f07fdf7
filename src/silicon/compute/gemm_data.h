/* gemm_data.h - factors made on the GPU, and the check of products there.
 *
 * A matrix lies as K runs: element (row, k) of A and (column, k) of B at row * row_stride + k *
 * k_stride.  The check sums in FP64, one warp an element: another way than any GEMM goes. */
#ifndef SILICON_COMPUTE_GEMM_DATA_H
#define SILICON_COMPUTE_GEMM_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "gpu/gpu.h"
#include "gpu/gpu_rate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the factors are: zeros; uniform in [-1, 1) as far as the type goes (INT8: -127 .. 127, FP4:
 * all of its values); or whole numbers of magnitude 1 .. gemm_data_max(), whose sums are exact
 * in every order for any k up to GEMM_DATA_K. */
enum gemm_data_kind { GEMM_ZEROS, GEMM_RANDOM, GEMM_WHOLE };
enum { GEMM_DATA_K = 32768 };

/* Types of the product's elements. */
enum gemm_data_out { GEMM_OUT_FP64, GEMM_OUT_FP32, GEMM_OUT_BF16, GEMM_OUT_FP16, GEMM_OUT_INT32 };

/* Bytes of n elements. */
size_t gemm_data_bytes(enum gpu_type type, size_t n);
size_t gemm_data_out_bytes(enum gemm_data_out type, size_t n);
enum gemm_data_out gemm_data_out_of(enum gpu_type type);

int gemm_data_max(enum gpu_type type);

/* The whole number at `at` of matrix `which` (0 or 1), for the host as for the device. */
int gemm_data_whole(uint64_t seed, int which, uint64_t at, enum gpu_type type);

/* Fill n elements (even) in stream order. */
int gemm_data_fill(void *d, enum gpu_type type, enum gemm_data_kind kind, uint64_t seed, int which,
                   size_t n, gpu_stream stream, struct err *e);

struct gemm_data_product {
    const void *d_a, *d_b, *d_out; /* out: column-major, m rows */
    enum gpu_type type;
    int64_t m, n, k;
    int64_t a_stride, a_k_stride, b_stride, b_k_stride;
    uint64_t seed; /* which elements are looked at */
};

/* What a check found, in memory that the caller has zeroed. */
struct gemm_data_found {
    unsigned long long wrong; /* further from the sum than half a unit of its last place */
    unsigned long long mark;  /* of all bits of the product, each at its place */
    float worst;              /* largest |out - sum| / sum |a b|; NaN counts as infinite */
};

/* Look at 4 (m + n) elements, some of every row and of every column; and mark the whole product. */
int gemm_data_check(const struct gemm_data_product *p, struct gemm_data_found *d_found,
                    gpu_stream stream, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
