/* gpu_graph.c - CUDA graphs. */
#include "gpu/gpu_graph.h"

#include "gpu/gpu_try.h"
#include "gpu/gpu_wait.h"

int gpu_graph_begin(gpu_stream s, struct err *e)
{
    int rc = 0;

    CUDA_TRY(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal));
out:
    return rc;
}

int gpu_graph_end_recording(gpu_stream s, gpu_recording *out, struct err *e)
{
    int rc = 0;

    *out = NULL;
    CUDA_TRY(cudaStreamEndCapture(s, out));
out:
    return rc;
}

int gpu_graph_end(gpu_stream s, gpu_graph *out, struct err *e)
{
    gpu_recording graph = NULL;
    int rc = 0;

    *out = NULL;
    TRY(gpu_graph_end_recording(s, &graph, e));
    CUDA_TRY(cudaGraphInstantiate(out, graph, 0));
    CUDA_TRY(cudaGraphUpload(*out, s));
out:
    gpu_recording_free(graph);
    if (rc < 0 && *out) {
        cudaGraphExecDestroy(*out);
        *out = NULL;
    }
    return rc;
}

int gpu_graph_launch(gpu_graph g, gpu_stream s, struct err *e)
{
    int rc = 0;

    CUDA_TRY(cudaGraphLaunch(g, s));
out:
    return rc;
}

void gpu_graph_free(gpu_graph g)
{
    if (g && !gpu_wait_gave_up())
        cudaGraphExecDestroy(g);
}

void gpu_recording_free(gpu_recording r)
{
    if (r)
        cudaGraphDestroy(r);
}
