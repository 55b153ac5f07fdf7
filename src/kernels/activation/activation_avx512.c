/* activation_avx512.c - activation_body.h for AVX-512. */
#include "kernels/activation/activation_isa.h"

#include "kernels/activation/activation_body.h"

void activation_avx512(enum activation a, const float *gate, const float *up, float *y, size_t n)
{
    activation_body(a, gate, up, y, n);
}
