/* sparse_hopper_sm90a.cu - block-sparse attention with the copy engine and wgmma.
 *
 * Layout    a worker is a pair of warpgroups, each with 64 of a block's 128 positions.  With two
 *           pairs a multiprocessor there are four warps a scheduler, whose phases (scores, weights,
 *           output) overlap by themselves; 128 registers a thread.  K, V and Q have two buffers a
 *           pair; the pair's leading warp starts the copies of block t + 2 when t's are free.
 * Weights   relative to a maximum that is raised only when a score is more than 2^8 above it.
 *           Scores are compared as integers, three at a time; see grows().
 * Roofline  a block of dim 64 is 1,024 cycles of the tensor cores and 1,024 of ex2. */
#include <math.h>
#include <stddef.h>

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "gpu/tma.cuh"
#include "kernels/attention/sparse_hopper.h"
#include "kernels/attention/sparse_hopper_weights.cuh"
#include "kernels/attention/sparse_hopper_wgmma.cuh"

enum {
    STAGES = 2,
    QUEUE = 128, /* items at hand, brought in chunks */
    CHUNK = 32,
    GROUP = 128, /* threads of a warpgroup */
    PAIR = 2 * GROUP,
    PAIRS = SPARSE_HOPPER_PAIRS,
    DIM = SPARSE_HOPPER_DIM,
    TILE = SPARSE_BLOCK * DIM * 2, /* bytes */
    OUTPUTS = DIM / 2              /* of a thread */
};

struct __align__(1024) pair_memory
{
    char q[2][TILE], k[STAGES][TILE], v[STAGES][TILE];
    char mask[STAGES][SPARSE_HOPPER_MASK];
    int4 queue[QUEUE][2];
    uint64_t k_full[STAGES], v_full[STAGES], k_empty[STAGES], v_empty[STAGES];
};

/* Every wait is bounded: what has not come after so many cycles (5 s and more) never will.  The
 * launch is then ended by a store to nowhere. */
static const int64_t WAIT_CYCLES = 10000000000;

static __device__ __forceinline__ void give_up_after(int64_t start)
{
    if ((int64_t)clock64() - start > WAIT_CYCLES)
        asm volatile("st.global.u32 [%0], 0;" ::"l"((uint64_t)0) : "memory");
}

static __device__ __forceinline__ void wait_for(uint64_t *barrier, unsigned parity)
{
    if (tma_barrier_try(barrier, parity))
        return;
    for (const int64_t start = clock64(); !tma_barrier_try(barrier, parity);)
        give_up_after(start);
}

/* 16 bytes to shared memory, behind the thread's back. */
static __device__ __forceinline__ void copy_16(void *to, const void *from)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(tma_shared(to)), "l"(from)
                 : "memory");
}
static __device__ __forceinline__ void copy_commit(void)
{
    asm volatile("cp.async.commit_group;" ::: "memory");
}
/* Until at most `groups` are on their way. */
template <int groups> static __device__ __forceinline__ void copy_wait(void)
{
    asm volatile("cp.async.wait_group %0;" ::"n"(groups) : "memory");
}

