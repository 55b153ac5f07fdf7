/* gpu_gate.h - the kernels behind the timing modes: a gate, a flush of the L2, and its probe. */
#ifndef GPU_GPU_GATE_H
#define GPU_GPU_GATE_H

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Pinned memory that host and device both see. */
struct gpu_gate {
    unsigned ticket; /* host writes: the gate of this number is open */
    unsigned late;   /* device writes: the number of a gate that opened by itself, 0: none */
};

/* Keep the stream waiting until gate->ticket is `ticket`, 1 s at most. */
int gpu_gate_close(struct gpu_gate *gate, unsigned ticket, gpu_stream s, struct err *e);

/* Read `bytes` (a multiple of 16) so that they take the place of everything else in the L2. */
int gpu_gate_flush(const void *clean, size_t bytes, unsigned *sink, int multiprocessors,
                   gpu_stream s, struct err *e);

/* Load n lines, `stride` bytes apart, one after the other; cycles[i] (n of them) is how long line i
 * took.  The first-level cache is passed by. */
int gpu_gate_probe(const void *lines, int n, size_t stride, unsigned *cycles, gpu_stream s,
                   struct err *e);

#ifdef __cplusplus
}
#endif

#endif
