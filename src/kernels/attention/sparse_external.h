/* sparse_external.h - a library that the user names (external.h) as a variant of block-sparse
 * attention, on either device. */
#ifndef KERNELS_ATTENTION_SPARSE_EXTERNAL_H
#define KERNELS_ATTENTION_SPARSE_EXTERNAL_H

#include "kernels/attention/sparse_gpu.h"
#include "kernels/variant/external.h"

struct sparse_external;

/* Load the library and take the pattern to it.  *out is owned.  ERR_FORMAT, and what the library
 * says; ERR_NOTSUP where it has not what is wanted. */
int sparse_external_open(struct sparse_external **out, const char *path,
                         const struct sparse_pattern *p,
                         const struct headroom_sparse_options *options, gpu_stream stream,
                         struct err *e);

/* "library other.so" */
void sparse_external_name(const struct sparse_external *x, char *out, size_t cap);

/* Its `run` and `close` take a struct sparse_external; it has no `open`. */
extern const struct sparse_gpu_variant sparse_external_variant;

#endif
