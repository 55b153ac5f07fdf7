/* ternary_chain_block.cuh - a block of the persistent chain: it asks for weights, waits for values,
 * multiplies, and sends what it has.  ternary_chain_sm90.cu says how it all fits. */
#ifndef KERNELS_TERNARY_TERNARY_CHAIN_BLOCK_CUH
#define KERNELS_TERNARY_TERNARY_CHAIN_BLOCK_CUH

#include "kernels/ternary/ternary_chain_deal.cuh"
#include "kernels/ternary/ternary_chain_gpu.h"
#include "kernels/ternary/ternary_device.cuh"
#include "kernels/ternary/ternary_sm90.cuh"

namespace ternary_chain_block
{

using namespace ternary_chain_deal;
using namespace ternary_device;
using namespace ternary_sm90;

/* The threads that compute; the warp that asks for weights is not among them. */
static __device__ __forceinline__ void meet_compute(void)
{
    asm volatile("bar.sync 1, %0;" ::"r"((int)THREADS) : "memory");
}

/* ---- shared memory */

template <class S, bool IN_CLUSTER> struct shared {
    int8_t q[S::FF > S::DIM ? S::FF : S::DIM];
    int part[2 * WARPS * TERNARY_TILE_ROWS];
    float box[IN_CLUSTER ? mail<S>::before(BUFFERS) : 1]; /* what the others send */
    scratch s;
    uint64_t arrived[BUFFERS];
    uint64_t full[TERNARY_PHASES][2], empty[TERNARY_PHASES][2];
};

template <class S, int GRID, bool IN_CLUSTER, int SLOTS> struct block {
    using D = deal<S, GRID>;
    using M = mail<S>;
    const ternary_chain_args &a;
    shared<S, IN_CLUSTER> *sh;
    uint8_t *weights; /* [SLOTS][D::slots()] */
    uint32_t rank;
    int tid, warp, lane, layer;
    unsigned tag; /* of this layer */
    bool late;

    __device__ block(const ternary_chain_args &args) : a(args) {}

    /* The block's tiles of a phase: first, first + GRID ... */
    template <int P> __device__ __forceinline__ int first(void) const
    {
        constexpr int AT = D::first(P);

        return (int)(rank + GRID - AT) % GRID;
    }
    template <int P> __device__ __forceinline__ int count(void) const
    {
        const int at = first<P>();

        return at < S::tiles(P) ? (S::tiles(P) - at + GRID - 1) / GRID : 0;
    }

    /* ---- the warp that asks for weights */

    template <int P> __device__ __forceinline__ void ask(int l, bool *fine)
    {
        constexpr int GROUP = S::group(P), NORM = D::norm(P), AT = D::before(P), MOST = D::most(P);
        constexpr int ALL_PHASES = D::slots();
        constexpr size_t LAYER = S::before(TERNARY_PHASES), BEFORE = S::before(P);
        const int slot = l % SLOTS, n = count<P>();
        uint8_t *to = weights + slot * ALL_PHASES + AT;
        const uint8_t *from = a.tiles + (size_t)l * LAYER + BEFORE + (size_t)first<P>() * GROUP;
        uint64_t *full = &sh->full[P][slot];

        if (l >= SLOTS && *fine)
            *fine = barrier_wait(&sh->empty[P][slot], (l / SLOTS - 1) & 1);
        barrier_expect(full, n * GROUP + NORM);
        for (int i = 0; i < n; i++)
            bulk_copy(to + i * GROUP, from + (size_t)i * GRID * GROUP, GROUP, full);
        if (NORM > 0)
            bulk_copy(to + MOST * GROUP, a.g + (2 * (size_t)l + (P == TERNARY_GATE_UP)) * S::DIM,
                      NORM, full);
    }

    __device__ void ask_all(void)
    {
        bool fine = true;

        for (int l = 0; l < a.layers; l++) {
            ask<TERNARY_QKV>(l, &fine);
            ask<TERNARY_O>(l, &fine);
            ask<TERNARY_GATE_UP>(l, &fine);
            ask<TERNARY_DOWN>(l, &fine);
        }
    }

    /* ---- the exchange */

    /* Values of a buffer as this layer (X: the one before) made them: v[e] is that of index at(e),
     * 0 where that is negative.  All are looked at together: each look is a way to the L2. */
    template <int BUFFER, int N, class AT> __device__ __forceinline__ void look(float *v, AT at)
    {
        constexpr int FROM = M::before(BUFFER);
        const unsigned want = tag - (BUFFER == BUFFER_X);

        for (int spin = 0; spin < SPINS; spin++) {
            bool there = true;

#pragma unroll
            for (int e = 0; e < N; e++) {
                unsigned found = want;
                uint64_t word;

                v[e] = 0.0f;
                if (at(e) < 0)
                    continue;
                asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];"
                             : "=l"(word)
                             : "l"(a.mail + FROM + at(e))
                             : "memory");
                v[e] = __uint_as_float((unsigned)word);
                found = (unsigned)(word >> 32);
                there &= found == want;
            }
            if (there || late)
                return;
        }
        late = true;
    }

    template <int BUFFER, int E, class AT>
    __device__ __forceinline__ void values(float (&v)[E], AT at)
    {
        constexpr int FROM = M::before(BUFFER), HALF = E <= 7 ? E : (E + 1) / 2;

        if (IN_CLUSTER || (BUFFER == BUFFER_X && layer == 0)) {
            const float *from = IN_CLUSTER ? sh->box + FROM : a.x_in;

#pragma unroll
            for (int e = 0; e < E; e++)
                v[e] = at(e) < 0 ? 0.0f : from[at(e)];
            return;
        }
        look<BUFFER, HALF>(v, at);
        if constexpr (E > HALF)
            look<BUFFER, E - HALF>(v + HALF, [&](int e) { return at(HALF + e); });
    }

    /* All of a buffer is there.  X is that of the layer before. */
    template <int BUFFER> __device__ __forceinline__ void wait(void)
    {
        if (!IN_CLUSTER || (BUFFER == BUFFER_X && layer == 0))
            return;
        constexpr int BYTES = M::words(BUFFER) * 4;

        if (tid == 0)
            barrier_expect(&sh->arrived[BUFFER], BYTES);
        if (!late)
            late = !barrier_wait(&sh->arrived[BUFFER], (layer - (BUFFER == BUFFER_X)) & 1);
    }

    /* To the blocks `to`, to + step ... of a cluster. */
    template <int BUFFER> __device__ __forceinline__ void send(int i, float v, int to, int step)
    {
        constexpr int AT = M::before(BUFFER);

        if (!IN_CLUSTER) {
            const uint64_t word = (uint64_t)tag << 32 | __float_as_uint(v);

            asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(a.mail + AT + i), "l"(word)
                         : "memory");
            return;
        }
        const uint32_t box = shared_address(&sh->box[AT + i]);
        const uint32_t arrived = shared_address(&sh->arrived[BUFFER]);

