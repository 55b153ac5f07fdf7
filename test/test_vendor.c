/* test_vendor.c - our declarations of the vendors' libraries against the vendors' own headers
 * (tools/vendor-headers gets them), and the libraries themselves where they are installed.
 *
 * Types and values are compared by the compiler: this file does not build when one is wrong. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#if __has_include(<cuda_runtime_api.h>) && __has_include(<cublasLt.h>)
#include <cublasLt.h>
#define HAVE_CUBLASLT_H 1
#define CUBLASLT_API_TYPES
typedef cublasLtHandle_t lt_handle;
typedef cublasLtMatmulDesc_t lt_matmul_desc;
typedef cublasLtMatrixLayout_t lt_layout;
typedef cublasLtMatmulPreference_t lt_preference;
typedef cublasLtMatrixTransformDesc_t lt_transform;
typedef cublasLtMatmulAlgo_t lt_algo;
typedef cublasLtMatmulHeuristicResult_t lt_heuristic;
#endif
#if __has_include(<cuda_runtime_api.h>) && __has_include(<nccl.h>)
#include <nccl.h>
#define HAVE_NCCL_H 1
#define NCCL_API_TYPES
typedef ncclComm_t nccl_comm;
typedef ncclUniqueId nccl_id;
#endif
#if __has_include(<cuda.h>) && __has_include(<cufile.h>)
#include <cufile.h>
#define HAVE_CUFILE_H 1
#define CUFILE_API_TYPES
typedef CUfileError_t cufile_error;
typedef CUfileDescr_t cufile_file;
typedef CUfileDrvProps_t cufile_properties;
#endif

#include "core/library.h"
#include "gpu/vendor/cublaslt_api.h"
#include "gpu/vendor/cufile_api.h"
#include "gpu/vendor/nccl_api.h"
#include "test.h"

#define SAME_FUNCTION(owner, member, symbol)                                                 \
    _Static_assert(                                                                          \
        __builtin_types_compatible_p(__typeof__(*((owner *)0)->member), __typeof__(symbol)), \
        #symbol);
#define SAME_VALUE(ours, theirs) _Static_assert((long)(ours) == (long)(theirs), #theirs)
#define SAME_FIELD(ours, our_field, theirs, their_field)                                     \
    _Static_assert(offsetof(ours, our_field) == offsetof(theirs, their_field) &&             \
                       sizeof(((ours *)0)->our_field) == sizeof(((theirs *)0)->their_field), \
                   #their_field)

#ifdef HAVE_CUBLASLT_H
#define F(member, symbol) SAME_FUNCTION(struct cublaslt, member, symbol)
static __attribute__((unused)) void check_cublaslt(void)
{
    CUBLASLT_FUNCTIONS(F)
}
#undef F
_Static_assert(sizeof(struct lt_algo_data) == sizeof(cublasLtMatmulAlgo_t), "algo");
_Static_assert(sizeof(struct lt_heuristic_data) == sizeof(cublasLtMatmulHeuristicResult_t), "");
SAME_FIELD(struct lt_heuristic_data, algo, cublasLtMatmulHeuristicResult_t, algo);
SAME_FIELD(struct lt_heuristic_data, workspace_bytes, cublasLtMatmulHeuristicResult_t,
           workspaceSize);
SAME_FIELD(struct lt_heuristic_data, state, cublasLtMatmulHeuristicResult_t, state);
SAME_FIELD(struct lt_heuristic_data, waves, cublasLtMatmulHeuristicResult_t, wavesCount);
SAME_VALUE(LT_SUCCESS, CUBLAS_STATUS_SUCCESS);
SAME_VALUE(LT_NOT_SUPPORTED, CUBLAS_STATUS_NOT_SUPPORTED);
SAME_VALUE(LT_OP_N, CUBLAS_OP_N);
SAME_VALUE(LT_OP_T, CUBLAS_OP_T);
SAME_VALUE(LT_POINTER_HOST, CUBLASLT_POINTER_MODE_HOST);
SAME_VALUE(LT_POINTER_DEVICE, CUBLASLT_POINTER_MODE_DEVICE);
SAME_VALUE(LT_ORDER_COL, CUBLASLT_ORDER_COL);
SAME_VALUE(LT_ORDER_ROW, CUBLASLT_ORDER_ROW);
SAME_VALUE(LT_ORDER_COL32, CUBLASLT_ORDER_COL32);
SAME_VALUE(LT_ORDER_COL32_2R_4R4, CUBLASLT_ORDER_COL32_2R_4R4);
SAME_VALUE(LT_SEARCH_BEST_FIT, CUBLASLT_SEARCH_BEST_FIT);
SAME_VALUE(LT_R_32F, CUDA_R_32F);
SAME_VALUE(LT_R_64F, CUDA_R_64F);
SAME_VALUE(LT_R_16F, CUDA_R_16F);
SAME_VALUE(LT_R_8I, CUDA_R_8I);
SAME_VALUE(LT_R_32I, CUDA_R_32I);
SAME_VALUE(LT_R_16BF, CUDA_R_16BF);
SAME_VALUE(LT_R_8F_E4M3, CUDA_R_8F_E4M3);
SAME_VALUE(LT_R_8F_E5M2, CUDA_R_8F_E5M2);
SAME_VALUE(LT_R_8F_UE8M0, CUDA_R_8F_UE8M0);
SAME_VALUE(LT_R_4F_E2M1, CUDA_R_4F_E2M1);
SAME_VALUE(LT_COMPUTE_16F, CUBLAS_COMPUTE_16F);
SAME_VALUE(LT_COMPUTE_32F, CUBLAS_COMPUTE_32F);
SAME_VALUE(LT_COMPUTE_64F, CUBLAS_COMPUTE_64F);
SAME_VALUE(LT_COMPUTE_32I, CUBLAS_COMPUTE_32I);
SAME_VALUE(LT_COMPUTE_32F_FAST_TF32, CUBLAS_COMPUTE_32F_FAST_TF32);
SAME_VALUE(LT_DESC_COMPUTE_TYPE, CUBLASLT_MATMUL_DESC_COMPUTE_TYPE);
SAME_VALUE(LT_DESC_SCALE_TYPE, CUBLASLT_MATMUL_DESC_SCALE_TYPE);
SAME_VALUE(LT_DESC_POINTER_MODE, CUBLASLT_MATMUL_DESC_POINTER_MODE);
SAME_VALUE(LT_DESC_TRANSA, CUBLASLT_MATMUL_DESC_TRANSA);
SAME_VALUE(LT_DESC_TRANSB, CUBLASLT_MATMUL_DESC_TRANSB);
SAME_VALUE(LT_DESC_EPILOGUE, CUBLASLT_MATMUL_DESC_EPILOGUE);
SAME_VALUE(LT_DESC_A_SCALE_POINTER, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER);
SAME_VALUE(LT_DESC_B_SCALE_POINTER, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER);
SAME_VALUE(LT_DESC_C_SCALE_POINTER, CUBLASLT_MATMUL_DESC_C_SCALE_POINTER);
SAME_VALUE(LT_DESC_D_SCALE_POINTER, CUBLASLT_MATMUL_DESC_D_SCALE_POINTER);
SAME_VALUE(LT_DESC_FAST_ACCUM, CUBLASLT_MATMUL_DESC_FAST_ACCUM);
SAME_VALUE(LT_DESC_A_SCALE_MODE, CUBLASLT_MATMUL_DESC_A_SCALE_MODE);
SAME_VALUE(LT_DESC_B_SCALE_MODE, CUBLASLT_MATMUL_DESC_B_SCALE_MODE);
SAME_VALUE(LT_SCALE_SCALAR_32F, CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F);
SAME_VALUE(LT_SCALE_VEC16_UE4M3, CUBLASLT_MATMUL_MATRIX_SCALE_VEC16_UE4M3);
SAME_VALUE(LT_SCALE_VEC32_UE8M0, CUBLASLT_MATMUL_MATRIX_SCALE_VEC32_UE8M0);
SAME_VALUE(LT_LAYOUT_TYPE, CUBLASLT_MATRIX_LAYOUT_TYPE);
SAME_VALUE(LT_LAYOUT_ORDER, CUBLASLT_MATRIX_LAYOUT_ORDER);
SAME_VALUE(LT_LAYOUT_LD, CUBLASLT_MATRIX_LAYOUT_LD);
SAME_VALUE(LT_LAYOUT_BATCH_COUNT, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT);
SAME_VALUE(LT_LAYOUT_STRIDED_BATCH_OFFSET, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET);
SAME_VALUE(LT_PREF_SEARCH_MODE, CUBLASLT_MATMUL_PREF_SEARCH_MODE);
SAME_VALUE(LT_PREF_MAX_WORKSPACE_BYTES, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
SAME_VALUE(LT_PREF_REDUCTION_SCHEME_MASK, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK);
SAME_VALUE(LT_ALGO_ID, CUBLASLT_ALGO_CONFIG_ID);
SAME_VALUE(LT_ALGO_TILE_ID, CUBLASLT_ALGO_CONFIG_TILE_ID);
SAME_VALUE(LT_ALGO_SPLITK_NUM, CUBLASLT_ALGO_CONFIG_SPLITK_NUM);
SAME_VALUE(LT_ALGO_REDUCTION_SCHEME, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME);
SAME_VALUE(LT_ALGO_CTA_SWIZZLING, CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING);
SAME_VALUE(LT_ALGO_CUSTOM_OPTION, CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION);
SAME_VALUE(LT_ALGO_STAGES_ID, CUBLASLT_ALGO_CONFIG_STAGES_ID);
SAME_VALUE(LT_ALGO_INNER_SHAPE_ID, CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID);
SAME_VALUE(LT_ALGO_CLUSTER_SHAPE_ID, CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID);
SAME_VALUE(LT_TRANSFORM_SCALE_TYPE, CUBLASLT_MATRIX_TRANSFORM_DESC_SCALE_TYPE);
SAME_VALUE(LT_TRANSFORM_POINTER_MODE, CUBLASLT_MATRIX_TRANSFORM_DESC_POINTER_MODE);
SAME_VALUE(LT_TRANSFORM_TRANSA, CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSA);
SAME_VALUE(LT_TRANSFORM_TRANSB, CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSB);
#endif

#ifdef HAVE_NCCL_H
#define F(member, symbol, may_lack) SAME_FUNCTION(struct nccl, member, symbol)
static __attribute__((unused)) void check_nccl(void)
{
    NCCL_FUNCTIONS(F)
}
#undef F
_Static_assert(sizeof(struct nccl_id_data) == sizeof(ncclUniqueId), "ncclUniqueId");
SAME_VALUE(NCCL_OK, ncclSuccess);
SAME_VALUE(NCCL_IN_PROGRESS, ncclInProgress);
SAME_VALUE(NCCL_SUM, ncclSum);
SAME_VALUE(NCCL_PROD, ncclProd);
SAME_VALUE(NCCL_MAX, ncclMax);
SAME_VALUE(NCCL_MIN, ncclMin);
SAME_VALUE(NCCL_AVG, ncclAvg);
SAME_VALUE(NCCL_INT8, ncclInt8);
SAME_VALUE(NCCL_UINT8, ncclUint8);
SAME_VALUE(NCCL_INT32, ncclInt32);
SAME_VALUE(NCCL_UINT32, ncclUint32);
SAME_VALUE(NCCL_INT64, ncclInt64);
SAME_VALUE(NCCL_UINT64, ncclUint64);
SAME_VALUE(NCCL_FLOAT16, ncclFloat16);
SAME_VALUE(NCCL_FLOAT32, ncclFloat32);
SAME_VALUE(NCCL_FLOAT64, ncclFloat64);
SAME_VALUE(NCCL_BFLOAT16, ncclBfloat16);
#endif

#ifdef HAVE_CUFILE_H
#define F(member, symbol) SAME_FUNCTION(struct cufile, member, symbol)
static __attribute__((unused)) void check_cufile(void)
{
    CUFILE_FUNCTIONS(F)
}
#undef F
_Static_assert(sizeof(struct cufile_error_data) == sizeof(CUfileError_t), "CUfileError_t");
SAME_FIELD(struct cufile_error_data, err, CUfileError_t, err);
SAME_FIELD(struct cufile_error_data, cuda_err, CUfileError_t, cu_err);
_Static_assert(sizeof(struct cufile_file_data) == sizeof(CUfileDescr_t), "CUfileDescr_t");
SAME_FIELD(struct cufile_file_data, type, CUfileDescr_t, type);
SAME_FIELD(struct cufile_file_data, handle.fd, CUfileDescr_t, handle.fd);
SAME_FIELD(struct cufile_file_data, fs_ops, CUfileDescr_t, fs_ops);
_Static_assert(sizeof(struct cufile_properties_data) == sizeof(CUfileDrvProps_t), "");
SAME_FIELD(struct cufile_properties_data, nvfs.major_version, CUfileDrvProps_t, nvfs.major_version);
SAME_FIELD(struct cufile_properties_data, nvfs.direct_io_max_kib, CUfileDrvProps_t,
           nvfs.max_direct_io_size);
SAME_FIELD(struct cufile_properties_data, nvfs.control_flags, CUfileDrvProps_t, nvfs.dcontrolflags);
SAME_FIELD(struct cufile_properties_data, feature_flags, CUfileDrvProps_t, fflags);
SAME_FIELD(struct cufile_properties_data, batch_io_timeout_ms, CUfileDrvProps_t,
           max_batch_io_timeout_msecs);
SAME_VALUE(CUFILE_OK, CU_FILE_SUCCESS);
SAME_VALUE(CUFILE_DRIVER_NOT_INITIALIZED, CU_FILE_DRIVER_NOT_INITIALIZED);
SAME_VALUE(CUFILE_PLATFORM_NOT_SUPPORTED, CU_FILE_PLATFORM_NOT_SUPPORTED);
SAME_VALUE(CUFILE_IO_NOT_SUPPORTED, CU_FILE_IO_NOT_SUPPORTED);
SAME_VALUE(CUFILE_CUDA_DRIVER_ERROR, CU_FILE_CUDA_DRIVER_ERROR);
SAME_VALUE(CUFILE_HANDLE_FD, CU_FILE_HANDLE_TYPE_OPAQUE_FD);
SAME_VALUE(CUFILE_ALLOW_COMPAT_MODE_BIT, CU_FILE_ALLOW_COMPAT_MODE);
#endif

/* What is installed must open; what is not must say so. */
static void installed(const char *what, int rc, const struct library *l, const struct err *e)
{
    printf("%s: %s\n", what, rc == 0 ? l->path : e->msg);
    CHECK(rc == 0 || (rc == ERR_NOTSUP && e->msg[0]));
}

int main(void)
{
    static struct cublaslt lt;
    static struct nccl nccl;
    static struct cufile cufile;
    struct err e = { 0 };

    library_places_set(&(struct library_places){ .search_path = getenv("HEADROOM_LIBRARY_PATH"),
                                                 .virtual_env = getenv("VIRTUAL_ENV"),
                                                 .path = getenv("PATH"),
                                                 .home = getenv("HOME") });
    installed("cuBLASLt", cublaslt_api_open(&lt, &e), &lt.dl, &e);
    CHECK(!lt.dl.handle || lt.version >= 120000);
    e = (struct err){ 0 };
    installed("NCCL", nccl_api_open(&nccl, &e), &nccl.dl, &e);
    CHECK(!nccl.dl.handle || strcmp(nccl.error_string(NCCL_OK), "no error") == 0);
    e = (struct err){ 0 };
    installed("cuFile", cufile_api_open(&cufile, &e), &cufile.dl, &e);
#if !defined(HAVE_CUBLASLT_H) || !defined(HAVE_NCCL_H) || !defined(HAVE_CUFILE_H)
    if (test_failures == 0)
        TEST_SKIP("vendors' headers are not here: tools/vendor-headers gets them");
#endif
    TEST_DONE();
}
