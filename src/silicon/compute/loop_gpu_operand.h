/* loop_gpu_operand.h - what the loops of a GPU multiply, the same for the device and for the check.
 *
 * Factors are whole numbers of random sign whose significant bits are as random as the type has
 * them.  Sums stay exact in FP32 because every product comes back with the opposite sign: rows of A
 * exist in two halves, the second minus the first, except that the factor at k = 0 is off by
 * delta.  So a half follows the other, the sum of both is delta x b, and the total of `rounds`
 * rounds is rounds x delta x b, small and known. */
#ifndef SILICON_COMPUTE_LOOP_GPU_OPERAND_H
#define SILICON_COMPUTE_LOOP_GPU_OPERAND_H

#ifdef __CUDACC__
#define LOOP_GPU_BOTH __host__ __device__
#else
#define LOOP_GPU_BOTH
#endif

static inline LOOP_GPU_BOTH unsigned loop_gpu_hash(unsigned seed, unsigned what, unsigned at)
{
    unsigned x = seed + what * 0x9e3779b9u + at * 0x85ebca6bu;

    x = (x ^ (x >> 16)) * 0x7feb352du;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    return x ^ (x >> 16);
}

/* -max .. max without 0. */
static inline LOOP_GPU_BOTH int loop_gpu_whole(unsigned hash, int max)
{
    int magnitude = 1 + (int)(((hash & 0xffff) * (unsigned)max) >> 16);

    return hash >> 31 ? -magnitude : magnitude;
}

/* -1, 0 or 1. */
static inline LOOP_GPU_BOTH int loop_gpu_sign(unsigned hash)
{
    return (int)(hash % 3) - 1;
}

/* Which matrix: A and B of each unit (the warps or warpgroups that differ) and pair of halves. */
struct loop_gpu_tile {
    unsigned seed;
    int unit, pair;
    int max; /* largest factor */
};

/* A's factor in `row` at `k` of the first or the second half; at k = 0 at most max - 1. */
static inline LOOP_GPU_BOTH int loop_gpu_a(struct loop_gpu_tile t, int half, int row, int k)
{
    unsigned what = (unsigned)(t.unit * 64 + t.pair) * 4, at = (unsigned)(row * 4096 + k);
    int first = loop_gpu_whole(loop_gpu_hash(t.seed, what, at), k == 0 ? t.max - 1 : t.max);

    if (!half)
        return first;
    return k == 0 ? loop_gpu_sign(loop_gpu_hash(t.seed, what + 1, at)) - first : -first;
}

/* B's factor for column `col` at `k`, the same for both halves. */
static inline LOOP_GPU_BOTH int loop_gpu_b(struct loop_gpu_tile t, int col, int k)
{
    unsigned what = (unsigned)(t.unit * 64 + t.pair) * 4 + 2, at = (unsigned)(col * 4096 + k);
    unsigned hash = loop_gpu_hash(t.seed, what, at);

    return k == 0 ? loop_gpu_sign(hash) : loop_gpu_whole(hash, t.max);
}

/* What one sum adds to a block's hash: order does not matter, place does. */
static inline LOOP_GPU_BOTH unsigned loop_gpu_mark(unsigned bits, int unit, int row, int col)
{
    return bits * ((unsigned)((unit * 256 + row) * 256 + col) * 0x9e3779b2u + 1);
}

/* FMA loops: any number in [-1, 1) with all bits random, for a lane's kind and a place. */
static inline LOOP_GPU_BOTH float loop_gpu_single(unsigned seed, int unit, int at)
{
    unsigned hash = loop_gpu_hash(seed, (unsigned)unit, (unsigned)at);

    return (float)(int)(hash >> 8) * (1.0f / 8388608.0f) - 1.0f;
}

static inline LOOP_GPU_BOTH double loop_gpu_double(unsigned seed, int unit, int at)
{
    double high = (double)(loop_gpu_hash(seed, (unsigned)unit, (unsigned)(2 * at)) >> 5);
    double low = (double)(loop_gpu_hash(seed, (unsigned)unit, (unsigned)(2 * at + 1)) >> 6);

    return (high * 67108864.0 + low) * (1.0 / 4503599627370496.0) - 1.0;
}

#endif
