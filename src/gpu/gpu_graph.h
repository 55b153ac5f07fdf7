/* gpu_graph.h - what is enqueued on a stream, recorded once and launched as a whole. */
#ifndef GPU_GPU_GRAPH_H
#define GPU_GPU_GRAPH_H

#include <stdbool.h>

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

#if HAVE_CUDA
typedef struct CUgraphExec_st *gpu_graph; /* cudaGraphExec_t */
typedef struct CUgraph_st *gpu_recording; /* cudaGraph_t */

/* From here to gpu_graph_end what this thread enqueues on s is recorded, not run.  Calls that wait
 * for the device or allocate fail in between, and so does the end after them. */
int gpu_graph_begin(gpu_stream s, struct err *e);

/* The recording, ready to be launched; owned.  On failure *out is NULL; the stream is usable again
 * in any case. */
int gpu_graph_end(gpu_stream s, gpu_graph *out, struct err *e);

/* The same, to be looked at and not launched; owned. */
int gpu_graph_end_recording(gpu_stream s, gpu_recording *out, struct err *e);
void gpu_recording_free(gpu_recording r);

/* Enqueue the whole recording.  Its pointers must still be valid. */
int gpu_graph_launch(gpu_graph g, gpu_stream s, struct err *e);

void gpu_graph_free(gpu_graph g);
#endif

#ifdef __cplusplus
}
#endif

#endif
