/* gpu_link.h - what data need on their way between the host and a GPU, and between GPUs: memory
 * that both ends reach, a lane beside the handle's stream, and access to a peer's memory. */
#ifndef GPU_GPU_LINK_H
#define GPU_GPU_LINK_H

#include <stddef.h>

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A second stream, for what runs beside the handle's stream; owned. */
struct gpu_link_lane {
    gpu_stream stream;
    struct CUevent_st *forked, *joined; /* cudaEvent_t */
};

#if HAVE_CUDA
/* Pinned host memory at the same address on every GPU; owned, zeroed.  ERR_NOMEM. */
int gpu_link_pinned(void **out, size_t bytes, struct err *e);
void gpu_link_unpin(void *p);

/* Pin memory that is there already, in place; until gpu_link_unregister. */
int gpu_link_register(void *p, size_t bytes, struct err *e);
void gpu_link_unregister(void *p);

/* Managed memory, whose pages move to where they are touched; given back by gpu_free.
 * ERR_NOTSUP where host and GPU cannot hold it at the same time. */
int gpu_link_managed(const struct gpu *g, void **out, size_t bytes, struct err *e);

/* Move the pages of managed memory to the host, in stream order. */
int gpu_link_evict(void *managed, size_t bytes, gpu_stream s, struct err *e);

/* Enqueue a copy between any two kinds of memory.  With pageable host memory it may wait. */
int gpu_link_copy(void *to, const void *from, size_t bytes, gpu_stream s, struct err *e);

/* On the device of `of`, beside the stream of `beside`, which may be of another device. */
int gpu_link_lane_open(struct gpu_link_lane *l, const struct gpu *of, const struct gpu *beside,
                       struct err *e);
void gpu_link_lane_close(struct gpu_link_lane *l);

/* The lane begins after what `s`, the stream of `beside`, has been given so far; `s` goes on after
 * what the lane has. */
int gpu_link_fork(const struct gpu_link_lane *l, gpu_stream s, struct err *e);
int gpu_link_join(const struct gpu_link_lane *l, gpu_stream s, struct err *e);

/* A place in a stream that the host can wait for.  Owned. */
typedef struct CUevent_st *gpu_link_mark; /* cudaEvent_t */
int gpu_link_mark_open(gpu_link_mark *m, struct err *e);
void gpu_link_mark_close(gpu_link_mark m); /* accepts NULL */
int gpu_link_mark_set(gpu_link_mark m, gpu_stream s, struct err *e);
int gpu_link_mark_wait(gpu_link_mark m, struct err *e); /* returns at once before the first set */

/* Let each of two GPUs reach the other's memory.  ERR_NOTSUP where the machine cannot. */
int gpu_link_peers(const struct gpu *a, const struct gpu *b, struct err *e);
#endif

#ifdef __cplusplus
}
#endif

#endif
