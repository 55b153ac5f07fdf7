/* ternary_chain_gpu.h - the chain of ternary_chain.h on a GPU: device buffers and launchers.
 *
 * Launchers enqueue and return: 0, ERR_CUDA, or ERR_NOTSUP where a shape has no code. */
#ifndef KERNELS_TERNARY_TERNARY_CHAIN_GPU_H
#define KERNELS_TERNARY_TERNARY_CHAIN_GPU_H

#include <stdbool.h>

#include "gpu/gpu.h"
#include "kernels/ternary/ternary_chain.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Device pointers. */
struct ternary_chain_args {
    const uint8_t *tiles; /* by layer and phase: ternary_tiles.h */
    const float *g;       /* [layers][2][dim] */
    const float *x_in;    /* [dim] */
    float *x_out;         /* [dim] */
    float *qkv;           /* [layers][rows of qkv] */
    float *h, *x_mid;     /* [ff], [dim]: between kernels */
    uint64_t *mail;       /* ternary_chain_mail() words: between blocks; zero at first */
    unsigned *epoch;      /* zero at first: of the last run that used the mail */
    unsigned *late;       /* set where a wait was given up */
    float eps;
    int layers;
    int grid;
};

/* Words of `mail`. */
size_t ternary_chain_mail(const struct ternary_shape *s);

/* Is there a persistent kernel for the shape?  The layers may be fewer. */
bool ternary_chain_persistent_has(const struct ternary_shape *s, bool cluster);

/* One kernel for all of it; 9.0 and newer.  cluster: 16 blocks that write into each other's shared
 * memory, for layers that fit there; otherwise a block a multiprocessor, through the L2. */
int ternary_chain_persistent(const struct ternary_shape *s, const struct ternary_chain_args *a,
                             bool cluster, gpu_stream stream, struct err *e);

/* A kernel a phase; early: each is started before the one before it has ended (9.0 and newer). */
int ternary_chain_phases(const struct ternary_shape *s, const struct ternary_chain_args *a,
                         bool early, gpu_stream stream, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
