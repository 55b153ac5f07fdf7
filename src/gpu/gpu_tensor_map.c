/* gpu_tensor_map.c - the one function of the driver that makes them, asked for by its name: nothing
 * links to the driver. */
#include "gpu/gpu_tensor_map.h"

#include <cudaTypedefs.h>
#include <cuda_runtime_api.h>
#include <stdatomic.h>
#include <string.h>

#include "gpu/gpu_try.h"

static int find(PFN_cuTensorMapEncodeTiled_v12000 *out, struct err *e)
{
    static _Atomic(PFN_cuTensorMapEncodeTiled_v12000) known;
    enum cudaDriverEntryPointQueryResult found = cudaDriverEntryPointSymbolNotFound;
    PFN_cuTensorMapEncodeTiled_v12000 encode = atomic_load_explicit(&known, memory_order_relaxed);
    void *entry = NULL;
    int rc = 0;

    if (!encode) {
#if CUDART_VERSION >= 12050
        CUDA_TRY(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &entry, 12000,
                                                  cudaEnableDefault, &found));
#else
        CUDA_TRY(
            cudaGetDriverEntryPoint("cuTensorMapEncodeTiled", &entry, cudaEnableDefault, &found));
#endif
        if (found != cudaDriverEntryPointSuccess || !entry)
            return ERR(e, ERR_NOTSUP, "the driver has no cuTensorMapEncodeTiled");
        memcpy(&encode, &entry, sizeof(encode));
        atomic_store_explicit(&known, encode, memory_order_relaxed);
    }
    *out = encode;
out:
    return rc;
}

int gpu_tensor_map(CUtensorMap *out, const struct gpu_tensor_map_want *want, struct err *e)
{
    const cuuint64_t size[2] = { want->cols, want->rows }, stride[1] = { want->row_bytes };
    const cuuint32_t box[2] = { (cuuint32_t)want->box_cols, (cuuint32_t)want->box_rows };
    const cuuint32_t step[2] = { 1, 1 };
    PFN_cuTensorMapEncodeTiled_v12000 encode = NULL;
    uintptr_t at = (uintptr_t)want->d;
    CUresult status;
    void *d;
    int rc = 0;

    if (at % 16 != 0 || want->row_bytes % 16 != 0)
        return ERR(e, ERR_ARG, "a matrix whose rows do not begin at multiples of 16 bytes");
    TRY(find(&encode, e));
    memcpy(&d, &want->d, sizeof(d)); /* the map is of memory that may be written, whatever we do */
    status = encode(out, want->type, 2, d, size, stride, box, step, CU_TENSOR_MAP_INTERLEAVE_NONE,
                    CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                    CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    if (status != CUDA_SUCCESS)
        rc = ERR(e, ERR_ARG, "cuTensorMapEncodeTiled: error %d of %zu x %zu in boxes of %d x %d",
                 (int)status, want->rows, want->cols, want->box_rows, want->box_cols);
out:
    return rc;
}
