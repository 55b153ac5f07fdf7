/* flash_mma.cuh - attention in tiles by mma.sync: what the kernels of sparse and dense attention
 * have in common (online softmax, Dao et al. 2022; a warp has rows of its own as in Dao 2023).
 *
 * A block of FLASH_WARPS warps holds 16 MT rows of Q a warp, and walks over tiles of BN positions
 * of K and V in shared memory.  Scores, maxima and sums stay in registers, in mma.cuh's layout;
 * that of the scores as sums is that of a factor of V.  A row's sums, and so its bits, are the same
 * whatever the other rows are.
 *
 * Shared memory: rows of D values in chunks of 16 bytes, of which those of eight rows, one below
 * the other or side by side, lie in different banks.
 *
 * A score that does not exist is -infinity, and its weight 0.  0 times what is not finite is NaN: a
 * block that meets a tile with such scores and such a V begins anew, row by row (flash_one_row). */
#ifndef KERNELS_ATTENTION_FLASH_MMA_CUH
#define KERNELS_ATTENTION_FLASH_MMA_CUH

#include <math.h>

#include "gpu/mma.cuh"

static constexpr float FLASH_LOG2_E = 1.44269504088896340736f;

enum { FLASH_WARPS = 4, FLASH_THREADS = FLASH_WARPS * MMA_LANES };

/* What a kernel is compiled for: a tile has BN positions. */
template <int ARCH_, typename T_, int D_, int MT_, int BN_> struct flash_shape {
    typedef T_ T;
    static constexpr int ARCH = ARCH_, D = D_, MT = MT_, BN = BN_;
    static constexpr int BM = 16 * MT * FLASH_WARPS;
    static constexpr int ROW_BYTES = D * 2, CHUNKS = D / 8;
    static constexpr int TILE_BYTES = BN * ROW_BYTES;
    /* Where K, V and the sums leave room for it. */
    static constexpr bool Q_IN_REGISTERS = MT * D <= 128;
    /* Q, then two tiles of K and two of V: one is read while the other arrives. */
    static constexpr int STAGES = 2;
    static constexpr int SHARED_BYTES = BM * ROW_BYTES + 2 * STAGES * TILE_BYTES;
};

template <typename S> struct flash_state {
    float o[S::MT][S::D / 8][4];
    /* What weights are relative to: a score, not much below the greatest so far, and the same times
     * the scale, in the exponential's units. */
    float top[S::MT][2], base[S::MT][2];
    float sum[S::MT][2]; /* of weights, of this thread's columns */
};

/* Which scores of a thread's rows exist, a bit a column of the tile. */
template <int BN> struct flash_word;
template <> struct flash_word<32> {
    typedef uint32_t type;
};
template <> struct flash_word<64> {
    typedef uint64_t type;
};
template <typename S> struct flash_bits {
    typename flash_word<S::BN>::type row[S::MT][2];
};

/* Q's fragments; empty where they are read from shared memory. */
template <typename S> struct flash_q {
    unsigned a[S::Q_IN_REGISTERS ? S::MT : 1][S::Q_IN_REGISTERS ? S::D / 16 : 1][4];
};

template <typename S> static __device__ __forceinline__ int flash_at(int row, int chunk)
{
    const int mixed = S::D % 64 == 0 ? chunk ^ row % 8 : chunk ^ row / 2 % 4;

    return row * S::ROW_BYTES + mixed * 16;
}

/* Row of the block's tile that value pair `half` of m-tile `m` belongs to. */
template <typename S> static __device__ __forceinline__ int flash_row(int m, int half)
{
    const int lane = threadIdx.x % MMA_LANES, warp = threadIdx.x / MMA_LANES;

    return (warp * S::MT + m) * 16 + half * 8 + lane / 4;
}

/* The low n bits. */
static __device__ __forceinline__ uint64_t flash_low(int n)
{
    return n >= 64 ? ~0ull : n <= 0 ? 0 : (1ull << n) - 1;
}

/* Enqueue the copies of ROWS rows that lie one after the other; of those behind the first `there`
 * zeros are written and nothing is read, though `from` has to be an address in device memory. */
