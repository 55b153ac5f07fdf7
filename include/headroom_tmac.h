/* headroom_tmac.h - the functions of EdgeLLM's T-MAC kernels under their own names, over
 * libheadroom: for programs that were written for those.  New ones want headroom.h.
 *
 * What the original leaves open is said here; what it gets wrong is not repeated:
 * - A weight byte holds four weights, weight 4 g + i of a row in bits 2 i, 2 i + 1 of byte g, as
 *   code - 1.  Its packer and its kernels disagree on that; this is how its kernels read, whose
 *   code 3 would be the weight 2.  Code 3 is refused.
 * - Those that return int return 0, or a HEADROOM_E_* code (the original's -1 is one of them), and
 *   headroom_error_message() says why.  Those that were void return int: who ignores that, as
 *   before, sees no difference.
 * - A function named after an instruction set is for CPUs that have it: elsewhere
 *   HEADROOM_E_NOTSUP, and nothing is written.
 *
 * All pointers are to host memory, float is binary32.  Threads: as in headroom.h; the weights that
 * are loaded are one set for the whole process. */
#ifndef HEADROOM_TMAC_H
#define HEADROOM_TMAC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- on the CPU */

/* Bit 0: AVX2 (with FMA and F16C), bit 1: AVX-512 (F, BW, DQ, VL), bit 2: NEON. */
int get_cpu_features(void);

/* lut[size / 4][256]: entry b of group g is the sum of the activations 4 g .. 4 g + 3, each times
 * its weight in byte b; NaN where b holds a code 3.  size: a multiple of 4; group_size: 4. */
int build_lut(float *lut, const float *activations, int size, int group_size);

/* output[r] = scales[r] * sum over g of lut[g][weights[r][g]]; weights: [rows][cols / 4], lut from
 * build_lut.  num_groups is cols / 4.  Summed in the order of g. */
int tmac_matmul_avx2(float *output, const uint8_t *weights, const float *lut, const float *scales,
                     int rows, int cols, int num_groups);
int tmac_matmul_neon(float *output, const uint8_t *weights, const float *lut, const float *scales,
                     int rows, int cols, int num_groups);

/* output[i] = input[i] / sqrt(mean(input^2) + eps) * weight[i], size values; in place if wanted. */
int rmsnorm_avx2(float *output, const float *input, const float *weight, int size, float eps);
int rmsnorm_neon(float *output, const float *input, const float *weight, int size, float eps);

/* exp(input[i] - max) / sum of those, size values; in place if wanted. */
int softmax_avx2(float *output, const float *input, int size);
int softmax_neon(float *output, const float *input, int size);

/* ---- on GPU 0 */

/* 1: there is a GPU that headroom can use, 0: there is none. */
int cuda_available(void);

/* Of GPU 0; "" where there is none.  Valid as long as the library is loaded. */
const char *cuda_device_name(void);

/* Make ready for weights of up to max_weights bytes, and calls of up to max_activations inputs and
 * max_output outputs in all; the original does not say of max_weights whether its unit is bytes or
 * weights: bytes, of which each holds four.  A second call without cuda_cleanup is an error. */
int cuda_init(int max_weights, int max_activations, int max_output);

/* Give back what cuda_init and the loads took.  Always fine. */
void cuda_cleanup(void);

/* weights: [num_rows][weight_bytes / num_rows], copied; scales: [num_rows].  A row has 4 weights a
 * byte, a multiple of 64 of them.  They take the place of those loaded before. */
int cuda_load_weights(const int8_t *weights, const float *scales, int weight_bytes, int num_rows);
void cuda_unload_weights(void);

/* The gain of RMSNorm: [size], copied. */
int cuda_load_norm_weights(const float *norm_weights, int size);

/* output[m][n] = scales[m] * sum over k of weights[m][k] * a[k][n], for the weights loaded: M of
 * num_rows, K of their columns, activations [K][N], output [M][N].  a are the activations rounded
 * to 8-bit integers with one scale a column, as BitNet b1.58 is trained (the original multiplies
 * them as they are, in an order of its own). */
int tmac_matmul_cuda_adaptive(const float *activations, float *output, int M, int N, int K);

/* The same after RMSNorm of each column of input, with the gain loaded: K of its size.  The
 * original chooses a kernel by M K; here that is the library's own business. */
int fused_rmsnorm_matmul_cuda_adaptive(const float *input, float *output, int M, int N, int K,
                                       float eps);

/* The same for one column. */
int streaming_fused_rmsnorm_matmul_cuda(const float *input, float *output, int M, int K, float eps);

/* Wait until the GPU has done what these functions gave it; they wait themselves. */
int cuda_sync(void);

#ifdef __cplusplus
}
#endif

#endif