/* The warps of a pair, all in step but for what the leading one does besides. */
template <bool BF16> struct warps {
    const sparse_hopper_args &a;
    pair_memory &m;
    const int begin, total; /* items */
    float o[OUTPUTS];
    weights w;

    __device__ __forceinline__ warps(const sparse_hopper_args &args, pair_memory &memory, int i)
        : a(args), m(memory), begin(args.work.begin[i]), total(args.work.begin[i + 1] - begin)
    {
        clear();
    }

    static __device__ __forceinline__ int group() { return threadIdx.x / GROUP % 2; }
    static __device__ __forceinline__ int lane() { return threadIdx.x % 32; }
    static __device__ __forceinline__ bool leads() { return uniform(threadIdx.x % PAIR / 32) == 0; }
    /* Position in the block of the first of a thread's two; the other is 8 further. */
    static __device__ __forceinline__ int position()
    {
        return threadIdx.x % PAIR / 32 * 16 + threadIdx.x % 32 / 4;
    }

    __device__ __forceinline__ void clear()
    {
        w.clear();
#pragma unroll
        for (int i = 0; i < OUTPUTS; i++)
            o[i] = 0;
    }

    /* ---- the leading warp: copies */

    __device__ __forceinline__ void fetch(int chunk)
    {
        const int i = chunk * CHUNK + lane();

        if (i < total) {
            const int4 *from = (const int4 *)&a.work.items[begin + i];

            copy_16(&m.queue[i % QUEUE][0], from);
            copy_16(&m.queue[i % QUEUE][1], from + 1);
        }
        copy_commit();
    }

    __device__ __forceinline__ void load_tile(char *to, const CUtensorMap *from, int row, int head,
                                              uint64_t *full)
    {
        tma_load_3d(to, from, 0, row * SPARSE_BLOCK, head, full);
    }

    __device__ __forceinline__ void load_k(int t)
    {
        const int4 item = m.queue[t % QUEUE][0];
        const int s = t % STAGES, q = item.w & SPARSE_HOPPER_ODD ? 1 : 0;
        const bool first = item.w & SPARSE_HOPPER_FIRST, masked = item.w & SPARSE_HOPPER_MASKED;

        tma_barrier_expect(&m.k_full[s],
                           TILE + (first ? TILE : 0) + (masked ? SPARSE_HOPPER_MASK : 0));
        load_tile(m.k[s], &a.k, item.z, item.x, &m.k_full[s]);
        if (first)
            load_tile(m.q[q], &a.q, item.y, item.x, &m.k_full[s]);
        if (masked)
            tma_load_bytes(m.mask[s],
                           (const char *)a.work.masks +
                               (size_t)m.queue[t % QUEUE][1].w * SPARSE_HOPPER_MASK,
                           SPARSE_HOPPER_MASK, &m.k_full[s]);
    }

    __device__ __forceinline__ void load_v(int t)
    {
        const int4 item = m.queue[t % QUEUE][0];
        const int s = t % STAGES;

        tma_barrier_expect(&m.v_full[s], TILE);
        load_tile(m.v[s], &a.v, item.z, item.x, &m.v_full[s]);
    }

    /* Before the first block; the barriers are ready. */
    __device__ __forceinline__ void start()
    {
        fetch(0);
        fetch(1);
        copy_wait<1>();
        __syncwarp();
        for (int t = 0; t < STAGES && t < total && lane() == 0; t++) {
            load_k(t);
            load_v(t);
        }
    }

    __device__ __forceinline__ void next_k(int t)
    {
        wait_for(&m.k_empty[t % STAGES], t / STAGES % 2 ^ 1);
        if (t % CHUNK == 0) {
            copy_wait<0>();
            __syncwarp();
            fetch(t / CHUNK + 1);
        }
        if (lane() == 0)
            load_k(t);
        __syncwarp();
    }

    __device__ __forceinline__ void next_v(int t)
    {
        wait_for(&m.v_empty[t % STAGES], t / STAGES % 2 ^ 1);
        if (lane() == 0)
            load_v(t);
        __syncwarp();
    }

    /* ---- a block */

    __device__ __forceinline__ void give_back(uint64_t *empty)
    {
        if (lane() == 0)
            tma_barrier_arrive(empty);
    }

    __device__ __forceinline__ void multiply_k(float (&s)[64], int q, int k)
    {
        const uint32_t at_q =
            uniform(tma_shared(m.q[q]) / 16 + group() * (64 * 128 / 16) | 1 << 16);
        const uint32_t at_k = uniform(tma_shared(m.k[k]) / 16 | 1 << 16);

        wgmma_fence();
#pragma unroll
        for (int i = 0; i < DIM / 16; i++)
            scores_wgmma<BF16>(s, at_q + 2 * i, at_k + 2 * i, i > 0);
        wgmma_commit();
        wgmma_wait<0>();
        pin(s);
    }

    __device__ __forceinline__ void multiply_v(uint32_t (&p)[32], int v)
    {
        const uint32_t at_v = uniform(tma_shared(m.v[v]) / 16 | TILE / 16 << 16);

        pin(o);
        pin(p);
        wgmma_fence();
#pragma unroll
        for (int i = 0; i < SPARSE_BLOCK / 16; i++)
            output_wgmma<BF16>(o, &p[4 * i], at_v + i * (16 * 128 / 16));
        wgmma_commit();
    }

    __device__ __forceinline__ void block(int t)
    {
        const int s = t % STAGES, phase = t / STAGES % 2;
        const bool more = t + STAGES < total;
        float scores[64];
        uint32_t p[32];

        wait_for(&m.k_full[s], phase);
        const int flags = uniform(m.queue[t % QUEUE][0].w);
        multiply_k(scores, flags & SPARSE_HOPPER_ODD ? 1 : 0, s);
        if (flags & SPARSE_HOPPER_MASKED)
            apply_mask(scores, ((const uint2 *)m.mask[s])[threadIdx.x % PAIR]);
        give_back(&m.k_empty[s]);
        w.weigh<BF16>(scores, p, o, a.scale_log2, a.margin);
        wait_for(&m.v_full[s], phase);
        multiply_v(p, s);
        if (more && leads())
            next_k(t + STAGES);
        wgmma_wait<0>();
        pin(o);
        give_back(&m.v_empty[s]);
        if (more && leads())
            next_v(t + STAGES);
        if (flags & SPARSE_HOPPER_LAST)
            finish(m.queue[t % QUEUE][0], m.queue[t % QUEUE][1]);
    }

    /* ---- the end of a piece */

    /* Float4s of this thread's part of a slot are GROUP * 2 apart. */
    __device__ __forceinline__ float *slot_of(int slot) const
    {
        return a.work.slots + slot * (size_t)SPARSE_HOPPER_SLOT;
    }
    __device__ __forceinline__ unsigned *ready_of(int slot) const
    {
        return &a.work.ready[slot * SPARSE_HOPPER_WARPS + threadIdx.x % PAIR / 32];
    }

    __device__ __forceinline__ void leave(int slot, const float *sum)
    {
        float4 *to = (float4 *)slot_of(slot) + threadIdx.x % PAIR;
        float2 *norm = (float2 *)(slot_of(slot) + SPARSE_BLOCK * DIM) + position();

#pragma unroll
        for (int i = 0; i < OUTPUTS / 4; i++)
            __stcg(&to[i * PAIR], make_float4(o[4 * i], o[4 * i + 1], o[4 * i + 2], o[4 * i + 3]));
        if (threadIdx.x % 4 == 0) {
            __stcg(&norm[0], make_float2(w.reference[0], sum[0]));
            __stcg(&norm[8], make_float2(w.reference[1], sum[1]));
        }
        __threadfence();
        __syncwarp();
        if (lane() == 0)
            asm volatile("st.release.gpu.global.u32 [%0], 1;" ::"l"(ready_of(slot)) : "memory");
    }

    /* Until the same warp of another pair has left its part. */
    __device__ __forceinline__ void wait_ready(int slot)
    {
        const int64_t start = clock64();
        unsigned there;

        do {
            asm volatile("ld.acquire.gpu.global.u32 %0, [%1];"
                         : "=r"(there)
                         : "l"(ready_of(slot))
                         : "memory");
            give_up_after(start);
        } while (!there);
        __syncwarp();
        if (lane() == 0)
            *ready_of(slot) = 0;
    }

    __device__ __forceinline__ void merge(int slot, float *sum)
    {
        const float4 *from = (const float4 *)slot_of(slot) + threadIdx.x % PAIR;
        const float2 *norm = (const float2 *)(slot_of(slot) + SPARSE_BLOCK * DIM) + position();
        float mine[2], other[2];

        wait_ready(slot);
#pragma unroll
        for (int r = 0; r < 2; r++) {
            const float2 x = __ldcg(&norm[8 * r]);
            const float top = fmaxf(w.reference[r], x.x);

            mine[r] = exp2_fast((w.reference[r] - top) * a.scale_log2);
            other[r] = exp2_fast((x.x - top) * a.scale_log2);
            sum[r] = sum[r] * mine[r] + x.y * other[r];
            w.reference[r] = top;
        }
#pragma unroll
        for (int i = 0; i < OUTPUTS / 4; i++) {
            const float4 x = __ldcg(&from[i * PAIR]);

            o[4 * i] = o[4 * i] * mine[0] + x.x * other[0];
            o[4 * i + 1] = o[4 * i + 1] * mine[0] + x.y * other[0];
            o[4 * i + 2] = o[4 * i + 2] * mine[1] + x.z * other[1];
            o[4 * i + 3] = o[4 * i + 3] * mine[1] + x.w * other[1];
        }
    }

    /* One of a thread's two positions. */
    __device__ __forceinline__ void store(int head, int at, int r, float sum)
    {
        const size_t out = (size_t)head * a.work.q_len + at;
        const float inverse = __fdividef(1.f, sum);
        uint32_t h[OUTPUTS / 4];

#pragma unroll
        for (int i = 0; i < OUTPUTS / 4; i++)
            h[i] = sum == 0 ? 0 : /* what it sees not may have been NaN */
                       pack<BF16>(o[4 * i + 2 * r] * inverse, o[4 * i + 2 * r + 1] * inverse);
#pragma unroll
        for (int i = 0; i < OUTPUTS / 4; i += 4)
            transpose(h + i);
        if (at >= a.work.q_len)
            return;
        uint4 *to = (uint4 *)((char *)a.o + out * DIM * 2) + threadIdx.x % 4;
#pragma unroll
        for (int i = 0; i < OUTPUTS / 4; i += 4)
            to[i] = make_uint4(h[i], h[i + 1], h[i + 2], h[i + 3]);
        if (a.lse && threadIdx.x % 4 == 0)
            a.lse[out] = sum == 0 ? -INFINITY : w.log_sum(r, sum, a.scale_log2);
    }

    __device__ __forceinline__ void finish(const int4 item, const int4 piece)
    {
        float sum[2] = { w.total(0), w.total(1) };

        if (piece.x >= 0) {
            leave(piece.x, sum);
        } else {
            for (int i = 0; i < piece.z; i++)
                merge(piece.y + i, sum);
#pragma unroll
            for (int r = 0; r < 2; r++)
                store(item.x, item.y * SPARSE_BLOCK + position() + 8 * r, r, sum[r]);
        }
        clear();
    }
};

