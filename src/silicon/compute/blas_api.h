/* blas_api.h - the few functions of OpenBLAS and oneDNN that are used, so that neither is needed to
 * build.  test_compute holds them against the vendors' headers where those are installed. */
#ifndef SILICON_COMPUTE_BLAS_API_H
#define SILICON_COMPUTE_BLAS_API_H

#include <stddef.h>
#include <stdint.h>

/* cblas.h; enums as the unsigned integers that they are. */
enum { BLAS_ROW_MAJOR = 101, BLAS_NO_TRANS = 111 };
typedef void blas_sgemm_fn(unsigned order, unsigned trans_a, unsigned trans_b, int m, int n, int k,
                           float alpha, const float *a, int lda, const float *b, int ldb,
                           float beta, float *c, int ldc);
typedef void blas_dgemm_fn(unsigned order, unsigned trans_a, unsigned trans_b, int m, int n, int k,
                           double alpha, const double *a, int lda, const double *b, int ldb,
                           double beta, double *c, int ldc);

/* dnnl.h, versions 2 and 3 alike. */
enum { DNN_OK = 0, DNN_UNIMPLEMENTED = 3, DNN_CPU = 1, DNN_BF16 = 2, DNN_F32 = 3 };
enum { DNN_ARG_SRC = 1, DNN_ARG_DST = 17, DNN_ARG_WEIGHTS = 33, DNN_DIMS = 12 };
typedef unsigned dnn_sgemm_fn(char trans_a, char trans_b, int64_t m, int64_t n, int64_t k,
                              float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
                              float beta, float *c, int64_t ldc);
typedef unsigned dnn_gemm_u8s8s32_fn(char trans_a, char trans_b, char offset_c, int64_t m,
                                     int64_t n, int64_t k, float alpha, const uint8_t *a,
                                     int64_t lda, uint8_t offset_a, const int8_t *b, int64_t ldb,
                                     int8_t offset_b, float beta, int32_t *c, int64_t ldc,
                                     const int32_t *co);
struct dnn_version {
    int major, minor, patch;
    /* more follows */
};
struct dnn_arg {
    int arg;
    void *memory;
};
/* Version 2 wants the descriptors from the caller: at least as large as its own. */
enum { DNN_MEMORY_DESC_BYTES = 1024, DNN_OP_DESC_BYTES = 8192 };

#endif