#pragma unroll 4
        for (int r = to; r < CLUSTER; r += step)
            store_there(in_block(box, r), v, in_block(arrived, r));
    }

    /* ---- a phase */

    template <int P> __device__ __forceinline__ const uint8_t *slot(void) const
    {
        constexpr int ALL_PHASES = D::slots(), AT = D::before(P);

        return weights + layer % SLOTS * ALL_PHASES + AT;
    }

    /* part[split][row of the block's rows] */
    template <int P, int SPLITS> __device__ __forceinline__ void products(int n)
    {
        constexpr int ROWS = D::most(P) * TERNARY_TILE_ROWS, B = S::blocks(P);

        for (int unit = warp; unit < n * SPLITS; unit += WARPS) {
            const int tile = unit / SPLITS, split = unit % SPLITS;
            const uint8_t *w = slot<P>() + tile * S::group(P) + 8 * lane;
            sums sum;

            clear(sum);
#pragma unroll 2
            for (int b = split; b < B; b += SPLITS)
                multiply(sum, *(const uint2 *)(w + b * TERNARY_TILE_BYTES), load_x(sh->q, b, lane));
            const int2 rows = together(sum);

            if (lane % 4 == 0) {
                sh->part[split * ROWS + tile * TERNARY_TILE_ROWS + lane / 4] = rows.x;
                sh->part[split * ROWS + tile * TERNARY_TILE_ROWS + 8 + lane / 4] = rows.y;
            }
        }
    }

    template <int P, int SPLITS>
    __device__ __forceinline__ float output(int row, int total, float d)
    {
        constexpr int ROWS = D::most(P) * TERNARY_TILE_ROWS;
        const uint8_t *group = slot<P>() + row / TERNARY_TILE_ROWS * S::group(P);
        const float scale =
            ((const float *)(group + S::group(P) - TERNARY_TILE_SCALES))[row % TERNARY_TILE_ROWS];
        int acc = -total;

#pragma unroll
        for (int s = 0; s < SPLITS; s++)
            acc += sh->part[s * ROWS + row];
        return ternary_output(acc, d, scale);
    }

    template <int P> static BOTH int splits(void)
    {
        return D::most(P) >= WARPS                 ? 1
               : WARPS / D::most(P) < S::blocks(P) ? WARPS / D::most(P)
                                                   : S::blocks(P);
    }

    template <int P> __device__ __forceinline__ void run(void)
    {
        constexpr bool NORM = P == TERNARY_QKV || P == TERNARY_GATE_UP;
        constexpr int SPLITS = splits<P>(), COLS = S::cols(P), E = (COLS + THREADS - 1) / THREADS;
        constexpr int FROM = P == TERNARY_QKV       ? BUFFER_X
                             : P == TERNARY_O       ? BUFFER_V
                             : P == TERNARY_GATE_UP ? BUFFER_MID
                                                    : BUFFER_H;
        /* Outputs of the block, and how many threads share one: each sends it to some blocks. */
        constexpr int OUTS = D::most(P) * (P == TERNARY_GATE_UP ? 8 : 16);
        constexpr int WIDTH = OUTS <= 32 ? 32 : OUTS <= 64 ? 64 : OUTS <= 128 ? 128 : 256;
        constexpr int SENDERS = IN_CLUSTER ? THREADS / WIDTH : 1;
        const int n = count<P>(), me = tid % WIDTH, group = tid / WIDTH;
        const bool mine = group < SENDERS && me < n * (P == TERNARY_GATE_UP ? 8 : 16);
        const int tile = P == TERNARY_GATE_UP ? me / 8 : me / 16;
        const int at = P == TERNARY_GATE_UP ? (first<P>() + tile * GRID) * 8 + me % 8
                                            : (first<P>() + tile * GRID) * 16 + me % 16;
        uint64_t *full = &sh->full[P][layer % SLOTS];
        float x[E], g[NORM ? E : 1], before[1] = { 0.0f }, y;
        vector v;
        int total;

        if (n == 0) {
            wait<FROM>();
            if (tid == 0) { /* the weights of nobody: the norm alone may be on its way */
                barrier_wait(full, layer / SLOTS & 1);
                barrier_arrive(&sh->empty[P][layer % SLOTS]);
            }
            return;
        }
        if (!late)
            late = !barrier_wait(full, layer / SLOTS & 1);
        if (NORM) {
            const float *norm = (const float *)(slot<P>() + D::most(P) * S::group(P));

#pragma unroll
            for (int e = 0; e < E; e++)
                g[e] = tid + e * THREADS < COLS ? norm[tid + e * THREADS] : 0.0f;
        }
        wait<FROM>();
        values<FROM>(x, [&](int e) {
            const int i = tid + e * THREADS;

            return i >= COLS        ? -1
                   : P == TERNARY_O ? i / S::HEAD / (S::HEADS / S::KV) * S::HEAD + i % S::HEAD
                                    : i;
        });
        v = prepare<THREADS, E, NORM>(x, meet_compute, g, COLS, sh->q, &sh->s, tid);
        if (P == TERNARY_O)
            values<BUFFER_X>(before, [&](int) { return mine ? at : -1; });
        if (P == TERNARY_DOWN)
            values<BUFFER_MID>(before, [&](int) { return mine ? at : -1; });
        products<P, SPLITS>(n);
        const float d = finish<THREADS, NORM>(v, &sh->s, a.eps, COLS, &total, lane);
        meet_compute();
        if (mine) {
            if (P == TERNARY_GATE_UP) {
                const int row = tile * 16 + me % 8;

                y = ternary_silu(output<P, SPLITS>(row, total, d),
                                 output<P, SPLITS>(row + 8, total, d));
                send<BUFFER_H>(at, y, group, SENDERS);
            } else {
                y = output<P, SPLITS>(me, total, d);
                if (P != TERNARY_QKV)
                    y = TERNARY_ADD(before[0], y);
                if (P == TERNARY_O)
                    send<BUFFER_MID>(at, y, group, SENDERS);
                if (P == TERNARY_DOWN)
                    send<BUFFER_X>(at, y, group, SENDERS);
                if (P == TERNARY_QKV && at >= S::QKV - S::V)
                    send<BUFFER_V>(at - (S::QKV - S::V), y, group, SENDERS);
                if (P == TERNARY_QKV && group == 0)
                    a.qkv[(size_t)layer * S::QKV + at] = y;
                if (P == TERNARY_DOWN && group == 0 && layer == a.layers - 1)
                    a.x_out[at] = y;
            }
        }
        /* Scales are read above: the slot is free when all threads are here. */
        release<P>();
    }

    /* Thread 0 is told by a named barrier that others only arrive at. */
    template <int P> __device__ __forceinline__ void release(void)
    {
        if (warp == WARPS - 1) {
            asm volatile("bar.sync 2, %0;" ::"r"((int)THREADS) : "memory");
            if (lane == 0)
                barrier_arrive(&sh->empty[P][layer % SLOTS]);
        } else {
            asm volatile("bar.arrive 2, %0;" ::"r"((int)THREADS) : "memory");
        }
    }
};

} /* namespace ternary_chain_block */

#endif
