/* tile_gpu.c - large arrays of random values in a GPU's memory. */
#include "kernels/variant/tile_gpu.h"

#include "core/mem.h"
#include "core/rng.h"

void tile_free(struct tile *t)
{
    mem_free(t->x);
    *t = (struct tile){ 0 };
}

static size_t value_bytes(const struct tile *t)
{
    return (size_t)dtype_info(t->dtype)->bytes;
}

int tile_make(struct tile *t, const struct tile_want *want, struct err *e)
{
    struct rng rng;
    void *typed;

    *t = (struct tile){ .dtype = want->dtype,
                        .n = want->values < TILE_VALUES ? want->values : TILE_VALUES };
    t->x = mem_calloc(t->n, sizeof(*t->x));
    typed = mem_calloc(t->n, value_bytes(t));
    if (!t->x || !typed) {
        mem_free(typed);
        tile_free(t);
        return ERR(e, ERR_NOMEM, "no memory for %d random values", TILE_VALUES);
    }
    rng_init(&rng, want->seed, want->stream);
    for (size_t i = 0; i < t->n; i++)
        t->x[i] = want->scale * (float)rng_normal(&rng);
    dtype_from_f32(t->dtype, t->x, typed, t->n);
    dtype_to_f32(t->dtype, typed, t->x, t->n);
    mem_free(typed);
    return 0;
}

void tile_values(const struct tile *t, size_t first, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = t->x[(first + i) % t->n];
}

int tile_to_device(const struct tile *t, size_t values, void **out, gpu_stream s, struct err *e)
{
    const size_t size = value_bytes(t);
    void *typed = mem_calloc(t->n, size), *d = NULL;
    int rc = 0;

    if (!typed)
        return ERR(e, ERR_NOMEM, "no memory for %zu random values", t->n);
    dtype_from_f32(t->dtype, t->x, typed, t->n);
    TRY(gpu_alloc(&d, values * size, e));
    TRY(gpu_to_device(d, typed, (values < t->n ? values : t->n) * size, s, e));
    for (size_t at = t->n; at < values; at += t->n)
        TRY(gpu_copy((char *)d + at * size, d, (values - at < t->n ? values - at : t->n) * size, s,
                     e));
    TRY(gpu_sync(s, e));
    *out = d;
    d = NULL;
out:
    gpu_free(d);
    mem_free(typed);
    return rc;
}
