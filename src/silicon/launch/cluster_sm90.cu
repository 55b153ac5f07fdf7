/* cluster_sm90.cu - barriers of a thread block cluster, and kernels that start before the one that
 * they depend on has ended: compute capability 9.0 and newer. */
#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "silicon/launch/barrier_block.cuh"

static __device__ void meet_cluster(void)
{
    asm volatile("barrier.cluster.arrive.release.aligned;\n"
                 "barrier.cluster.wait.acquire.aligned;" ::
                     : "memory");
}

template <bool CHECK>
static __global__ void __launch_bounds__(LAUNCH_BARRIER_THREADS)
    cluster_kernel(const struct launch_barrier_args a)
{
    for (int round = 0; round < a.rounds; round++) {
        if (CHECK)
            barrier_publish(a, round, LAUNCH_CLUSTER);
        meet_cluster();
        if (CHECK)
            barrier_inspect(a, round, LAUNCH_CLUSTER);
    }
    if (threadIdx.x == 0)
        a.passed[blockIdx.x] += a.rounds;
}

/* The next kernel may start as soon as every block here has; waiting is until the kernel before has
 * ended and its writes are seen. */
template <bool WAIT> static __global__ void dependent_kernel(unsigned *count, bool hold)
{
    unsigned now;

    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
    if (WAIT)
        asm volatile("griddepcontrol.wait;" ::: "memory");
    if (blockIdx.x == gridDim.x - 1 && threadIdx.x == 0) {
        now = barrier_look(count);
        if (hold)
            barrier_hold();
        *(volatile unsigned *)count = now + 1;
    }
}

int launch_barrier_cluster(const struct launch_barrier_args *a, int blocks, bool check,
                           gpu_stream s, struct err *e)
{
    cudaLaunchAttribute cluster;
    cudaLaunchConfig_t config = {};

    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim.x = LAUNCH_CLUSTER;
    cluster.val.clusterDim.y = cluster.val.clusterDim.z = 1;
    config.gridDim = dim3((unsigned)(blocks / LAUNCH_CLUSTER * LAUNCH_CLUSTER));
    config.blockDim = dim3(LAUNCH_BARRIER_THREADS);
    config.stream = s;
    config.attrs = &cluster;
    config.numAttrs = 1;
    return gpu_try_launched(check ? cudaLaunchKernelEx(&config, cluster_kernel<true>, *a)
                                  : cudaLaunchKernelEx(&config, cluster_kernel<false>, *a),
                            "cluster kernel", e);
}

int launch_dependent(enum launch_dependent how, unsigned *count, int blocks, bool hold,
                     gpu_stream s, struct err *e)
{
    cudaLaunchAttribute early;
    cudaLaunchConfig_t config = {};

    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    config.gridDim = dim3((unsigned)blocks);
    config.blockDim = dim3(32);
    config.stream = s;
    config.attrs = &early;
    config.numAttrs = how == LAUNCH_DEPENDENT_AFTER ? 0 : 1;
    return gpu_try_launched(how == LAUNCH_DEPENDENT_PLANTED
                                ? cudaLaunchKernelEx(&config, dependent_kernel<false>, count, hold)
                                : cudaLaunchKernelEx(&config, dependent_kernel<true>, count, hold),
                            "dependent kernel", e);
}