/* Lists without blocks: zeros, and no barrier. */
static __device__ __forceinline__ void fill_empty(const sparse_hopper_args &a, int worker)
{
    const int thread = threadIdx.x % PAIR;

    for (int i = worker; i < a.work.n_empty; i += a.work.workers) {
        const int list = a.work.empty[i], head = list / a.work.rows, row = list % a.work.rows;
        const int positions = min((int)SPARSE_BLOCK, a.work.q_len - row * SPARSE_BLOCK);
        const size_t out = (size_t)head * a.work.q_len + row * SPARSE_BLOCK;
        uint4 *o = (uint4 *)((char *)a.o + out * DIM * 2);

        for (int j = thread; j < positions * DIM * 2 / 16; j += PAIR)
            o[j] = make_uint4(0, 0, 0, 0);
        for (int j = thread; a.lse && j < positions; j += PAIR)
            a.lse[out + j] = -INFINITY;
    }
}

/* The last workers start first: those that others wait for (sparse_plan.h). */
template <bool BF16>
static __global__ void __launch_bounds__(PAIRS *PAIR, 1)
    sparse_kernel(const __grid_constant__ sparse_hopper_args a)
{
    extern __shared__ char unaligned[];
    const int pair = uniform(threadIdx.x / PAIR);
    const int i = a.work.workers - 1 - (PAIRS * blockIdx.x + pair);
    pair_memory &m =
        ((pair_memory *)(unaligned + (1024 - tma_shared(unaligned) % 1024) % 1024))[pair];
    warps<BF16> w(a, m, i);

    if (threadIdx.x % PAIR == 0) {
        for (int s = 0; s < STAGES; s++) {
            tma_barrier_init(&m.k_full[s], 1);
            tma_barrier_init(&m.v_full[s], 1);
            tma_barrier_init(&m.k_empty[s], SPARSE_HOPPER_WARPS);
            tma_barrier_init(&m.v_empty[s], SPARSE_HOPPER_WARPS);
        }
        tma_barrier_fence();
        tma_fence();
    }
    __syncwarp();
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
    asm volatile("griddepcontrol.wait;" ::: "memory");
    if (w.leads())
        w.start();
    __syncthreads();
    fill_empty(a, i);
#pragma unroll 1
    for (int t = 0; t < w.total; t++)
        w.block(t);
}

static const int SHARED = PAIRS * sizeof(pair_memory) + 1024;

int sparse_hopper_ready(bool bf16, struct err *e)
{
    return gpu_try_launched(cudaFuncSetAttribute(bf16 ? sparse_kernel<true> : sparse_kernel<false>,
                                                 cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                 SHARED),
                            "sparse attention (Hopper)", e);
}

/* A launch may begin while the one before it ends: it waits, by griddepcontrol, before it touches
 * anything that is not its own. */
int sparse_hopper(const struct sparse_hopper_args *a, bool bf16, gpu_stream s, struct err *e)
{
    cudaLaunchAttribute overlap = {};
    cudaLaunchConfig_t config = {};

    overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    overlap.val.programmaticStreamSerializationAllowed = 1;
    config.gridDim = dim3(a->work.workers / PAIRS);
    config.blockDim = dim3(PAIRS * PAIR);
    config.dynamicSmemBytes = SHARED;
    config.stream = s;
    config.attrs = &overlap;
    config.numAttrs = 1;
    return gpu_try_launched(
        cudaLaunchKernelEx(&config, bf16 ? sparse_kernel<true> : sparse_kernel<false>, *a),
        "sparse attention (Hopper)", e);
}
