/* gemv_job_gpu.h - what the kernels of gemv_gpu.h are launched with; for the files gemv_*. */
#ifndef KERNELS_GEMV_GEMV_JOB_GPU_H
#define KERNELS_GEMV_GEMV_JOB_GPU_H

#include "kernels/gemv/gemv_gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gemv_w {
    const uint8_t *plane[PLANES_MAX];
    int rows, blocks; /* blocks of a row; of float types: 16 bytes are one */
};

struct gemv_job {
    struct gemv_w w;
    struct gemv_gpu_args a;
};

/* Enqueue one product; early: as the variant of that name. */
typedef int gemv_cuda_run(const struct gemv_job *j, bool early, gpu_stream s, struct err *e);

gemv_cuda_run gemv_cuda_f32, gemv_cuda_f16, gemv_cuda_bf16;
gemv_cuda_run gemv_cuda_q4_0, gemv_cuda_q4_1, gemv_cuda_q5_0, gemv_cuda_q5_1, gemv_cuda_q8_0;
gemv_cuda_run gemv_cuda_q4_k, gemv_cuda_q5_k, gemv_cuda_q6_k;
gemv_cuda_run gemv_cuda_tq2_0, gemv_cuda_tq2_64;

#ifdef __cplusplus
}
#endif

#endif
