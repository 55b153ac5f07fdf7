/* api_gpu.h - the half of libheadroom that needs CUDA; in a build without, api_gpu_none.c stands in
 * for it, and nothing gets there, since there is no GPU. */
#ifndef API_API_GPU_H
#define API_API_GPU_H

#include <headroom.h>

#include "kernels/attention/sparse.h"

struct api_gpu_sparse; /* lists on a GPU */

/* The program's own device of this thread is as it was on return, here and below. */
int api_gpu_sparse_open(struct api_gpu_sparse **out, const struct sparse_pattern *p,
                        const struct headroom_sparse_options *o, void *stream, struct err *e);
int api_gpu_sparse_run(struct api_gpu_sparse *s, const struct sparse_args *a, void *stream,
                       struct err *e);
void api_gpu_sparse_close(struct api_gpu_sparse *s); /* NULL is fine */
const char *api_gpu_sparse_name(const struct api_gpu_sparse *s);

/* Name i of the variants for a GPU; NULL: there are no more. */
const char *api_gpu_sparse_variant(int device, int i);

int api_gpu_sync(int device, void *stream, struct err *e);

#endif
