/* attention_dense_gpu.h - kernels.attention.dense on a GPU. */
#ifndef KERNELS_ATTENTION_ATTENTION_DENSE_GPU_H
#define KERNELS_ATTENTION_ATTENTION_DENSE_GPU_H

#include <stdbool.h>
#include <stdint.h>

#include "core/bench.h"
#include "kernels/attention/attention_gpu.h"
#include "kernels/variant/variant_hooks.h"

/* Values of the axis `kv`, and of `cache`: more K and V than the L2 holds, in turn, or one set that
 * stays there where it fits. */
enum attention_dense_kv { ATTENTION_DENSE_F16, ATTENTION_DENSE_F32, ATTENTION_DENSE_BF16 };
enum attention_dense_cache { ATTENTION_DENSE_MEMORY, ATTENTION_DENSE_L2 };

struct attention_dense_gpu {
    struct gpu *gpu; /* borrowed from the worker */
    const struct attention_gpu_variant *v;
    int candidates[PICK_MAX];
    struct attention_gpu_args args; /* of the first set */
    int sets;                       /* of K and V, with tables and outputs of their own */
    int table_pages;                /* of a set */
    bool ran;                       /* since the last check */
    /* What the host knows: page b of the pool holds the values of page b % distinct; owned. */
    int distinct;
    float *values;  /* [distinct][2: K, V][kv_heads][KV_PAGE][head_dim] */
    int32_t *pages; /* [sets][sequences][ldpages] */
    float *q;       /* [sequences * tokens][heads][head_dim] */
    void *d_pool, *d_pages, *d_first, *d_q, *d_out, *d_workspace; /* owned */
};

bool attention_dense_gpu_exists(const struct params *p);
extern const struct variant_hooks attention_dense_gpu_hooks;

#endif
