/* cublaslt_api.h - the functions and enums of cuBLASLt that are used, so that its headers are not
 * needed to build.  test_vendor holds them against the vendor's headers where those can be had.
 *
 * Names and argument order are cuBLASLt's; the reference is its documentation.  Enums are passed as
 * the unsigned integers that they are.  Everything but cublaslt_api_open needs a CUDA device. */
#ifndef GPU_VENDOR_CUBLASLT_API_H
#define GPU_VENDOR_CUBLASLT_API_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/library.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { LT_SUCCESS = 0, LT_NOT_SUPPORTED = 15 };      /* cublasStatus_t */
enum { LT_OP_N = 0, LT_OP_T = 1 };                   /* cublasOperation_t */
enum { LT_POINTER_HOST = 0, LT_POINTER_DEVICE = 1 }; /* cublasLtPointerMode_t */
enum { LT_ORDER_COL = 0, LT_ORDER_ROW = 1, LT_ORDER_COL32 = 2, LT_ORDER_COL32_2R_4R4 = 4 };
enum { LT_SEARCH_BEST_FIT = 0 }; /* cublasLtMatmulSearch_t */

/* cudaDataType_t */
enum {
    LT_R_32F = 0,
    LT_R_64F = 1,
    LT_R_16F = 2,
    LT_R_8I = 3,
    LT_R_32I = 10,
    LT_R_16BF = 14,
    LT_R_8F_E4M3 = 28,
    LT_R_8F_E5M2 = 29,
    LT_R_8F_UE8M0 = 30,
    LT_R_4F_E2M1 = 33
};

/* cublasComputeType_t */
enum {
    LT_COMPUTE_16F = 64,
    LT_COMPUTE_32F = 68,
    LT_COMPUTE_64F = 70,
    LT_COMPUTE_32I = 72,
    LT_COMPUTE_32F_FAST_TF32 = 77
};

/* cublasLtMatmulDescAttributes_t; scale pointers are of device memory.  The scale modes are there
 * from 12.8 on. */
enum {
    LT_DESC_COMPUTE_TYPE = 0,
    LT_DESC_SCALE_TYPE = 1,
    LT_DESC_POINTER_MODE = 2,
    LT_DESC_TRANSA = 3,
    LT_DESC_TRANSB = 4,
    LT_DESC_EPILOGUE = 7,
    LT_DESC_A_SCALE_POINTER = 17,
    LT_DESC_B_SCALE_POINTER = 18,
    LT_DESC_C_SCALE_POINTER = 19,
    LT_DESC_D_SCALE_POINTER = 20,
    LT_DESC_FAST_ACCUM = 25,
    LT_DESC_A_SCALE_MODE = 31,
    LT_DESC_B_SCALE_MODE = 32
};

/* cublasLtMatmulMatrixScale_t */
enum { LT_SCALE_SCALAR_32F = 0, LT_SCALE_VEC16_UE4M3 = 1, LT_SCALE_VEC32_UE8M0 = 2 };

/* cublasLtMatrixLayoutAttribute_t */
enum {
    LT_LAYOUT_TYPE = 0,
    LT_LAYOUT_ORDER = 1,
    LT_LAYOUT_LD = 4,
    LT_LAYOUT_BATCH_COUNT = 5,
    LT_LAYOUT_STRIDED_BATCH_OFFSET = 6
};

/* cublasLtMatmulPreferenceAttributes_t */
enum {
    LT_PREF_SEARCH_MODE = 0,
    LT_PREF_MAX_WORKSPACE_BYTES = 1,
    LT_PREF_REDUCTION_SCHEME_MASK = 3
};

/* cublasLtMatmulAlgoConfigAttributes_t: what an algorithm of the search is, for its name */
enum {
    LT_ALGO_ID = 0,
    LT_ALGO_TILE_ID = 1,
    LT_ALGO_SPLITK_NUM = 2,
    LT_ALGO_REDUCTION_SCHEME = 3,
    LT_ALGO_CTA_SWIZZLING = 4,
    LT_ALGO_CUSTOM_OPTION = 5,
    LT_ALGO_STAGES_ID = 6,
    LT_ALGO_INNER_SHAPE_ID = 7,
    LT_ALGO_CLUSTER_SHAPE_ID = 8
};

/* cublasLtMatrixTransformDescAttributes_t */
enum {
    LT_TRANSFORM_SCALE_TYPE = 0,
    LT_TRANSFORM_POINTER_MODE = 1,
    LT_TRANSFORM_TRANSA = 2,
    LT_TRANSFORM_TRANSB = 3
};

/* cublasLtMatmulAlgo_t */
struct lt_algo_data {
    uint64_t data[8];
};

/* cublasLtMatmulHeuristicResult_t */
struct lt_heuristic_data {
    struct lt_algo_data algo;
    size_t workspace_bytes;
    unsigned state; /* LT_SUCCESS: the others are valid */
    float waves;
    int reserved[4];
};

#ifndef CUBLASLT_API_TYPES /* the test puts the vendor's own types in their place */
#define CUBLASLT_API_TYPES
typedef struct cublasLtContext *lt_handle;
typedef struct lt_matmul_desc_opaque *lt_matmul_desc;
typedef struct lt_layout_opaque *lt_layout;
typedef struct lt_preference_opaque *lt_preference;
typedef struct lt_transform_opaque *lt_transform;
typedef struct lt_algo_data lt_algo;
typedef struct lt_heuristic_data lt_heuristic;
#endif

