/* ternary_gpu.h - ternary products on a GPU: what is taken there, and the tables of variants.
 *
 * Everything is made once; `run` allocates nothing, waits for nothing and may be recorded into a
 * graph.  One run at a time of what was opened: it has buffers of its own. */
#ifndef KERNELS_TERNARY_TERNARY_GPU_H
#define KERNELS_TERNARY_TERNARY_GPU_H

#include <stdbool.h>

#include "kernels/ternary/ternary_chain_gpu.h"
#include "kernels/ternary/ternary_product.h"
#include "kernels/variant/gpu_variant.h"

/* ---- one matrix */

struct ternary_gpu {
    struct ternary_product p; /* x, g and y are its own; g is NULL for no norm */
    void *owned[8];
    int n_owned;
};

/* g: [cols] on the host, or NULL.  ERR_NOMEM, ERR_NOTSUP (too many columns), ERR_CUDA. */
int ternary_gpu_open(struct ternary_gpu *t, const struct ternary *m, size_t tokens, const float *g,
                     float eps, gpu_stream s, struct err *e);
void ternary_gpu_close(struct ternary_gpu *t); /* a zeroed one is fine */

/* Norm and quantisation: in the product's kernel, in one before it, or not in what is run. */
enum ternary_gpu_norm { TERNARY_GPU_FUSED, TERNARY_GPU_APART, TERNARY_GPU_READY };

struct ternary_gpu_variant {
    struct gpu_variant is;
    bool fuses; /* has TERNARY_GPU_FUSED */
    int (*product)(const struct ternary_product *p, gpu_stream s, struct err *e); /* from q */
};

const struct ternary_gpu_variant *ternary_gpu_variants(int *n);

int ternary_gpu_run(const struct ternary_gpu *t, const struct ternary_gpu_variant *v,
                    enum ternary_gpu_norm norm, gpu_stream s, struct err *e);

/* ---- a chain */

struct ternary_chain_gpu {
    struct ternary_shape shape;
    struct ternary_chain_args a;
    int capability;
    void *owned[12];
    int n_owned;
};

/* x: [dim] on the host, the input of every run. */
int ternary_chain_gpu_open(struct ternary_chain_gpu *t, const struct ternary_chain *c,
                           const float *x, int capability, gpu_stream s, struct err *e);
void ternary_chain_gpu_close(struct ternary_chain_gpu *t);

struct ternary_chain_variant {
    struct gpu_variant is;
    bool l2; /* blocks speak through the L2, not within a cluster or by kernels' ends */
    bool (*has)(const struct ternary_shape *s);
    int (*run)(const struct ternary_chain_gpu *t, gpu_stream s, struct err *e);
};

const struct ternary_chain_variant *ternary_chain_variants(int *n);

/* What a run has left: x [dim] and qkv [layers][rows] on the host.  ERR_TIMEOUT where blocks have
 * given up waiting for each other. */
int ternary_chain_gpu_result(const struct ternary_chain_gpu *t, float *x, float *qkv, gpu_stream s,
                             struct err *e);

/* Fill what a run writes with NaN. */
int ternary_chain_gpu_poison(const struct ternary_chain_gpu *t, gpu_stream s, struct err *e);

#endif
