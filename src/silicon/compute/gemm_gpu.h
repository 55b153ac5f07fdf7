/* gemm_gpu.h - D = A x B through cuBLASLt on one GPU: what the library reaches.
 *
 * n x n matrices.  Sums and products: FP64; FP32 (of TF32 and FP32 factors, out FP32); FP32 with
 * BF16 or FP16 out; FP8 (E4M3, scales of 1, fast accumulation) and FP4 (E2M1, block scales of 1)
 * with BF16 out; INT8 with 32-bit integers out.
 *
 * The library's heuristics propose algorithms; all of them, in every layout of the factors that the
 * type allows, are tried and the fastest is used. */
#ifndef SILICON_COMPUTE_GEMM_GPU_H
#define SILICON_COMPUTE_GEMM_GPU_H

#include "core/bench.h"
#include "core/pick.h"
#include "gpu/vendor/cublaslt_api.h"
#include "silicon/compute/gemm_data.h"

/* Layouts of the factors that are tried: each of A and B contiguous along K or across it ("TN" is
 * both along K, as BLAS calls it). */
enum { GEMM_GPU_LAYOUTS = 4 };

struct gemm_gpu_plan {
    lt_matmul_desc desc;
    lt_layout a_layout, b_layout;
    bool a_along_k, b_along_k; /* contiguous */
};

struct gemm_gpu_candidate {
    int plan;
    lt_algo algo;
    size_t workspace_bytes;
};

struct gemm_gpu {
    struct gpu *gpu; /* borrowed from the row's context */
    enum gpu_type type;
    enum gemm_data_kind kind; /* of the factors that are timed */
    bool sustained;           /* candidates are judged at the clock that each leaves itself */
    int products;             /* of one try of a candidate */
    int64_t n;
    uint64_t seed;
    struct cublaslt lt; /* what follows is owned */
    lt_handle handle;
    lt_layout d_layout;
    struct gemm_gpu_plan plans[GEMM_GPU_LAYOUTS];
    int n_plans;
    struct gemm_gpu_candidate candidates[PICK_MAX];
    int n_candidates, chosen;
    void *d_a, *d_b, *d_out, *d_workspace, *d_scales;
    struct gemm_data_found *d_found;
    bool ran;                /* since the factors that are timed were made */
    bool marked;             /* their product was checked once, */
    unsigned long long mark; /* and these are its bits */
    char name[64];
};

/* Does the library multiply this type at all? */
bool gemm_gpu_has(enum gpu_type type);

struct gemm_gpu_want {
    enum gpu_type type;
    int64_t n;
    bool zeros, sustained;
};

/* Load the library, make the factors, choose the algorithm: about 0.3 s, more where sixteen
 * candidates take longer; 5 s for a sustained load, where a try lasts until the card has settled at
 * its power cap.  ERR_NOTSUP: no library, or it has no algorithm for this type on this device;
 * ERR_NOMEM. */
int gemm_gpu_open(struct gemm_gpu *g, struct bench_ctx *c, const struct gemm_gpu_want *want,
                  struct err *e);
void gemm_gpu_close(struct gemm_gpu *g);

/* Enqueue one product. */
int gemm_gpu_run(struct gemm_gpu *g, struct err *e);

/* The product of the timed factors (made if there is none) within the bound of any order of
 * summation, and every time the same bits; then one of whole numbers, exactly.  Both against sums
 * in FP64 of the same factors, for elements of every row and column, and a few against the host.
 * Leaves the timed factors in place.  error and tolerance are relative to sum |a b|.
 * ERR_MISMATCH. */
int gemm_gpu_check(struct gemm_gpu *g, struct check *check, struct err *e);

#endif
