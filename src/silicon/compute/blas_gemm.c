/* blas_gemm.c - matrices, check and loading for the libraries' GEMM. */
#include "silicon/compute/blas_gemm.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/rng.h"
#include "silicon/compute/gemm_library.h"

enum { SAMPLES = 96, STREAM_A = 1, STREAM_B = 2, STREAM_SAMPLES = 3 };

bool gemm_has(enum compute_path library, enum compute_dtype dtype)
{
    if (library == PATH_OPENBLAS)
        return dtype == COMPUTE_FP64 || dtype == COMPUTE_FP32;
    return library == PATH_ONEDNN &&
           (dtype == COMPUTE_FP32 || dtype == COMPUTE_BF16 || dtype == COMPUTE_INT8);
}

int gemm_size(enum compute_dtype dtype, int threads, bool emulated)
{
    bool narrow = dtype == COMPUTE_BF16 || dtype == COMPUTE_INT8;
    int n = (int)((narrow && !emulated ? 1536 : 768) * cbrt(threads) / 256 + 0.5) * 256;

    return n > 4096 ? 4096 : n;
}

static size_t element_bytes(enum compute_dtype t)
{
    switch (t) {
    case COMPUTE_FP64: return 8;
    case COMPUTE_FP32: return 4;
    case COMPUTE_BF16: return 2;
    case COMPUTE_INT8:
    case COMPUTE_DTYPES: break;
    }
    return 1;
}

static size_t sum_bytes(enum compute_dtype t)
{
    return t == COMPUTE_FP64 ? 8 : 4;
}

static void put(enum compute_dtype t, void *base, size_t i, double v)
{
    float f = (float)v;
    uint32_t bits;

    switch (t) {
    case COMPUTE_FP64: ((double *)base)[i] = v; break;
    case COMPUTE_FP32: ((float *)base)[i] = f; break;
    case COMPUTE_BF16: /* cut off: any BF16 will do */
        memcpy(&bits, &f, sizeof(bits));
        ((uint16_t *)base)[i] = (uint16_t)(bits >> 16);
        break;
    case COMPUTE_INT8:
    case COMPUTE_DTYPES: ((int8_t *)base)[i] = (int8_t)v; break;
    }
}

static double get(enum compute_dtype t, const void *base, size_t i)
{
    uint32_t bits;
    float f;

    switch (t) {
    case COMPUTE_FP64: return ((const double *)base)[i];
    case COMPUTE_FP32: return (double)((const float *)base)[i];
    case COMPUTE_BF16:
        bits = (uint32_t)((const uint16_t *)base)[i] << 16;
        memcpy(&f, &bits, sizeof(f));
        return (double)f;
    case COMPUTE_INT8:
    case COMPUTE_DTYPES: break;
    }
    return (double)((const int8_t *)base)[i];
}

static double get_sum(const struct gemm *g, size_t i)
{
    if (g->dtype == COMPUTE_INT8)
        return ((const int32_t *)g->c.p)[i];
    return get(g->dtype == COMPUTE_BF16 ? COMPUTE_FP32 : g->dtype, g->c.p, i);
}

static void fill(struct gemm *g, uint64_t seed)
{
    size_t count = (size_t)g->n * (size_t)g->n;
    struct rng ra, rb;

    rng_init(&ra, seed, STREAM_A);
    rng_init(&rb, seed, STREAM_B);
    for (size_t i = 0; i < count; i++) {
        double a = rng_uniform(&ra), b = rng_uniform(&rb);

        if (g->dtype == COMPUTE_INT8) {
            put(g->dtype, g->a.p, i, floor(128 * a));
            put(g->dtype, g->b.p, i, floor(255 * b) - 127);
        } else {
            put(g->dtype, g->a.p, i, 2 * a - 1);
            put(g->dtype, g->b.p, i, 2 * b - 1);
        }
    }
}

int gemm_open(struct gemm *g, enum compute_path library, enum compute_dtype dtype, int n,
              int threads, uint64_t seed, struct err *e)
{
    size_t count = (size_t)n * (size_t)n;
    int rc = 0;

    BUG_ON(!gemm_has(library, dtype) || n < 1);
    *g = (struct gemm){ .path = library, .dtype = dtype, .n = n, .threads = threads };
    TRY(region_map(&g->a, count * element_bytes(dtype), e));
    TRY(region_map(&g->b, count * element_bytes(dtype), e));
    TRY(region_map(&g->c, count * sum_bytes(dtype), e));
    TRY(library == PATH_OPENBLAS ? gemm_openblas_open(g, e) : gemm_onednn_open(g, e));
    fill(g, seed);
out:
    if (rc < 0)
        gemm_close(g);
    return rc;
}

void gemm_close(struct gemm *g)
{
    if (g->close)
        g->close(g);
    region_unmap(&g->a);
    region_unmap(&g->b);
    region_unmap(&g->c);
    *g = (struct gemm){ 0 };
}

int gemm_run(struct gemm *g, struct err *e)
{
    g->ran = true;
    return g->run(g, e);
}

static double tolerance(const struct gemm *g)
{
    switch (g->dtype) {
    case COMPUTE_FP64: return 2 * (g->n + 2) * DBL_EPSILON;
    case COMPUTE_FP32:
    case COMPUTE_BF16: return (g->n + 2) * (double)FLT_EPSILON;
    case COMPUTE_INT8:
    case COMPUTE_DTYPES: break;
    }
    return 0;
}

/* |c[i,j] - sum| / sum |terms|. */
static double element_error(const struct gemm *g, size_t i, size_t j)
{
    size_t n = (size_t)g->n;
    double sum = 0, size = 0;

    for (size_t k = 0; k < n; k++) {
        double term = get(g->dtype, g->a.p, i * n + k) * get(g->dtype, g->b.p, k * n + j);

        sum += term;
        size += fabs(term);
    }
    return size > 0 ? fabs(get_sum(g, i * n + j) - sum) / size : fabs(get_sum(g, i * n + j));
}

int gemm_check(struct gemm *g, uint64_t seed, struct check *check, struct err *e)
{
    size_t n = (size_t)g->n, at = 0;
    double worst = 0;
    struct rng rng;

    rng_init(&rng, seed, STREAM_SAMPLES);
    for (int s = 0; s < SAMPLES; s++) {
        size_t i = s % 4 == 0 ? n - 1 : rng_below(&rng, n); /* edges are where tiles go wrong */
        size_t j = s % 4 == 1 ? n - 1 : rng_below(&rng, n);
        double d = element_error(g, i, j);

        if (isnan(d) || d > worst) { /* NaN sticks: nothing compares as larger */
            worst = d;
            at = i * n + j;
        }
    }
    snprintf(check->reference, sizeof(check->reference),
             "%d sampled dot products in FP64, error over sum |terms|", SAMPLES);
    check->error = worst;
    check->tolerance = tolerance(g);
    g->ran = false;
    memset(g->c.p, 0xFF, n * n * sum_bytes(g->dtype)); /* NaN, or -1 */
    if (!(worst <= check->tolerance))
        return ERR(e, ERR_MISMATCH, "%s: c[%zu,%zu] is off by %.3g of sum |terms|, allowed %.3g",
                   g->name, at / n, at % n, worst, check->tolerance);
    return 0;
}
