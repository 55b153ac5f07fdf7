/* loop_mma.cuh - tensor-core loops by mma.sync: factors and sums in registers.
 *
 * A warp holds row tiles in two halves and NT column tiles, so that several sums are in flight
 * and neighbouring instructions differ in their factors.  One layout covers all shapes (PTX ISA,
 * "Matrix Fragments for mma"): with g = lane / 4, t = lane % 4 and E factors a 32-bit register (one
 * a double), register r of A holds row g + 8 (r % 2), k = E t + e + 4 E (r / 2); of B column g, k =
 * E t + e + 4 E r; of the sums row g + 8 (r / 2), column 2 t + r % 2. */
#ifndef SILICON_COMPUTE_LOOP_MMA_CUH
#define SILICON_COMPUTE_LOOP_MMA_CUH

#include "silicon/compute/loop_gpu_factor.cuh"

enum { MMA_NT = 4, MMA_UNITS = 4, MMA_THREADS = 256, MMA_BLOCKS = 2 };

/* Row tiles: two, or the one whose FP64 factors fit the registers. */
static constexpr __host__ __device__ int mma_mt(int registers_of_a)
{
    return registers_of_a == 8 ? 1 : 2;
}

/* Types of a register and of a sum. */
template <enum gpu_type T> struct mma_types {
    typedef unsigned reg;
    typedef float sum;
};
template <> struct mma_types<GPU_FP64> {
    typedef double reg;
    typedef double sum;
};
template <> struct mma_types<GPU_INT8> {
    typedef unsigned reg;
    typedef int sum;
};

/* One register of factors: `factor(e)` gives the e-th. */
template <enum gpu_type T, typename F> static __device__ __forceinline__ unsigned mma_pack(F factor)
{
    unsigned bits = 0;

#pragma unroll
    for (int e = 0; e < 32 / factor_width<T>(); e++)
        bits |= factor_bits<T>(factor(e)) << (e * factor_width<T>() % 32);
    return bits;
}

template <enum gpu_type T, typename F>
static __device__ __forceinline__ typename mma_types<T>::reg mma_reg(F factor)
{
    if constexpr (T == GPU_FP64)
        return (double)factor(0);
    else
        return mma_pack<T>(factor);
}

/* sums += a x b; `instruction` is one mma.sync. */
template <enum gpu_type T, int A, int B, int C>
using mma_instruction = void (*)(typename mma_types<T>::sum (&c)[C],
                                 const typename mma_types<T>::reg (&a)[A],
                                 const typename mma_types<T>::reg (&b)[B]);

template <enum gpu_type T, int A, int B, int C, mma_instruction<T, A, B, C> instruction>
static __global__ void __launch_bounds__(MMA_THREADS, MMA_BLOCKS)
    mma_kernel(const struct loop_gpu_args args)
{
    constexpr int E = T == GPU_FP64 ? 1 : 32 / factor_width<T>();
    constexpr int MT = mma_mt(A), rows = C == 4 ? 16 : 8;
    const int lane = threadIdx.x % 32, unit = threadIdx.x / 32 % MMA_UNITS;
    const int g = lane / 4, t = lane % 4;
    const struct loop_gpu_tile tile = tile_of(&args, unit, 0);
    typename mma_types<T>::reg a[MT][2][A], b[MMA_NT][B];
    typename mma_types<T>::sum c[MT][MMA_NT][C] = {};
    unsigned mark = 0;

#pragma unroll
    for (int m = 0; m < MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++)
#pragma unroll
            for (int r = 0; r < A; r++)
                a[m][half][r] = mma_reg<T>([&](int e) {
                    return args.max ? loop_gpu_a(tile, half, m * rows + g + 8 * (r % 2),
                                                 E * t + e + 4 * E * (r / 2))
                                    : 0;
                });
#pragma unroll
    for (int n = 0; n < MMA_NT; n++)
#pragma unroll
        for (int r = 0; r < B; r++)
            b[n][r] = mma_reg<T>([&](int e) {
                return args.max ? loop_gpu_b(tile, n * 8 + g, E * t + e + 4 * E * r) : 0;
            });
#pragma unroll 1
    for (int round = 0; round < args.rounds; round++)
#pragma unroll
        for (int half = 0; half < 2; half++)
#pragma unroll
            for (int n = 0; n < MMA_NT; n++)
#pragma unroll
                for (int m = 0; m < MT; m++)
                    instruction(c[m][n], a[m][half], b[n]);
#pragma unroll
    for (int m = 0; m < MT; m++)
#pragma unroll
        for (int n = 0; n < MMA_NT; n++)
#pragma unroll
            for (int r = 0; r < C; r++) {
                int row = m * rows + g + 8 * (r / 2), col = n * 8 + 2 * t + r % 2;
                int at = (unit * MT * rows + row) * MMA_NT * 8 + col;

                mark += loop_gpu_mark(sum_bits(c[m][n][r]), unit, row, col);
                if (blockIdx.x == 0)
                    ((typename mma_types<T>::sum *)args.d_sums)[at] = c[m][n][r];
            }
    mark_block(&args, mark);
}

#endif
