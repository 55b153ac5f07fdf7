/* matmul_wgmma_sm90a.cu - Y = X W' on Hopper for weights of the type of X.
 *
 * Roofline  m64nNk16 takes N / 2 cycles of a multiprocessor's tensor cores, so a step of 64 columns
 *           and 128 x 256 outputs 1,024, and of 128 x TOKENS 4 TOKENS.  It needs 16 KiB of W and
 *           128 bytes a token of X, of which a multiprocessor gets about 42 bytes a cycle: tiles of
 *           256 tokens wait a little for them, smaller ones more.
 * Split     a tile's K is dealt out to the blocks of a cluster where there are fewer tiles than
 *           multiprocessors; each then sums some of its tokens over all of them, in their order. */
#include "kernels/gemm/matmul_wgmma.cuh"

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "gpu/ptx.cuh"

template <int TOKENS> struct ring {
    enum {
        W_BYTES = WG_ROWS * WG_LINE,
        X_BYTES = TOKENS * WG_LINE,
        OUT_TOKENS = TOKENS < MATMUL_WGMMA_OUT ? TOKENS : MATMUL_WGMMA_OUT,
        OUT_BYTES = OUT_TOKENS * WG_LINE,
        /* Of a multiprocessor.  Two small tiles hide each other's beginnings and ends. */
        BLOCKS = TOKENS <= 64 ? 2 : 1,
        ROOM = 224 * 1024 / BLOCKS - WG_GROUPS * OUT_BYTES,
        FIT = ROOM / (W_BYTES + X_BYTES),
        STAGES = FIT < 8 ? FIT : 8
    };
    uint8_t w[STAGES][W_BYTES];
    uint8_t x[STAGES][X_BYTES];
    uint8_t out[WG_GROUPS][OUT_BYTES];
    uint64_t full[STAGES], empty[STAGES];
};

/* The stage of a ring, and how often it has come round. */
struct place {
    int stage;
    unsigned phase;
};

template <int STAGES> static __device__ __forceinline__ void step_on(struct place *p)
{
    if (++p->stage == STAGES) {
        p->stage = 0;
        p->phase ^= 1;
    }
}

template <int TOKENS>
static __device__ __forceinline__ void load_w(ring<TOKENS> *s, const struct matmul_wgmma_job *j,
                                              int row, int k, int stage)
{
    typedef ring<TOKENS> ring;

    tma_barrier_expect(&s->full[stage], ring::W_BYTES + ring::X_BYTES);
    tma_load(s->w[stage], &j->w, k * WG_STEP, row * WG_ROWS, &s->full[stage]);
}

template <int TOKENS>
static __device__ __forceinline__ void load_x(ring<TOKENS> *s, const struct matmul_wgmma_job *j,
                                              int token, int k, int stage)
{
    tma_load(s->x[stage], &j->x, k * WG_STEP, token * TOKENS, &s->full[stage]);
}

/* Steps k0 .. k1 - 1 of a tile.  With FIRST the ring is empty, and what fills it of W, which no
 * earlier grid writes, is on its way before X is there. */
template <int TOKENS>
static __device__ __forceinline__ void fill(ring<TOKENS> *s, const struct matmul_wgmma_job *j,
                                            int2 at, int k0, int k1, bool first, struct place *p)
{
    typedef ring<TOKENS> ring;
    const int early = first ? min(k1 - k0, (int)ring::STAGES) : 0;

    for (int i = 0; i < early; i++)
        load_w<TOKENS>(s, j, at.x, k0 + i, i);
    if (first)
        ptx_wait_for_earlier_grids();
    for (int k = k0; k < k1; k++) {
        if (k - k0 >= early) {
            tma_barrier_wait(&s->empty[p->stage], p->phase ^ 1);
            load_w<TOKENS>(s, j, at.x, k, p->stage);
        }
        load_x<TOKENS>(s, j, at.y, k, p->stage);
        step_on<ring::STAGES>(p);
    }
}

/* One thread of a warpgroup says that it has read a stage. */
template <int TOKENS> static __device__ __forceinline__ void give_back(ring<TOKENS> *s, int stage)
{
    if (threadIdx.x % WG_THREADS == 0)
        tma_barrier_arrive(&s->empty[stage]);
}

template <typename T, int TOKENS>
static __device__ __forceinline__ void multiply(ring<TOKENS> *s, int group, int steps,
                                                struct place *p, float (&d)[TOKENS / 2])
{
    typedef ring<TOKENS> ring;
    int last = -1;

#pragma unroll
    for (int i = 0; i < TOKENS / 2; i++) {
        d[i] = 0;
        wgmma_settle(&d[i]);
    }
    for (int k = 0; k < steps; k++) {
        const uint64_t a = wgmma_descriptor(s->w[p->stage] + (group - 1) * WG_GROUP_ROWS * WG_LINE);
        const uint64_t b = wgmma_descriptor(s->x[p->stage]);

        tma_barrier_wait(&s->full[p->stage], p->phase);
        wgmma_fence();
#pragma unroll
        for (int i = 0; i < 4; i++)
            wg_multiply<T>(d, a + 2 * i, b + 2 * i);
        wgmma_commit();
        wgmma_wait<1>(); /* the step before is done */
        if (last >= 0)
            give_back<TOKENS>(s, last);
        last = p->stage;
        step_on<ring::STAGES>(p);
    }
    wgmma_wait<0>();
    if (last >= 0)
        give_back<TOKENS>(s, last);
}

