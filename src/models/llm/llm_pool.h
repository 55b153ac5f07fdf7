/* llm_pool.h - seeded random weights, encoded: a pool of blocks that every tensor of a type and
 * spread draws from.
 *
 * A unit is 256 values of N(0, 1) times the spread; a tensor takes units at random, and no unit
 * twice while there are enough.  So gigabytes of weights cost the encoding of a megabyte, and bytes
 * are as many, as different from row to row, and as hard to compress as those of a real file. */
#ifndef MODELS_LLM_LLM_POOL_H
#define MODELS_LLM_LLM_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/rng.h"
#include "kernels/dtype/dtype.h"

enum { LLM_POOL_UNIT = 256, LLM_POOL_UNITS = 4096, LLM_POOLS_MAX = 16 };

struct llm_pool {
    enum dtype dtype;
    float spread;
    uint8_t *bytes; /* owned: units of LLM_POOL_UNIT values */
};

struct llm_pools {
    struct llm_pool pool[LLM_POOLS_MAX];
    int n;
    size_t units; /* of each: a power of two */
    uint64_t seed;
};

/* *out is filled where the pools do not have it yet.  ERR_NOMEM. */
int llm_pool_get(struct llm_pools *p, enum dtype t, float spread, const struct llm_pool **out,
                 struct err *e);
void llm_pools_release(struct llm_pools *p);

/* Draws units for one tensor of n values, in order. */
struct llm_draw {
    const struct llm_pool *pool;
    struct rng rng;
    size_t units, mask; /* of the tensor; of the pool */
    size_t step, at;
};

void llm_draw_begin(struct llm_draw *d, const struct llm_pools *p, const struct llm_pool *pool,
                    size_t n, uint64_t stream);
const uint8_t *llm_draw_next(struct llm_draw *d);

#endif
