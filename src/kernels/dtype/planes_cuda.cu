/* planes_cuda.cu - from blocks as they lie in a file to planes: once a matrix, at load. */
#include "kernels/dtype/planes_gpu.h"

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"

enum { THREADS = 256 };
static const size_t BLOCKS_MOST = 4096;

struct job {
    const uint8_t *from;
    uint8_t *to;
    size_t items;                /* blocks, or rows of floats */
    size_t from_bytes, to_bytes; /* of an item; what is longer in `to` is zero */
    size_t at;                   /* in the item */
};

/* Two bytes at a time; what lies in a file is aligned to no more. */
static __global__ void __launch_bounds__(THREADS) sort_kernel(const struct job j)
{
    const size_t halves = j.to_bytes / 2, all = j.items * halves;

    for (size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x; i < all;
         i += (size_t)gridDim.x * THREADS) {
        const size_t item = i / halves, byte = i % halves * 2 + j.at;
        const uint8_t *p = j.from + item * j.from_bytes + byte;

        ((uint16_t *)j.to)[i] = byte < j.from_bytes ? (uint16_t)(p[0] | p[1] << 8) : 0;
    }
}

static int sort(const struct job *j, gpu_stream s, struct err *e)
{
    size_t blocks = (j->items * (j->to_bytes / 2) + THREADS - 1) / THREADS;

    sort_kernel<<<(unsigned)(blocks < BLOCKS_MOST ? blocks : BLOCKS_MOST), THREADS, 0, s>>>(*j);
    return gpu_try_launched(cudaGetLastError(), "planes kernel", e);
}

int planes_make(const struct planes *p, const void *d_file, void *d_planes, gpu_stream s,
                struct err *e)
{
    const struct planes_layout *l = planes_layout(p->dtype);
    const struct dtype_info *info = dtype_info(p->dtype);
    struct job j = { (const uint8_t *)d_file, (uint8_t *)d_planes, p->rows, 0, p->row_bytes, 0 };
    int rc = 0;

    j.from_bytes = p->cols * (size_t)info->bytes;
    if (!l)
        return sort(&j, s, e);
    j.items = p->rows * (p->cols / (size_t)info->block);
    j.from_bytes = (size_t)info->bytes;
    for (int i = 0; i < l->n; i++) {
        j.to = (uint8_t *)d_planes + p->at[i];
        j.to_bytes = l->field[i].bytes;
        j.at = l->field[i].at;
        TRY(sort(&j, s, e));
    }
out:
    return rc;
}