template <typename S, int ROWS>
static __device__ __forceinline__ void flash_load(char *to, const char *from, int there)
{
    const int chunks = there * S::CHUNKS;

    static_assert(ROWS * S::CHUNKS % FLASH_THREADS == 0, "each thread copies as many chunks");
#pragma unroll
    for (int i = 0; i < ROWS * S::CHUNKS / FLASH_THREADS; i++) {
        const int at = i * FLASH_THREADS + (int)threadIdx.x;

        mma_copy<S::ARCH>(to + flash_at<S>(at / S::CHUNKS, at % S::CHUNKS), from + at * 16,
                          at < chunks);
    }
}

/* Address of the k-th pair of chunks in the row whose first pair is at `row`.  Rows begin at
 * multiples of 64 or 128 bytes, so that chunks are told apart by exclusive or; what is left is an
 * address and a constant. */
template <typename S> static __device__ __forceinline__ unsigned flash_pair(unsigned row, int k)
{
    constexpr int PAIRS = S::D % 64 == 0 ? 4 : 2;

    return (row ^ k % PAIRS * 32) + k / PAIRS * PAIRS * 32;
}

/* This lane's row and first chunk of a fragment of 16 rows: of what lies as it is read ... */
template <typename S> static __device__ __forceinline__ unsigned flash_lane(const char *rows)
{
    const int lane = threadIdx.x % MMA_LANES;

    return mma_shared(rows) + (unsigned)flash_at<S>(lane % 16, lane / 16);
}

/* ... and of K, whose columns are the rows of what lies there. */
template <typename S> static __device__ __forceinline__ unsigned flash_lane_k(const char *rows)
{
    const int lane = threadIdx.x % MMA_LANES;

    return mma_shared(rows) + (unsigned)flash_at<S>(lane % 8 + lane / 16 * 8, lane / 8 % 2);
}

template <typename S>
static __device__ __forceinline__ void flash_fragment(unsigned (&a)[4], const char *q, int m, int k)
{
    const int warp = threadIdx.x / MMA_LANES;

    mma_load(a, flash_pair<S>(flash_lane<S>(q + (warp * S::MT + m) * 16 * S::ROW_BYTES), k));
}

template <typename S>
static __device__ __forceinline__ void flash_q_load(struct flash_q<S> *f, const char *q)
{
    if constexpr (S::Q_IN_REGISTERS) {
#pragma unroll
        for (int m = 0; m < S::MT; m++)
#pragma unroll
            for (int k = 0; k < S::D / 16; k++)
                flash_fragment<S>(f->a[m][k], q, m, k);
    }
}

template <typename S> static __device__ __forceinline__ void flash_begin(struct flash_state<S> *f)
{
#pragma unroll
    for (int m = 0; m < S::MT; m++) {
#pragma unroll
        for (int n = 0; n < S::D / 8; n++)
#pragma unroll
            for (int r = 0; r < 4; r++)
                f->o[m][n][r] = 0;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            f->top[m][half] = f->base[m][half] = -INFINITY;
            f->sum[m][half] = 0;
        }
    }
}

/* s = Q K of a tile. */
template <typename S>
static __device__ __forceinline__ void flash_scores(float (&s)[S::MT][S::BN / 8][4],
                                                    const struct flash_q<S> *f, const char *q,
                                                    const char *k_tile)
{
    const unsigned rows = flash_lane_k<S>(k_tile);

#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int n = 0; n < S::BN / 8; n++)
#pragma unroll
            for (int r = 0; r < 4; r++)
                s[m][n][r] = 0;
#pragma unroll
    for (int k = 0; k < S::D / 16; k++) {
        unsigned a[S::MT][4];

#pragma unroll
        for (int m = 0; m < S::MT; m++) {
            if constexpr (S::Q_IN_REGISTERS)
#pragma unroll
                for (int r = 0; r < 4; r++)
                    a[m][r] = f->a[m][k][r];
            else
                flash_fragment<S>(a[m], q, m, k);
        }
#pragma unroll
        for (int n = 0; n < S::BN / 16; n++) {
            unsigned b[4];

            mma_load(b, flash_pair<S>(rows, k) + n * 16 * S::ROW_BYTES);
#pragma unroll
            for (int m = 0; m < S::MT; m++) {
                mma_product<S::ARCH, typename S::T>(s[m][2 * n], a[m], b[0], b[1]);
                mma_product<S::ARCH, typename S::T>(s[m][2 * n + 1], a[m], b[2], b[3]);
            }
        }
    }
}

