/* activation_scalar.c - activation_body.h in plain C. */
#define KERNELS_VECTOR_SCALAR
#include "kernels/activation/activation_isa.h"

#include "kernels/activation/activation_body.h"

void activation_scalar(enum activation a, const float *gate, const float *up, float *y, size_t n)
{
    activation_body(a, gate, up, y, n);
}
