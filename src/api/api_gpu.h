/* api_gpu.h - the half of libheadroom that needs CUDA; in a build without, api_gpu_none.c stands in
 * for it, and nothing gets there, since there is no GPU. */
#ifndef API_API_GPU_H
#define API_API_GPU_H

#include <headroom.h>

#include "kernels/attention/sparse.h"
#include "kernels/ternary/ternary.h"

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

struct api_gpu_ternary; /* ternary weights on a GPU */

/* m and norm [cols] (or NULL): on the host. */
int api_gpu_ternary_open(struct api_gpu_ternary **out, const struct ternary *m, const float *norm,
                         float eps, const struct headroom_ternary_options *o, void *stream,
                         struct err *e);
int api_gpu_ternary_run(struct api_gpu_ternary *t, const float *x, float *y, int64_t n,
                        void *stream, struct err *e);
void api_gpu_ternary_close(struct api_gpu_ternary *t); /* NULL is fine */
const char *api_gpu_ternary_name(const struct api_gpu_ternary *t);
const char *api_gpu_ternary_variant(int device, int i);

/* Memory of a GPU, for those who have no CUDA of their own; the copies have happened on return. */
int api_gpu_alloc(int device, void **out, size_t bytes, struct err *e);
void api_gpu_free(int device, void *d);
int api_gpu_put(int device, void *d_to, const void *from, size_t bytes, struct err *e);
int api_gpu_get(int device, void *to, const void *d_from, size_t bytes, struct err *e);

int api_gpu_sync(int device, void *stream, struct err *e);

#endif