template <typename S>
static __device__ __forceinline__ void flash_hide(float (&s)[S::MT][S::BN / 8][4],
                                                  const struct flash_bits<S> *bits)
{
    const int t = threadIdx.x % 4;

#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            /* This thread's columns are 2 t and 2 t + 1 of each eight. */
            const auto mine = bits->row[m][half] >> (2 * t);

#pragma unroll
            for (int n = 0; n < S::BN / 8; n++)
#pragma unroll
                for (int c = 0; c < 2; c++)
                    if (!(mine >> (n * 8 + c) & 1))
                        s[m][n][2 * half + c] = -INFINITY;
        }
}

/* Raise the rows' tops where a score is more than FLASH_SLACK above one, in powers of 2, and bring
 * what is summed so far to the new ones (as in FlashAttention-4).  That is seldom, and F16 has room
 * for weights up to 2^8. */
static constexpr float FLASH_SLACK = 8;

template <typename S>
static __device__ __forceinline__ void flash_settle(struct flash_state<S> *f,
                                                    const float (&s)[S::MT][S::BN / 8][4],
                                                    float scale)
{
    float most[S::MT][2];
    bool raise = false;

#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            most[m][half] = -INFINITY;
#pragma unroll
            for (int n = 0; n < S::BN / 8; n++)
                most[m][half] =
                    fmaxf(most[m][half], fmaxf(s[m][n][2 * half], s[m][n][2 * half + 1]));
            raise |= (most[m][half] - f->top[m][half]) * scale > FLASH_SLACK;
        }
    if (!__any_sync(0xffffffffu, raise))
        return;
#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float top = most[m][half], factor;

            top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 1));
            top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 2));
            /* A row's own scores decide, whatever the warp's other rows have. */
            if (!((top - f->top[m][half]) * scale > FLASH_SLACK))
                continue;
            factor = mma_exp2(f->base[m][half] - top * scale);
            f->top[m][half] = top;
            f->base[m][half] = top * scale;
            f->sum[m][half] *= factor;
#pragma unroll
            for (int n = 0; n < S::D / 8; n++) {
                f->o[m][n][2 * half] *= factor;
                f->o[m][n][2 * half + 1] *= factor;
            }
        }
}

/* Scores become weights, a factor of V. */
template <typename S>
static __device__ __forceinline__ void flash_weights(struct flash_state<S> *f,
                                                     const float (&s)[S::MT][S::BN / 8][4],
                                                     unsigned (&p)[S::MT][S::BN / 16][4],
                                                     float scale)
{
#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            /* Nothing seen so far: all scores are -infinity, or NaN. */
            const float base = f->base[m][half] == -INFINITY ? 0 : f->base[m][half];
            float sum = 0;

#pragma unroll
            for (int n = 0; n < S::BN / 8; n++) {
                const float x = mma_exp2(fmaf(s[m][n][2 * half], scale, -base));
                const float y = mma_exp2(fmaf(s[m][n][2 * half + 1], scale, -base));

                sum += x + y;
                p[m][n / 2][n % 2 * 2 + half] = mma_pair<typename S::T>(x, y);
            }
            f->sum[m][half] += sum;
        }
}

/* o += p V of a tile. */
template <typename S>
static __device__ __forceinline__ void flash_values(struct flash_state<S> *f,
                                                    const unsigned (&p)[S::MT][S::BN / 16][4],
                                                    const char *v_tile)
{
    const unsigned rows = flash_lane<S>(v_tile);

#pragma unroll
    for (int k = 0; k < S::BN / 16; k++)
#pragma unroll
        for (int n = 0; n < S::D / 16; n++) {
            unsigned b[4];

            mma_load_transposed(b, flash_pair<S>(rows, n) + k * 16 * S::ROW_BYTES);
#pragma unroll
            for (int m = 0; m < S::MT; m++) {
                mma_product<S::ARCH, typename S::T>(f->o[m][2 * n], p[m][k], b[0], b[1]);
                mma_product<S::ARCH, typename S::T>(f->o[m][2 * n + 1], p[m][k], b[2], b[3]);
            }
        }
}

