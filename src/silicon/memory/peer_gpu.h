/* peer_gpu.h - the other GPU of a row between two. */
#ifndef SILICON_MEMORY_PEER_GPU_H
#define SILICON_MEMORY_PEER_GPU_H

#include "core/bench.h"
#include "gpu/gpu.h"

/* Open GPU number `index`, let it and the row's device reach each other's memory, and make the
 * row's device the thread's again.  ERR_NOTSUP with the reason where there is none, or no way. */
int peer_gpu_open(const struct bench_ctx *c, int index, struct gpu **out, struct err *e);

/* Accepts NULL.  `own` becomes the thread's device. */
void peer_gpu_close(struct gpu *peer, const struct gpu *own);

#endif
