/* compute_gpu.h - silicon.compute on a GPU: the rows of compute.c whose path is a GPU's.
 *
 * Limit  paper: multiprocessors x operations a cycle x the highest clock.  What the clock seen
 *        while sampling allows, and what held it down, is a note. */
#ifndef SILICON_COMPUTE_COMPUTE_GPU_H
#define SILICON_COMPUTE_COMPUTE_GPU_H

#include "core/bench.h"
#include "silicon/compute/gemm_gpu.h"
#include "silicon/compute/loop_row_gpu.h"

struct compute_gpu {
    enum gpu_type type;
    bool is_gemm;
    struct loop_row row;
    struct gemm_gpu gemm;
};

/* Is there anything for this type on this path (PATH_LOOP ...) on any GPU? */
bool compute_gpu_exists(const struct params *p);

/* The hooks of struct bench; state is a struct compute_gpu. */
int compute_gpu_setup(struct bench_ctx *c, void *state, struct err *e);
int compute_gpu_verify(struct bench_ctx *c, void *state, struct err *e);
int compute_gpu_prepare(struct bench_ctx *c, void *state, struct err *e);
int compute_gpu_once(struct bench_ctx *c, void *state, struct err *e);
void compute_gpu_work(const struct bench_ctx *c, const void *state, struct work *w);
int compute_gpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
void compute_gpu_expect(const struct bench_ctx *c, const void *state, struct expected *out);
void compute_gpu_teardown(struct bench_ctx *c, void *state);

#endif