/* The whole tile to Y. */
template <typename T, int TOKENS>
static __device__ __forceinline__ void send(const struct matmul_wgmma_job *j, ring<TOKENS> *s,
                                            int group, int2 at, float (&d)[TOKENS / 2])
{
    typedef ring<TOKENS> ring;
    const int row = at.x * WG_ROWS + (group - 1) * WG_GROUP_ROWS, token = at.y * TOKENS;
    uint8_t *out = s->out[group - 1];

    wg_end<T>(&j->end, row, token, d);
    wg_send<T, TOKENS / 2, 0, ring::OUT_TOKENS / 2>(&j->y, group, out, row, token, d);
    if constexpr (TOKENS > ring::OUT_TOKENS)
        wg_send<T, TOKENS / 2, ring::OUT_TOKENS / 2, ring::OUT_TOKENS / 2>(
            &j->y, group, out, row, token + ring::OUT_TOKENS, d);
}

/* A block of a split tile: its sums to shared memory, then WG_PART tokens at a time of all blocks'.
 * All blocks of the cluster come here. */
template <typename T, int TOKENS>
static __device__ __forceinline__ void send_split(const struct matmul_wgmma_job *j, ring<TOKENS> *s,
                                                  int group, int2 at, const float (&d)[TOKENS / 2])
{
    const int row = at.x * WG_ROWS + (group - 1) * WG_GROUP_ROWS, token = at.y * TOKENS;
    const int thread = threadIdx.x - WG_THREADS, threads = WG_GROUPS * WG_THREADS;
    const int split = j->tiles.split;
    /* The ring's buffers have been read, and nothing more comes to them. */
    float *part = (float *)s->w;

    static_assert(TOKENS / 2 * threads * sizeof(float) <= sizeof(s->w) + sizeof(s->x), "");
    asm volatile("bar.sync 3, 256;" ::: "memory"); /* both warpgroups have multiplied */
#pragma unroll
    for (int i = 0; i < TOKENS / 2; i++)
        part[i * threads + thread] = d[i];
    tma_cluster_sync();
    for (int p = (int)tma_cluster_rank(); p < TOKENS / WG_PART; p += split) {
        float sum[WG_PART / 2];

#pragma unroll
        for (int i = 0; i < WG_PART / 2; i++)
            sum[i] = 0;
        for (int r = 0; r < split; r++) {
            float of_r[WG_PART / 2]; /* all on their way together: another block's is far */

#pragma unroll
            for (int i = 0; i < WG_PART / 2; i++)
                of_r[i] =
                    tma_float_of(&part[(p * (WG_PART / 2) + i) * threads + thread], (unsigned)r);
#pragma unroll
            for (int i = 0; i < WG_PART / 2; i++)
                sum[i] += of_r[i];
        }
        wg_end<T>(&j->end, row, token + p * WG_PART, sum);
        wg_send<T, WG_PART / 2, 0, WG_PART / 2>(&j->y, group, s->out[group - 1], row,
                                                token + p * WG_PART, sum);
    }
    tma_cluster_sync(); /* nobody ends while another reads */
}

template <int TOKENS> static __device__ __forceinline__ void open_ring(ring<TOKENS> *s)
{
    ptx_let_next_grid_begin();
    if (threadIdx.x == 0) {
        for (int i = 0; i < ring<TOKENS>::STAGES; i++) {
            tma_barrier_init(&s->full[i], 1);
            tma_barrier_init(&s->empty[i], WG_GROUPS);
        }
        tma_barrier_fence();
    }
    __syncthreads(); /* all use the barriers */
}

