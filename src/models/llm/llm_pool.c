/* llm_pool.c - seeded random weights, encoded. */
#include "models/llm/llm_pool.h"

#include <math.h>

#include "core/mem.h"

/* BitNet b1.58's weights (Ma et al., 2024): to the nearest of -1, 0, 1 in units of the mean
 * magnitude, which for N(0, 1) is sqrt(2 / pi); 0.6901 of them are not 0. */
static float ternary(float x)
{
    return fabsf(x) < 0.3989423F ? 0 : copysignf(1, x);
}

static void fill(const struct llm_pool *p, size_t units, size_t unit_bytes, uint64_t seed)
{
    struct rng r;

    rng_init(&r, seed, UINT64_C(0x10000) + p->dtype);
    for (size_t u = 0; u < units; u++) {
        float x[LLM_POOL_UNIT];

        for (int i = 0; i < LLM_POOL_UNIT; i++) {
            float v = (float)rng_normal(&r);

            x[i] = p->spread * (dtype_info(p->dtype)->ternary ? ternary(v) * 1.2037F : v);
        }
        dtype_from_f32(p->dtype, x, p->bytes + u * unit_bytes, LLM_POOL_UNIT);
    }
}

int llm_pool_get(struct llm_pools *p, enum dtype t, float spread, const struct llm_pool **out,
                 struct err *e)
{
    size_t unit_bytes = dtype_row_bytes(t, LLM_POOL_UNIT);
    struct llm_pool *new;

    for (int i = 0; i < p->n; i++)
        if (p->pool[i].dtype == t && p->pool[i].spread == spread) {
            *out = &p->pool[i];
            return 0;
        }
    BUG_ON(p->n == LLM_POOLS_MAX);
    new = &p->pool[p->n];
    *new = (struct llm_pool){ t, spread, mem_calloc(p->units, unit_bytes) };
    if (!new->bytes)
        return ERR(e, ERR_NOMEM, "no memory for %zu random weights", p->units * LLM_POOL_UNIT);
    p->n++;
    fill(new, p->units, unit_bytes, p->seed);
    *out = new;
    return 0;
}

void llm_pools_release(struct llm_pools *p)
{
    for (int i = 0; i < p->n; i++)
        mem_free(p->pool[i].bytes);
    p->n = 0;
}

void llm_draw_begin(struct llm_draw *d, const struct llm_pools *p, const struct llm_pool *pool,
                    size_t n, uint64_t stream)
{
    *d = (struct llm_draw){ .pool = pool,
                            .units = (n + LLM_POOL_UNIT - 1) / LLM_POOL_UNIT,
                            .mask = p->units - 1 };
    rng_init(&d->rng, p->seed, stream);
    d->at = rng_u64(&d->rng) & d->mask;
    d->step = rng_u64(&d->rng) | 1; /* odd: all units come before one comes again */
}

const uint8_t *llm_draw_next(struct llm_draw *d)
{
    if (d->units <= d->mask + 1)
        d->at = (d->at + d->step) & d->mask;
    else
        d->at = rng_u64(&d->rng) & d->mask;
    return d->pool->bytes + d->at * dtype_row_bytes(d->pool->dtype, LLM_POOL_UNIT);
}
