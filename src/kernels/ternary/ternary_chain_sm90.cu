/* ternary_chain_sm90.cu - the whole chain as one kernel: compute capability 9.0 and newer.
 *
 * Each phase needs all of the one before, so time is the number of phases times what it costs to
 * pass a vector from all blocks to all and to turn it into q; the weights are little.  So:
 *
 *   - weights come by bulk copies into shared memory, asked for one or two layers ahead by a warp
 *     that does nothing else: they depend on no activation;
 *   - there is no barrier over the grid.  A value is its own signal: in a cluster it is stored into
 *     the shared memory of all 16 blocks and counted there by an mbarrier (st.async); over the grid
 *     it is stored beside a number of the layer in one 8-byte word, and whoever needs it looks
 *     until the number is there;
 *   - every block makes q by itself; the scale's square root and the sum of q are found while the
 *     products run.
 *
 * Buffers are used again in the next layer: whoever writes one has seen all of the phase before,
 * which nobody can have finished who still reads what the buffer held.  That holds because every
 * block has rows of GATE_UP.
 *
 * Waits are bounded: a block that gives up says so in `late` and goes on without waiting. */
#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "kernels/ternary/ternary_chain_block.cuh"

using namespace ternary_chain_block;

namespace
{

template <class S, int GRID, bool IN_CLUSTER, int SLOTS>
__global__ void __launch_bounds__(THREADS + WARP, 1)
    chain_kernel(const __grid_constant__ ternary_chain_args a)
{
    extern __shared__ __align__(128) uint8_t memory[];
    block<S, GRID, IN_CLUSTER, SLOTS> b(a);
    unsigned base = 0;

    b.weights = memory;
    b.sh = (shared<S, IN_CLUSTER> *)(memory + SLOTS * deal<S, GRID>::slots());
    b.rank = IN_CLUSTER ? cluster_rank() : blockIdx.x;
    b.tid = threadIdx.x;
    b.warp = b.tid / WARP;
    b.lane = b.tid % WARP;
    b.late = false;
    if (b.tid == 0) {
        for (int p = 0; p < TERNARY_PHASES; p++)
            for (int s = 0; s < 2; s++) {
                barrier_init(&b.sh->full[p][s]);
                barrier_init(&b.sh->empty[p][s]);
            }
        for (int i = 0; i < BUFFERS; i++)
            barrier_init(&b.sh->arrived[i]);
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
    if (IN_CLUSTER)
        for (int i = b.tid; i < S::DIM; i += THREADS + WARP)
            b.sh->box[mail<S>::before(BUFFER_X) + i] = a.x_in[i];
    else
        base = *(volatile const unsigned *)a.epoch;
    if (IN_CLUSTER)
        cluster_meet();
    else
        __syncthreads();
    if (b.warp == WARPS) {
        if (b.lane == 0)
            b.ask_all();
    } else {
        for (b.layer = 0; b.layer < a.layers; b.layer++) {
            b.tag = base + (unsigned)b.layer + 1;
            b.template run<TERNARY_QKV>();
            b.template run<TERNARY_O>();
            b.template run<TERNARY_GATE_UP>();
            b.template run<TERNARY_DOWN>();
        }
        /* What the others still send must find this block; and all have seen the epoch. */
        b.tag = base + (unsigned)a.layers + 1;
        b.template wait<BUFFER_X>();
        if (!IN_CLUSTER && b.rank == 0) {
            float last[(S::DIM + THREADS - 1) / THREADS];

            b.template values<BUFFER_X>(last, [&](int e) {
                return b.tid + e * THREADS < S::DIM ? b.tid + e * THREADS : -1;
            });
            meet_compute();
            if (b.tid == 0)
                *a.epoch = base + (unsigned)a.layers;
        }
        if (b.late)
            *a.late = 1;
    }
    __syncwarp();
    if (IN_CLUSTER)
        cluster_meet();
}

template <class S, int GRID, bool IN_CLUSTER, int SLOTS>
static cudaError_t launch(const ternary_chain_args *a, cudaStream_t stream)
{
    constexpr size_t bytes = SLOTS * (size_t)deal<S, GRID>::slots() + sizeof(shared<S, IN_CLUSTER>);
    static_assert(GRID <= S::tiles(TERNARY_GATE_UP), "every block has rows of gate and up");
    static_assert(bytes <= 227 * 1024, "shared memory");
    const void *kernel = (const void *)chain_kernel<S, GRID, IN_CLUSTER, SLOTS>;
    cudaLaunchAttribute attribute[1];
    cudaLaunchConfig_t config = {};
    void *args[] = { (void *)a };
    cudaError_t code =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)bytes);

    if (code == cudaSuccess && IN_CLUSTER)
        code = cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1);
    if (code != cudaSuccess)
        return code;
    if (IN_CLUSTER) {
        attribute[0].id = cudaLaunchAttributeClusterDimension;
        attribute[0].val.clusterDim.x = CLUSTER;
        attribute[0].val.clusterDim.y = attribute[0].val.clusterDim.z = 1;
    } else { /* either all blocks are resident, or the launch fails */
        attribute[0].id = cudaLaunchAttributeCooperative;
        attribute[0].val.cooperative = 1;
    }
    config.gridDim = dim3(GRID);
    config.blockDim = dim3(THREADS + WARP);
    config.dynamicSmemBytes = bytes;
    config.stream = stream;
    config.attrs = attribute;
    config.numAttrs = 1;
    return cudaLaunchKernelExC(&config, kernel, args);
}

using smollm = shape<576, 1536, 9, 3, 64>;
using bitnet = shape<2560, 6912, 20, 5, 128>;
using small = shape<192, 320, 3, 1, 64>; /* of tests */

static bool is(const struct ternary_shape *s, int dim, int ff, int heads, int kv, int head)
{
    return s->dim == dim && s->ff == ff && s->heads == heads && s->kv_heads == kv &&
           s->head_dim == head;
}

} /* namespace */

bool ternary_chain_persistent_has(const struct ternary_shape *s, bool cluster)
{
    return is(s, 576, 1536, 9, 3, 64) || is(s, 192, 320, 3, 1, 64) ||
           (is(s, 2560, 6912, 20, 5, 128) && !cluster);
}

int ternary_chain_persistent(const struct ternary_shape *s, const struct ternary_chain_args *a,
                             bool cluster, gpu_stream stream, struct err *e)
{
    cudaError_t code;

    if (is(s, 576, 1536, 9, 3, 64))
        code = cluster ? launch<smollm, CLUSTER, true, 2>(a, stream)
                       : launch<smollm, 96, false, 2>(a, stream);
    else if (is(s, 192, 320, 3, 1, 64))
        code = cluster ? launch<small, CLUSTER, true, 2>(a, stream)
                       : launch<small, 24, false, 2>(a, stream);
    else if (is(s, 2560, 6912, 20, 5, 128) && !cluster)
        code = launch<bitnet, 132, false, 1>(a, stream);
    else
        return ERR(e, ERR_NOTSUP, "no kernel for the shape %s in one %s", s->name,
                   cluster ? "cluster" : "grid");
    return gpu_try_launched(code, "chain kernel", e);
}
