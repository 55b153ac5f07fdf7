/* rope.h - rotary position embedding (Su et al., 2021) of the heads of one token, in place.
 *
 * With angle a_i(p) = p * freq_i, pair i of each head is turned by a_i; the pair is (2i, 2i + 1) in
 * ROPE_PAIR (files whose rows were permuted for it) and (i, i + rot / 2) in ROPE_HALF.  Only the
 * first `rot` of head_dim values turn.  cos and sin [rot / 2] are of the token's position, already
 * scaled by the model's attention factor (longrope, yarn).  Products and sums are rounded one by
 * one: all variants give the same bits. */
#ifndef KERNELS_ROPE_ROPE_H
#define KERNELS_ROPE_ROPE_H

#include <stddef.h>
#include <stdint.h>

#include "host/cpu.h"

enum rope_kind { ROPE_NONE, ROPE_PAIR, ROPE_HALF };

struct rope_args {
    enum rope_kind kind;
    int heads, head_dim, rot; /* rot is even, <= head_dim */
    const float *cos, *sin;   /* [rot / 2] */
};

struct rope_variant {
    const char *name;
    uint64_t needs;
    void (*run)(const struct rope_args *a, float *x); /* x [heads][head_dim] */
};

const struct rope_variant *rope_variants(int *n);
const struct rope_variant *rope_best(const struct cpu_info *cpu, const char *name);

/* In F64; y [heads][head_dim]. */
void rope_reference(const struct rope_args *a, const float *x, double *y);

#endif
