/* ternary_chain_deal.cuh - a chain's sizes as constants, and who does what of it. */
#ifndef KERNELS_TERNARY_TERNARY_CHAIN_DEAL_CUH
#define KERNELS_TERNARY_TERNARY_CHAIN_DEAL_CUH

#include <stddef.h>

#include "kernels/ternary/ternary_chain.h"
#include "kernels/ternary/ternary_tiles.h"

namespace ternary_chain_deal
{

#define BOTH constexpr __host__ __device__

enum { THREADS = 512, WARPS = THREADS / 32, CLUSTER = 16 };

template <int DIM_, int FF_, int HEADS_, int KV_, int HEAD_> struct shape {
    static constexpr int DIM = DIM_, FF = FF_, HEADS = HEADS_, KV = KV_, HEAD = HEAD_;
    static constexpr int QKV = (HEADS + 2 * KV) * HEAD, A = HEADS * HEAD, V = KV * HEAD;
    static BOTH int rows(int p)
    {
        return p == TERNARY_QKV ? QKV : p == TERNARY_GATE_UP ? 2 * FF : DIM;
    }
    static BOTH int cols(int p) { return p == TERNARY_O ? A : p == TERNARY_DOWN ? FF : DIM; }
    static BOTH int tiles(int p) { return rows(p) / TERNARY_TILE_ROWS; }
    static BOTH int blocks(int p) { return cols(p) / TERNARY_BLOCK; }
    static BOTH int group(int p) { return blocks(p) * TERNARY_TILE_BYTES + TERNARY_TILE_SCALES; }
    static BOTH size_t bytes(int p) { return (size_t)tiles(p) * group(p); }
    static BOTH size_t before(int p) { return p == 0 ? 0 : before(p - 1) + bytes(p - 1); }
};

/* How the tiles of a phase are dealt to GRID blocks: one after the other, each phase from where the
 * one before ended. */
template <class S, int GRID> struct deal {
    static BOTH int first(int p) { return p == 0 ? 0 : (first(p - 1) + S::tiles(p - 1)) % GRID; }
    static BOTH int most(int p) { return (S::tiles(p) + GRID - 1) / GRID; }
    /* Bytes of a slot of shared memory: the codes and scales of the most tiles, and the norm. */
    static BOTH int norm(int p)
    {
        return p == TERNARY_QKV || p == TERNARY_GATE_UP ? S::DIM * 4 : 0;
    }
    static BOTH int slot(int p) { return most(p) * S::group(p) + norm(p); }
    static BOTH int slots() { return slot(0) + slot(1) + slot(2) + slot(3); }
    static BOTH int before(int p) { return p == 0 ? 0 : before(p - 1) + slot(p - 1); }
};

enum { BUFFER_V, BUFFER_MID, BUFFER_H, BUFFER_X, BUFFERS };

template <class S> struct mail {
    static BOTH int words(int b) { return b == BUFFER_V ? S::V : b == BUFFER_H ? S::FF : S::DIM; }
    static BOTH int before(int b) { return b == 0 ? 0 : before(b - 1) + words(b - 1); }
};

} /* namespace ternary_chain_deal */

#endif
