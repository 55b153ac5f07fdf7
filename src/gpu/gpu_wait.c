/* gpu_wait.c - waiting for a GPU, but not for ever. */
#include "gpu/gpu_wait.h"

#include <stdatomic.h>

#include "core/clock.h"
#include "gpu/gpu_try.h"

enum { SPIN_NS = 2000000, NAP_NS = 20000 };

static atomic_bool gave_up;
static double bound_s = GPU_WAIT_SECONDS;

bool gpu_wait_gave_up(void)
{
    return atomic_load(&gave_up);
}

void gpu_wait_set_seconds(double seconds)
{
    bound_s = seconds;
}

/* One of the two is asked. */
static int wait_for(cudaStream_t stream, cudaEvent_t event, struct err *e)
{
    uint64_t began = clock_now_ns(), passed = 0;
    cudaError_t code = cudaErrorNotReady;

    while (!gpu_wait_gave_up()) {
        code = event ? cudaEventQuery(event) : cudaStreamQuery(stream);
        if (code != cudaErrorNotReady)
            break;
        cudaGetLastError(); /* an answer, but it is kept like an error */
        passed = clock_now_ns() - began;
        if ((double)passed * 1e-9 > bound_s)
            atomic_store(&gave_up, true);
        else if (passed > SPIN_NS)
            clock_sleep_ns(NAP_NS);
    }
    if (gpu_wait_gave_up())
        return ERR(e, ERR_CUDA, "the GPU hangs: what it was given is not done after %.3g s",
                   bound_s);
    if (code != cudaSuccess)
        return gpu_try_failed(e, __FILE_NAME__, "what the GPU was given", code);
    return 0;
}

int gpu_wait_stream(gpu_stream s, struct err *e)
{
    return wait_for(s, NULL, e);
}

int gpu_wait_event(gpu_event event, struct err *e)
{
    return wait_for(NULL, event, e);
}
