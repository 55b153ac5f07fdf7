/* activation_body.h - the functions over the vectors of vector.h; activation_<isa>.c compiles it.
 *
 * silu(g) = g / (1 + exp(-g)), and 1 + tanh(z) = 2 / (1 + exp(-2 z)), so that GELU is
 * u / (1 + exp(-2 z)): neither loses digits for arguments of large magnitude. */
#ifndef KERNELS_ACTIVATION_ACTIVATION_BODY_H
#define KERNELS_ACTIVATION_ACTIVATION_BODY_H

#include "kernels/activation/activation.h"
#include "kernels/vector/vector.h"

/* a / (1 + exp(-t)) */
static inline vec activation_logistic(vec a, vec t)
{
    return vec_div(a, vec_add(vec_set1(1), vec_exp(vec_sub(vec_set1(0), t))));
}

static inline vec activation_gelu(vec u)
{
    /* 2 sqrt(2 / pi) u (1 + 0.044715 u^2) */
    const vec c = vec_madd(vec_mul(u, u), vec_set1(0.044715f), vec_set1(1));

    return activation_logistic(u, vec_mul(vec_mul(u, vec_set1(1.59576912f)), c));
}

/* max(g, 0)^2 that keeps NaN. */
static inline vec activation_relu2(vec g)
{
    const vec r = vec_if_less(g, vec_set1(0), vec_set1(0), g);

    return vec_mul(r, r);
}

static inline vec activation_value(enum activation a, vec gate, vec up)
{
    switch (a) {
    case ACTIVATION_GELU_TANH: return activation_gelu(up);
    case ACTIVATION_SILU: return vec_mul(activation_logistic(gate, gate), up);
    case ACTIVATION_RELU2: return vec_mul(activation_relu2(gate), up);
    }
    return up;
}

static inline void activation_all(enum activation a, const float *gate, const float *up, float *y,
                                  size_t n)
{
    size_t i = 0;

    for (; i + VEC_LANES <= n; i += VEC_LANES)
        vec_store(y + i, activation_value(a, vec_load(gate + i), vec_load(up + i)));
    if (i < n)
        vec_store_some(
            y + i,
            activation_value(a, vec_load_some(gate + i, n - i), vec_load_some(up + i, n - i)),
            n - i);
}

/* A loop for each function: what is chosen inside of one costs more than what it does. */
static inline void activation_body(enum activation a, const float *gate, const float *up, float *y,
                                   size_t n)
{
    switch (a) {
    case ACTIVATION_GELU_TANH: activation_all(ACTIVATION_GELU_TANH, up, up, y, n); break;
    case ACTIVATION_SILU: activation_all(ACTIVATION_SILU, gate, up, y, n); break;
    case ACTIVATION_RELU2: activation_all(ACTIVATION_RELU2, gate, up, y, n); break;
    }
}

#endif