/* Tiles one after the other. */
template <typename T, int TOKENS>
static __global__ void __launch_bounds__(WG_BLOCK, ring<TOKENS>::BLOCKS)
    matmul_kernel(const __grid_constant__ struct matmul_wgmma_job j)
{
    extern __shared__ char memory[];
    ring<TOKENS> *s = (ring<TOKENS> *)wg_aligned(memory);
    const int group = threadIdx.x / WG_THREADS, all = j.tiles.rows * j.tiles.tokens;
    struct place p = { 0, 0 };

    open_ring<TOKENS>(s);
    if (group == 0) {
        if (ring<TOKENS>::BLOCKS == 1)
            asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
        if (threadIdx.x == 0)
            for (int i = blockIdx.x; i < all; i += gridDim.x)
                fill<TOKENS>(s, &j, wg_tile(&j.tiles, i), 0, j.tiles.steps, i == (int)blockIdx.x,
                             &p);
    } else {
        if (ring<TOKENS>::BLOCKS == 1)
            asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
        for (int i = blockIdx.x; i < all; i += gridDim.x) {
            float d[TOKENS / 2];

            multiply<T, TOKENS>(s, group, j.tiles.steps, &p, d);
            send<T, TOKENS>(&j, s, group, wg_tile(&j.tiles, i), d);
        }
        if (threadIdx.x % WG_THREADS == 0)
            tma_store_wait<0>();
    }
}

/* One tile for each cluster. */
template <typename T, int TOKENS>
static __global__ void __launch_bounds__(WG_BLOCK, ring<TOKENS>::BLOCKS)
    matmul_split_kernel(const __grid_constant__ struct matmul_wgmma_job j)
{
    extern __shared__ char memory[];
    ring<TOKENS> *s = (ring<TOKENS> *)wg_aligned(memory);
    const int group = threadIdx.x / WG_THREADS, split = j.tiles.split;
    const int rank = (int)tma_cluster_rank();
    const int k0 = j.tiles.steps * rank / split, k1 = j.tiles.steps * (rank + 1) / split;
    const int2 at = wg_tile(&j.tiles, blockIdx.x / split);
    struct place p = { 0, 0 };

    open_ring<TOKENS>(s);
    if (group == 0) {
        if (threadIdx.x == 0)
            fill<TOKENS>(s, &j, at, k0, k1, true, &p);
        tma_cluster_sync();
        tma_cluster_sync();
    } else {
        float d[TOKENS / 2];

        multiply<T, TOKENS>(s, group, k1 - k0, &p, d);
        send_split<T, TOKENS>(&j, s, group, at, d);
        if (threadIdx.x % WG_THREADS == 0)
            tma_store_wait<0>();
    }
}

/* ---- launches */

static int launch(const void *kernel, const struct matmul_wgmma_job *j, unsigned grid,
                  unsigned cluster, size_t shared, gpu_stream s, struct err *e)
{
    cudaLaunchAttribute attributes[2] = {};
    cudaLaunchConfig_t c = {};
    void *args[] = { (void *)j };
    int rc = 0;

    CUDA_TRY(
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)shared));
    attributes[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attributes[0].val.programmaticStreamSerializationAllowed = 1;
    attributes[1].id = cudaLaunchAttributeClusterDimension;
    attributes[1].val.clusterDim.x = cluster;
    attributes[1].val.clusterDim.y = attributes[1].val.clusterDim.z = 1;
    c.gridDim = dim3(grid);
    c.blockDim = dim3(WG_BLOCK);
    c.dynamicSmemBytes = shared;
    c.stream = s;
    c.attrs = attributes;
    c.numAttrs = cluster > 1 ? 2 : 1;
    CUDA_TRY(cudaLaunchKernelExC(&c, kernel, args));
out:
    return rc;
}

template <typename T, int TOKENS>
static int run_tokens(const struct matmul_wgmma_job *j, gpu_stream s, struct err *e)
{
    const int tiles = j->tiles.rows * j->tiles.tokens, split = j->plan.split;
    const int most = j->multiprocessors * ring<TOKENS>::BLOCKS;
    const size_t shared = sizeof(ring<TOKENS>) + WG_ALIGN;

    if (split == 1)
        return launch((const void *)matmul_kernel<T, TOKENS>, j,
                      (unsigned)(tiles < most ? tiles : most), 1, shared, s, e);
    if constexpr (TOKENS <= 128)
        return launch((const void *)matmul_split_kernel<T, TOKENS>, j, (unsigned)(tiles * split),
                      (unsigned)split, shared, s, e);
    return ERR(e, ERR_ARG, "tiles of %d tokens are not split", TOKENS);
}

template <typename T> static int run(const struct matmul_wgmma_job *j, gpu_stream s, struct err *e)
{
    switch (j->plan.tokens) {
    case 16: return run_tokens<T, 16>(j, s, e);
    case 32: return run_tokens<T, 32>(j, s, e);
    case 64: return run_tokens<T, 64>(j, s, e);
    case 128: return run_tokens<T, 128>(j, s, e);
    case 256: return run_tokens<T, 256>(j, s, e);
    default: return ERR(e, ERR_ARG, "tiles of %d tokens", j->plan.tokens);
    }
}

int matmul_wgmma_f16(const struct matmul_wgmma_job *j, gpu_stream s, struct err *e)
{
    return run<__half>(j, s, e);
}

int matmul_wgmma_bf16(const struct matmul_wgmma_job *j, gpu_stream s, struct err *e)
{
    return run<__nv_bfloat16>(j, s, e);
}
