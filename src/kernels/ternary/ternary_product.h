/* ternary_product.h - launchers of the GPU kernels of single products; device pointers.
 *
 * They enqueue and return: 0, ERR_CUDA, or ERR_NOTSUP where there is no code for the device or the
 * number of columns. */
#ifndef KERNELS_TERNARY_TERNARY_PRODUCT_H
#define KERNELS_TERNARY_TERNARY_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TERNARY_GPU_COLS_MAX = 6912 }; /* of a vector that is quantised there */

/* What becomes of an output. */
enum ternary_then {
    TERNARY_THEN_STORE,
    TERNARY_THEN_ADD, /* to `add`, element by element */
    TERNARY_THEN_SILU /* rows in groups of 16, eight of gate and eight of up: [rows / 2] */
};

struct ternary_product {
    const uint8_t *tiles; /* ternary_tiles.h */
    size_t rows, cols, tokens;
    const float *x; /* [tokens][cols] */
    const float *g; /* [cols]; NULL: no norm */
    float eps;
    float *y;         /* [tokens][rows] */
    const float *add; /* [rows]: one token */
    enum ternary_then then;
    /* x[i] is that of index i / head / group * head + i % head: heads that share one.  0: i */
    int head, group;
    bool early; /* may start before the kernel before it has ended (9.0 and newer) */
    /* Apart: made by ternary_product_quantize. */
    int8_t *q;      /* [tokens][cols] */
    float *d;       /* [tokens] */
    int32_t *total; /* [tokens]: the sum of q */
};

/* Everything in one kernel, by dp4a: a block a group of 16 rows and a token. */
int ternary_product_fused(const struct ternary_product *p, gpu_stream s, struct err *e);

/* q, d and total, a block a token. */
int ternary_product_quantize(const struct ternary_product *p, gpu_stream s, struct err *e);

/* From q, d and total: by dp4a as above, or by int8 tensor cores (8.0 and newer), eight tokens at a
 * time. */
int ternary_product_ready(const struct ternary_product *p, gpu_stream s, struct err *e);
int ternary_product_mma(const struct ternary_product *p, gpu_stream s, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
