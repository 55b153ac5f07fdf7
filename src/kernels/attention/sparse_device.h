/* sparse_device.h - a pattern of sparse.h in a GPU's memory, as the portable variants want it. */
#ifndef KERNELS_ATTENTION_SPARSE_DEVICE_H
#define KERNELS_ATTENTION_SPARSE_DEVICE_H

#include "gpu/gpu.h"
#include "kernels/attention/sparse.h"
#include "kernels/attention/sparse_gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sparse_device {
    int heads, q_len, kv_len;
    int lists, rows;                           /* all of them; of one head */
    int64_t blocks;                            /* in all lists */
    const int32_t *row_ptr, *col, *mask, *row; /* device; mask may be NULL; row: a block's list */
    const int32_t *order;                      /* device: the lists, as they are to be begun */
    const uint32_t *masks;                     /* device */
    void *memory;                              /* owned: all of the above */
};

/* The current device.  ERR_NOTSUP where this build or the device has not what is wanted. */
int sparse_device_here(struct gpu_properties *gpu, const struct sparse_gpu_want *want,
                       struct err *e);

/* Is a call what was opened for?  ERR_ARG. */
int sparse_device_args(const struct sparse_gpu_want *want, const struct sparse_args *a,
                       struct err *e);

/* Take it to the current device.  ERR_NOMEM. */
int sparse_device_open(struct sparse_device *d, const struct sparse_pattern *p, gpu_stream s,
                       struct err *e);
void sparse_device_close(struct sparse_device *d);

#ifdef __cplusplus
}
#endif

#endif
