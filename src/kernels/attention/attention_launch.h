/* attention_launch.h - launchers of the GPU's dense attention, by instruction set. */
#ifndef KERNELS_ATTENTION_ATTENTION_LAUNCH_H
#define KERNELS_ATTENTION_ATTENTION_LAUNCH_H

#include "kernels/attention/attention_gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Enqueue; a has been checked.  Without sm80: F16 alone.  Prefill is for any number of tokens, in
 * tiles; decode for up to ATTENTION_GPU_DECODE, in pieces of the positions. */
int attention_prefill(const struct attention_gpu_args *a, gpu_stream s, struct err *e);
int attention_prefill_sm80(const struct attention_gpu_args *a, gpu_stream s, struct err *e);
int attention_decode(const struct attention_gpu_args *a, gpu_stream s, struct err *e);
int attention_decode_sm80(const struct attention_gpu_args *a, gpu_stream s, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
