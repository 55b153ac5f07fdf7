/* gpu_none.h - hooks of a benchmark that only a GPU can run, for a build without CUDA. */
#ifndef GPU_GPU_NONE_H
#define GPU_GPU_NONE_H

#include "core/bench.h"
#include "core/limits.h"

/* setup, verify and once: ERR_NOTSUP, and why. */
int gpu_none_hook(struct bench_ctx *c, void *state, struct err *e);
void gpu_none_work(const struct bench_ctx *c, const void *state, struct work *w);
int gpu_none_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e);

#endif