/* Is something in this thread's share of a tile not finite? */
template <typename S> static __device__ __forceinline__ bool flash_not_finite(const char *tile)
{
    unsigned zeros = 0;

#pragma unroll
    for (int i = 0; i < S::TILE_BYTES / 16 / FLASH_THREADS; i++) {
        const uint4 x = ((const uint4 *)tile)[i * FLASH_THREADS + (int)threadIdx.x];

        zeros = mma_zeros<typename S::T>(x.x, zeros);
        zeros = mma_zeros<typename S::T>(x.y, zeros);
        zeros = mma_zeros<typename S::T>(x.z, zeros);
        zeros = mma_zeros<typename S::T>(x.w, zeros);
    }
    return (zeros & 0x7fff7fff) != 0;
}

/* ---- the walk over tiles 0 .. tiles - 1 */

/* load(tile, k, v): enqueue the copies of a tile into shared memory, for tile after tile
 * bits(tile, &bits): which of its scores exist, where not all do; else false
 * masked(tile): are there such scores whose V is not zero in shared memory? */
template <typename L, typename B, typename M> struct flash_source {
    L load;
    B bits;
    M masked;
};

template <typename L, typename B, typename M>
static __device__ __forceinline__ struct flash_source<L, B, M> flash_source_of(L load, B bits,
                                                                               M masked) {
    return { load, bits, masked };
}

/* Where K of a tile lies; V lies STAGES tiles behind. */
template <typename S>
static __device__ __forceinline__ char *flash_tile(char *shared, int tile)
{
    return shared + S::BM * S::ROW_BYTES + tile % S::STAGES * S::TILE_BYTES;
}

template <typename S, typename F>
static __device__ __forceinline__ void flash_fetch(const F &from, char *shared, int tile, int tiles)
{
    char *const k = flash_tile<S>(shared, tile);

    if (tile < tiles)
        from.load(tile, k, k + S::STAGES * S::TILE_BYTES);
    mma_copies_commit<S::ARCH>();
}

/* From Q, whose copies have been enqueued into `shared`, to the sums of all tiles: one at least.
 * false, and nothing of use in f, where a V that is not finite has scores that do not exist. */
template <typename S, typename F>
static __device__ __forceinline__ bool flash_walk(struct flash_state<S> *f, const F &from,
                                                  char *shared, int tiles, float scale)
{
    struct flash_q<S> q;
    bool odd = false; /* this thread has seen such a V */

    flash_fetch<S>(from, shared, 0, tiles);
#pragma unroll 1
    for (int tile = 0; tile < tiles; tile++) {
        const char *k = flash_tile<S>(shared, tile), *v = k + S::STAGES * S::TILE_BYTES;
        float s[S::MT][S::BN / 8][4];
        unsigned p[S::MT][S::BN / 16][4];
        struct flash_bits<S> bits;
        bool holes;

        mma_copies_wait<S::ARCH, 0>();
        /* This tile has come for all threads, and none reads the one before any more. */
        __syncthreads();
        flash_fetch<S>(from, shared, tile + 1, tiles);
        if (from.masked(tile))
            odd |= flash_not_finite<S>(v);
        if (tile == 0)
            flash_q_load<S>(&q, shared);
        holes = from.bits(tile, &bits);
        flash_scores<S>(s, &q, shared, k);
        if (holes)
            flash_hide<S>(s, &bits);
        flash_settle<S>(f, s, scale);
        flash_weights<S>(f, s, p, scale);
        flash_values<S>(f, p, v);
    }
    return !__syncthreads_or(odd);
}

/* The whole rows' sums of weights, to all four lanes that share a row. */
template <typename S> static __device__ __forceinline__ void flash_sums(struct flash_state<S> *f)
{
#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            f->sum[m][half] += __shfl_xor_sync(0xffffffffu, f->sum[m][half], 1);
            f->sum[m][half] += __shfl_xor_sync(0xffffffffu, f->sum[m][half], 2);
        }
}

/* ln of the sum of exp(score): base is in powers of 2. */
static __device__ __forceinline__ float flash_lse(float base, float sum)
{
    const float ln2 = 0.69314718055994530942f;

    return sum == 0 ? -INFINITY : (base + log2f(sum)) * ln2;
}

/* o / sum, or 0 where there is no weight, rounded, to `shared`, which is Q's place: a warp's rows
 * are its own there.  Then to(row) says where a row goes in device memory, NULL: nowhere. */