struct CUstream_st; /* *: gpu_stream, cudaStream_t */

struct cublaslt {
    struct library dl;
    size_t version; /* 130100 for 13.1.0 */
    size_t (*get_version)(void);
    const char *(*status_string)(unsigned status);
    unsigned (*create)(lt_handle *handle);
    unsigned (*destroy)(lt_handle handle);
    unsigned (*matmul)(lt_handle handle, lt_matmul_desc desc, const void *alpha, const void *a,
                       lt_layout a_layout, const void *b, lt_layout b_layout, const void *beta,
                       const void *c, lt_layout c_layout, void *d, lt_layout d_layout,
                       const lt_algo *algo, void *workspace, size_t workspace_bytes,
                       struct CUstream_st *stream);
    unsigned (*desc_create)(lt_matmul_desc *desc, unsigned compute_type, unsigned scale_type);
    unsigned (*desc_destroy)(lt_matmul_desc desc);
    unsigned (*desc_set)(lt_matmul_desc desc, unsigned attribute, const void *value, size_t bytes);
    unsigned (*layout_create)(lt_layout *layout, unsigned type, uint64_t rows, uint64_t columns,
                              int64_t ld);
    unsigned (*layout_destroy)(lt_layout layout);
    unsigned (*layout_set)(lt_layout layout, unsigned attribute, const void *value, size_t bytes);
    unsigned (*preference_create)(lt_preference *preference);
    unsigned (*preference_destroy)(lt_preference preference);
    unsigned (*preference_set)(lt_preference preference, unsigned attribute, const void *value,
                               size_t bytes);
    unsigned (*heuristic)(lt_handle handle, lt_matmul_desc desc, lt_layout a_layout,
                          lt_layout b_layout, lt_layout c_layout, lt_layout d_layout,
                          lt_preference preference, int asked, lt_heuristic *results, int *given);
    unsigned (*algo_ids)(lt_handle handle, unsigned compute_type, unsigned scale_type,
                         unsigned a_type, unsigned b_type, unsigned c_type, unsigned d_type,
                         int asked, int *ids, int *given);
    unsigned (*algo_init)(lt_handle handle, unsigned compute_type, unsigned scale_type,
                          unsigned a_type, unsigned b_type, unsigned c_type, unsigned d_type,
                          int id, lt_algo *algo);
    unsigned (*algo_check)(lt_handle handle, lt_matmul_desc desc, lt_layout a_layout,
                           lt_layout b_layout, lt_layout c_layout, lt_layout d_layout,
                           const lt_algo *algo, lt_heuristic *result);
    unsigned (*algo_config_set)(lt_algo *algo, unsigned attribute, const void *value, size_t bytes);
    unsigned (*algo_config_get)(const lt_algo *algo, unsigned attribute, void *value, size_t bytes,
                                size_t *written);
    unsigned (*transform)(lt_handle handle, lt_transform desc, const void *alpha, const void *a,
                          lt_layout a_layout, const void *beta, const void *b, lt_layout b_layout,
                          void *c, lt_layout c_layout, struct CUstream_st *stream);
    unsigned (*transform_create)(lt_transform *desc, unsigned scale_type);
    unsigned (*transform_destroy)(lt_transform desc);
    unsigned (*transform_set)(lt_transform desc, unsigned attribute, const void *value,
                              size_t bytes);
};

/* F(member of struct cublaslt, the vendor's name) */
#define CUBLASLT_FUNCTIONS(F)                                \
    F(get_version, cublasLtGetVersion)                       \
    F(status_string, cublasLtGetStatusString)                \
    F(create, cublasLtCreate)                                \
    F(destroy, cublasLtDestroy)                              \
    F(matmul, cublasLtMatmul)                                \
    F(desc_create, cublasLtMatmulDescCreate)                 \
    F(desc_destroy, cublasLtMatmulDescDestroy)               \
    F(desc_set, cublasLtMatmulDescSetAttribute)              \
    F(layout_create, cublasLtMatrixLayoutCreate)             \
    F(layout_destroy, cublasLtMatrixLayoutDestroy)           \
    F(layout_set, cublasLtMatrixLayoutSetAttribute)          \
    F(preference_create, cublasLtMatmulPreferenceCreate)     \
    F(preference_destroy, cublasLtMatmulPreferenceDestroy)   \
    F(preference_set, cublasLtMatmulPreferenceSetAttribute)  \
    F(heuristic, cublasLtMatmulAlgoGetHeuristic)             \
    F(algo_ids, cublasLtMatmulAlgoGetIds)                    \
    F(algo_init, cublasLtMatmulAlgoInit)                     \
    F(algo_check, cublasLtMatmulAlgoCheck)                   \
    F(algo_config_set, cublasLtMatmulAlgoConfigSetAttribute) \
    F(algo_config_get, cublasLtMatmulAlgoConfigGetAttribute) \
    F(transform, cublasLtMatrixTransform)                    \
    F(transform_create, cublasLtMatrixTransformDescCreate)   \
    F(transform_destroy, cublasLtMatrixTransformDescDestroy) \
    F(transform_set, cublasLtMatrixTransformDescSetAttribute)

/* Version 12 or 13, opened and its functions taken; library_close() ends it.  ERR_NOTSUP with the
 * reason where there is none. */
int cublaslt_api_open(struct cublaslt *out, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