template <typename S, typename F>
static __device__ __forceinline__ void flash_store(const struct flash_state<S> *f, char *shared,
                                                   F to)
{
    const int lane = threadIdx.x % MMA_LANES, warp = threadIdx.x / MMA_LANES;

#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const float factor = f->sum[m][half] == 0 ? 0 : 1 / f->sum[m][half];
            const int row = flash_row<S>(m, half);

#pragma unroll
            for (int n = 0; n < S::D / 8; n++)
                *(unsigned *)(shared + flash_at<S>(row, n) + lane % 4 * 4) =
                    mma_pair<typename S::T>(f->o[m][n][2 * half] * factor,
                                            f->o[m][n][2 * half + 1] * factor);
        }
    __syncwarp(); /* a row is written by four lanes and read by others */
#pragma unroll 4
    for (int i = lane; i < 16 * S::MT * S::CHUNKS; i += MMA_LANES) {
        const int row = warp * 16 * S::MT + i / S::CHUNKS, chunk = i % S::CHUNKS;
        char *p = (char *)to(row);

        if (p)
            *(uint4 *)(p + chunk * 16) = *(const uint4 *)(shared + flash_at<S>(row, chunk));
    }
}

struct flash_kv {
    const char *k, *v;
};

/* What a row by itself comes to: as in flash_state; values 2 (lane + 32 j) and the next. */
template <typename T, int D> struct flash_one {
    static constexpr int PAIRS = D / 2, MINE = (PAIRS + MMA_LANES - 1) / MMA_LANES;
    float base, sum, o[MINE][2];
};

/* A row by itself, by one warp, for any n positions: kv(i) gives K and V of one in device memory,
 * or NULL where it does not exist.  Slow, and right whatever V holds. */
template <typename T, int D, typename F>
static __device__ __forceinline__ struct flash_one<T, D> flash_one_row(const void *q, int n,
                                                                       float scale, F kv) {
    typedef struct flash_one<T, D> one;
    const int lane = threadIdx.x % MMA_LANES;
    float top = -INFINITY;
    one f = { -INFINITY, 0, {} };

#pragma unroll 1
    for (int i = 0; i < n; i++) {
        const struct flash_kv at = kv(i);
        float s = 0, base, weight, factor;

        if (!at.k)
            continue;
#pragma unroll
        for (int j = 0; j < one::MINE; j++)
            if (lane + j * MMA_LANES < one::PAIRS) {
                const unsigned x = ((const unsigned *)q)[lane + j * MMA_LANES];
                const unsigned y = ((const unsigned *)at.k)[lane + j * MMA_LANES];

                s += mma_half<T>(x, 0) * mma_half<T>(y, 0);
                s += mma_half<T>(x, 1) * mma_half<T>(y, 1);
            }
#pragma unroll
        for (int d = MMA_LANES / 2; d > 0; d /= 2)
            s += __shfl_xor_sync(0xffffffffu, s, d);
        top = fmaxf(top, s);
        base = top == -INFINITY ? 0 : top * scale;
        factor = mma_exp2(f.base - base);
        f.base = top == -INFINITY ? -INFINITY : base;
        weight = mma_exp2(fmaf(s, scale, -base));
        f.sum = f.sum * factor + weight;
        weight = mma_half<T>(mma_pair<T>(weight, 0), 0);
#pragma unroll
        for (int j = 0; j < one::MINE; j++)
            if (lane + j * MMA_LANES < one::PAIRS) {
                const unsigned v = ((const unsigned *)at.v)[lane + j * MMA_LANES];

                f.o[j][0] = f.o[j][0] * factor + weight * mma_half<T>(v, 0);
                f.o[j][1] = f.o[j][1] * factor + weight * mma_half<T>(v, 1);
            }
    }
    return f;
}

template <typename T, int D>
static __device__ __forceinline__ void flash_one_store(const struct flash_one<T, D> *f, void *o)
{
    const int lane = threadIdx.x % MMA_LANES;

#pragma unroll
    for (int j = 0; j < flash_one<T, D>::MINE; j++)
        if (lane + j * MMA_LANES < flash_one<T, D>::PAIRS)
            ((unsigned *)o)[lane + j * MMA_LANES] =
                f->sum == 0 ? 0 : mma_pair<T>(f->o[j][0] / f->sum, f->o[j][1] / f->sum);
}

#endif
