/* attention_decode.cuh - dense attention of few tokens: a thread block a piece of the positions.
 *
 * Roofline  reads K and V once, 4 head_dim bytes a position and KV head, and does 4 head_dim
 *           operations on them for each row: bound by memory.  What matters is how much is on its
 *           way: a warp asks for a whole step of K and V before it needs any of it, from where it
 *           lies to where the tensor core wants it, past shared memory.
 *
 * A warp works on pages of its own: every fourth of its piece.  8 NT rows of q, (token, head) pairs
 * of one KV head, are the narrow factor; positions, and then the values of V, are the rows of the
 * other.  The order in which values of head_dim are added, and which of them is which row, are
 * chosen so that each lane loads 16 bytes at a time and has what it multiplies:
 *
 *   scores   K [16 positions][head_dim] x q: lane (g, t) loads of positions g and g + 8 the values
 *            32 i + 8 t .. + 7; as registers of A they are two steps of 16
 *   values   V [head_dim][16 positions] x weights: lane (g, t) loads of positions 2 t, 2 t + 1,
 *            2 t + 8, 2 t + 9 the values 8 g .. 8 g + 7 of 64; pairs of positions are put together,
 *            and values 2 j and 2 j + 1 of all lanes are one A of 16 rows
 *
 * Pieces are merged in their order by the block that ends last. */
#ifndef KERNELS_ATTENTION_ATTENTION_DECODE_CUH
#define KERNELS_ATTENTION_ATTENTION_DECODE_CUH

#include <cuda_runtime_api.h>
#include <math.h>

#include "gpu/gpu_try.h"
#include "gpu/mma.cuh"
#include "kernels/attention/attention_cache.cuh"
#include "kernels/attention/attention_decode.h"
#include "kernels/attention/attention_launch.h"
#include "kernels/attention/flash_mma.cuh"

enum { DECODE_WARPS = 4, DECODE_THREADS = DECODE_WARPS * MMA_LANES };

/* What a kernel is compiled for. */
template <int ARCH_, typename T_, int D_, int NT_> struct decode_shape {
    typedef T_ T;
    static constexpr int ARCH = ARCH_, D = D_, NT = NT_;
    static constexpr int ROWS = ATTENTION_DECODE_ROWS * NT, ROW_BYTES = 2 * D;
    /* Positions of a step: what the registers hold of K and V beside the sums. */
    static constexpr int STEP = D == 64 ? 32 : 16;
    static constexpr int STRIPS = D / 64;     /* of 64 values, 16 bytes a lane */
    static constexpr bool REST = D % 64 != 0; /* and one of 32, 8 bytes a lane */
    static constexpr int TILES = D / 16;
};

/* A thread block's part. */
struct decode_part {
    struct cache_head at;
    int sequence, kv_head;
    int first;      /* position of token 0 */
    int row0, rows; /* of the KV head: the block's first, and how many there are in all */
    int piece, pieces;
    int begin, end; /* positions of the piece */
};

/* Of a lane's rows 8 n + 2 t and the next. */
template <typename S> struct decode_rows {
    float top[S::NT][2], base[S::NT][2]; /* as in flash_mma.cuh */
    float sum[S::NT][2];                 /* of weights, of this lane's positions */
    struct cache_span sees[S::NT][2];
};

template <typename S> struct decode_step {
    uint4 k[S::STEP / 16][2][S::D / 32];
    uint4 v[S::STEP / 16][4][S::STRIPS];
    uint2 rest[S::STEP / 16][4];
};

static __device__ __forceinline__ uint4 decode_load(const char *p, bool there)
{
    uint4 x = make_uint4(0, 0, 0, 0);

    if (there)
        asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
                     : "=r"(x.x), "=r"(x.y), "=r"(x.z), "=r"(x.w)
                     : "l"(p));
    return x;
}

static __device__ __forceinline__ uint2 decode_load_half(const char *p, bool there)
{
    uint2 x = make_uint2(0, 0);

    if (there)
        asm volatile("ld.global.nc.L1::no_allocate.v2.u32 {%0, %1}, [%2];"
                     : "=r"(x.x), "=r"(x.y)
                     : "l"(p));
    return x;
}

/* K of a step: `at` is its first position's; there: how many positions are to be looked at. */
template <typename S>
static __device__ __forceinline__ void decode_load_k(struct decode_step<S> *x, const char *at,
                                                     int there)
{
    const int g = threadIdx.x % MMA_LANES / 4, t = threadIdx.x % 4;

#pragma unroll
    for (int n = 0; n < S::STEP / 16; n++)
#pragma unroll
        for (int half = 0; half < 2; half++)
#pragma unroll
            for (int i = 0; i < S::D / 32; i++) {
                const int row = n * 16 + half * 8 + g;

                x->k[n][half][i] =
                    decode_load(at + row * S::ROW_BYTES + i * 64 + t * 16, row < there);
            }
}

/* V, likewise. */
template <typename S>
static __device__ __forceinline__ void decode_load_v(struct decode_step<S> *x, const char *at,
                                                     int there)
{
    const int g = threadIdx.x % MMA_LANES / 4, t = threadIdx.x % 4;

#pragma unroll
    for (int k = 0; k < S::STEP / 16; k++)
#pragma unroll
        for (int r = 0; r < 4; r++) {
            const int row = k * 16 + r / 2 * 8 + 2 * t + r % 2;
            const char *v = at + row * S::ROW_BYTES;

#pragma unroll
            for (int j = 0; j < S::STRIPS; j++)
                x->v[k][r][j] = decode_load(v + j * 128 + g * 16, row < there);
            if constexpr (S::REST)
                x->rest[k][r] = decode_load_half(v + S::STRIPS * 128 + g * 8, row < there);
        }
}

/* Q's fragments for the scores; rows behind the last are 0. */
template <typename S>
static __device__ __forceinline__ void decode_load_q(uint4 (&q)[S::NT][S::D / 32],
                                                     const struct attention_gpu_args *a,
                                                     const struct decode_part *p)
{
    const int g = threadIdx.x % MMA_LANES / 4, t = threadIdx.x % 4;

#pragma unroll
    for (int n = 0; n < S::NT; n++) {
        const int row = p->row0 + 8 * n + g;
        const bool there = row < p->rows;
        const char *from =
            (const char *)a->q +
            (there ? 2 * cache_row(a, p->sequence, p->kv_head, row, a->ldq, S::D) : 0);

#pragma unroll
        for (int i = 0; i < S::D / 32; i++)
            q[n][i] = decode_load(from + i * 64 + t * 16, there);
    }
}

/* Sums' value r is position g + 8 (r / 2), row 2 t + r % 2. */
template <typename S>
static __device__ __forceinline__ void decode_scores(float (&s)[S::STEP / 16][S::NT][4],
                                                     const uint4 (&q)[S::NT][S::D / 32],
                                                     const struct decode_step<S> *x)
{
#pragma unroll
    for (int m = 0; m < S::STEP / 16; m++) {
#pragma unroll
        for (int n = 0; n < S::NT; n++)
#pragma unroll
            for (int r = 0; r < 4; r++)
                s[m][n][r] = 0;
#pragma unroll
        for (int i = 0; i < S::D / 32; i++) {
            const uint4 k0 = x->k[m][0][i], k8 = x->k[m][1][i];
            const unsigned low[4] = { k0.x, k8.x, k0.y, k8.y };
            const unsigned high[4] = { k0.z, k8.z, k0.w, k8.w };

#pragma unroll
            for (int n = 0; n < S::NT; n++) {
                mma_product<S::ARCH, typename S::T>(s[m][n], low, q[n][i].x, q[n][i].y);
                mma_product<S::ARCH, typename S::T>(s[m][n], high, q[n][i].z, q[n][i].w);
            }
        }
    }
}

/* Scores that a row does not see become -infinity. */
template <typename S>
static __device__ __forceinline__ void decode_hide(float (&s)[S::STEP / 16][S::NT][4], int begin,
                                                   const struct decode_rows<S> *rows)
{
#pragma unroll
    for (int m = 0; m < S::STEP / 16; m++)
#pragma unroll
        for (int n = 0; n < S::NT; n++)
#pragma unroll
            for (int r = 0; r < 4; r++) {
                const int position = begin + m * 16 + r / 2 * 8 + threadIdx.x % MMA_LANES / 4;
                const struct cache_span sees = rows->sees[n][r % 2];

                if (position < sees.lo || position >= sees.hi)
                    s[m][n][r] = -INFINITY;
            }
}

/* As flash_settle: seldom, a row's top is raised. */
template <typename S>
static __device__ __forceinline__ void decode_settle(float (&o)[S::TILES][S::NT][4],
                                                     struct decode_rows<S> *rows,
                                                     const float (&s)[S::STEP / 16][S::NT][4],
                                                     float scale)
{
    float most[S::NT][2];
    bool raise = false;

#pragma unroll
    for (int n = 0; n < S::NT; n++)
#pragma unroll
        for (int c = 0; c < 2; c++) {
            most[n][c] = -INFINITY;
#pragma unroll
            for (int m = 0; m < S::STEP / 16; m++)
                most[n][c] = fmaxf(most[n][c], fmaxf(s[m][n][c], s[m][n][2 + c]));
            raise |= (most[n][c] - rows->top[n][c]) * scale > FLASH_SLACK;
        }
    if (!__any_sync(0xffffffffu, raise))
        return;
#pragma unroll
    for (int n = 0; n < S::NT; n++)
#pragma unroll
        for (int c = 0; c < 2; c++) {
            float top = most[n][c], factor;

#pragma unroll
            for (int d = 4; d < MMA_LANES; d *= 2)
                top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, d));
            if (!((top - rows->top[n][c]) * scale > FLASH_SLACK))
                continue;
            factor = mma_exp2(rows->base[n][c] - top * scale);
            rows->top[n][c] = top;
            rows->base[n][c] = top * scale;
            rows->sum[n][c] *= factor;
#pragma unroll
            for (int j = 0; j < S::TILES; j++) {
                o[j][n][c] *= factor;
                o[j][n][2 + c] *= factor;
            }
        }
}

/* Scores become weights, the narrow factor of V: positions are its rows. */
template <typename S>
static __device__ __forceinline__ void decode_weights(struct decode_rows<S> *rows,
                                                      const float (&s)[S::STEP / 16][S::NT][4],
                                                      unsigned (&w)[S::STEP / 16][S::NT][2],
                                                      float scale)
{
#pragma unroll
    for (int m = 0; m < S::STEP / 16; m++)
#pragma unroll
        for (int n = 0; n < S::NT; n++)
#pragma unroll
            for (int half = 0; half < 2; half++) {
                float x[2];

#pragma unroll
                for (int c = 0; c < 2; c++) {
                    const float base = rows->base[n][c] == -INFINITY ? 0 : rows->base[n][c];

                    x[c] = mma_exp2(fmaf(s[m][n][2 * half + c], scale, -base));
                    rows->sum[n][c] += x[c];
                }
                w[m][n][half] = mma_transpose(mma_pair<typename S::T>(x[0], x[1]));
            }
}

/* The low or the high halves of two registers. */
static __device__ __forceinline__ unsigned decode_low(unsigned x, unsigned y)
{
    return __byte_perm(x, y, 0x5410);
}

static __device__ __forceinline__ unsigned decode_high(unsigned x, unsigned y)
{
    return __byte_perm(x, y, 0x7632);
}

/* Values 2 j and 2 j + 1 of four positions. */
template <typename S>
static __device__ __forceinline__ void decode_pair(float (&o)[S::NT][4],
                                                   const unsigned (&w)[S::NT][2], unsigned v0,
                                                   unsigned v1, unsigned v8, unsigned v9)
{
    const unsigned a[4] = { decode_low(v0, v1), decode_high(v0, v1), decode_low(v8, v9),
                            decode_high(v8, v9) };

#pragma unroll
    for (int n = 0; n < S::NT; n++)
        mma_product<S::ARCH, typename S::T>(o[n], a, w[n][0], w[n][1]);
}

template <typename S>
static __device__ __forceinline__ void decode_values(float (&o)[S::TILES][S::NT][4],
                                                     const unsigned (&w)[S::STEP / 16][S::NT][2],
                                                     const struct decode_step<S> *x)
{
#pragma unroll
    for (int k = 0; k < S::STEP / 16; k++) {
#pragma unroll
        for (int j = 0; j < S::STRIPS; j++) {
            const uint4(&v)[4][S::STRIPS] = x->v[k];

            decode_pair<S>(o[4 * j], w[k], v[0][j].x, v[1][j].x, v[2][j].x, v[3][j].x);
            decode_pair<S>(o[4 * j + 1], w[k], v[0][j].y, v[1][j].y, v[2][j].y, v[3][j].y);
            decode_pair<S>(o[4 * j + 2], w[k], v[0][j].z, v[1][j].z, v[2][j].z, v[3][j].z);
            decode_pair<S>(o[4 * j + 3], w[k], v[0][j].w, v[1][j].w, v[2][j].w, v[3][j].w);
        }
        if constexpr (S::REST) {
            const uint2(&v)[4] = x->rest[k];

            decode_pair<S>(o[4 * S::STRIPS], w[k], v[0].x, v[1].x, v[2].x, v[3].x);
            decode_pair<S>(o[4 * S::STRIPS + 1], w[k], v[0].y, v[1].y, v[2].y, v[3].y);
        }
    }
}

/* The first of head_dim's values in rows g of tiles n and n + 1, which are four neighbours. */
template <typename S> static __device__ __forceinline__ int decode_column(int n)
{
    const int g = threadIdx.x % MMA_LANES / 4, strip = n / 4;

    return strip < S::STRIPS ? strip * 64 + g * 8 + n % 4 * 2 : strip * 64 + g * 4;
}

/* Is something in V of a step not finite? */
template <typename S>
static __device__ __forceinline__ bool decode_not_finite(const struct decode_step<S> *x)
{
    unsigned zeros = 0;

#pragma unroll
    for (int k = 0; k < S::STEP / 16; k++)
#pragma unroll
        for (int r = 0; r < 4; r++) {
#pragma unroll
            for (int j = 0; j < S::STRIPS; j++) {
                zeros = mma_zeros<typename S::T>(x->v[k][r][j].x, zeros);
                zeros = mma_zeros<typename S::T>(x->v[k][r][j].y, zeros);
                zeros = mma_zeros<typename S::T>(x->v[k][r][j].z, zeros);
                zeros = mma_zeros<typename S::T>(x->v[k][r][j].w, zeros);
            }
            if constexpr (S::REST) {
                zeros = mma_zeros<typename S::T>(x->rest[k][r].x, zeros);
                zeros = mma_zeros<typename S::T>(x->rest[k][r].y, zeros);
            }
        }
    return (zeros & 0x7fff7fff) != 0;
}

/* ---- one warp: its pages of the piece */

/* Where a step lies, as offset into K and V of the cache; `number`: the warp's n-th page. */
struct decode_pages {
    int32_t mine; /* the page that this lane has looked up */
    int batch;    /* of so many as there are lanes */
};

static __device__ __forceinline__ size_t decode_page(struct decode_pages *p,
                                                     const struct decode_part *part, int number)
{
    const int warp = threadIdx.x / MMA_LANES, lane = threadIdx.x % MMA_LANES;

    if (number / MMA_LANES != p->batch) {
        const int page =
            part->begin / KV_PAGE + (number / MMA_LANES * MMA_LANES + lane) * DECODE_WARPS + warp;

        p->batch = number / MMA_LANES;
        p->mine = page * KV_PAGE < part->end ? __ldg(part->at.pages + page) : 0;
    }
    return (size_t)__shfl_sync(0xffffffffu, p->mine, number % MMA_LANES) * part->at.page_bytes;
}

/* true where V is not finite in a step that not all rows see: nothing of use is in o then. */
template <typename S>
static __device__ __forceinline__ bool decode_walk(const struct decode_part *part,
                                                   struct cache_span each,
                                                   const uint4 (&q)[S::NT][S::D / 32], float scale,
                                                   struct decode_rows<S> *rows,
                                                   float (&o)[S::TILES][S::NT][4])
{
    constexpr int STEPS = KV_PAGE / S::STEP; /* of a page */
    const int warp = threadIdx.x / MMA_LANES;
    const int page0 = part->begin + warp * KV_PAGE;
    const int pages = part->end > page0 ? (part->end - page0 + DECODE_WARPS * KV_PAGE - 1) /
                                              (DECODE_WARPS * KV_PAGE)
                                        : 0;
    struct decode_pages table = { 0, -1 };
    struct decode_step<S> x;
    bool odd = false;
    size_t at;

    if (pages == 0)
        return false;
    at = decode_page(&table, part, 0);
    decode_load_k<S>(&x, part->at.k + at, part->end - page0);
    decode_load_v<S>(&x, part->at.v + at, part->end - page0);
#pragma unroll 1
    for (int i = 0; i < pages * STEPS; i++) {
        const int begin = page0 + i / STEPS * DECODE_WARPS * KV_PAGE + i % STEPS * S::STEP;
        const int next =
            page0 + (i + 1) / STEPS * DECODE_WARPS * KV_PAGE + (i + 1) % STEPS * S::STEP;
        const bool holes = begin < each.lo || begin + S::STEP > each.hi;
        float s[S::STEP / 16][S::NT][4];
        unsigned w[S::STEP / 16][S::NT][2];

        decode_scores<S>(s, q, &x);
        if (i + 1 < pages * STEPS) {
            at = decode_page(&table, part, (i + 1) / STEPS) +
                 (i + 1) % STEPS * S::STEP * S::ROW_BYTES;
            decode_load_k<S>(&x, part->at.k + at, part->end - next);
        }
        if (holes) {
            odd |= decode_not_finite<S>(&x);
            decode_hide<S>(s, begin, rows);
        }
        decode_settle<S>(o, rows, s, scale);
        decode_weights<S>(rows, s, w, scale);
        decode_values<S>(o, w, &x);
        if (i + 1 < pages * STEPS)
            decode_load_v<S>(&x, part->at.v + at, part->end - next);
    }
    return odd;
}

/* ---- a thread block: its warps' results together */

template <typename S> struct __align__(16) decode_shared
{
    static constexpr int LD = S::D + 4; /* rows begin in different banks */
    float o[DECODE_WARPS][S::ROWS][LD];
    float base[DECODE_WARPS][S::ROWS], sum[DECODE_WARPS][S::ROWS];
    float factor[S::ROWS][2 * MMA_LANES]; /* of pieces */
    bool last;
};

template <typename S>
static __device__ __forceinline__ void decode_put(struct decode_shared<S> *shared,
                                                  const struct decode_rows<S> *rows,
                                                  const float (&o)[S::TILES][S::NT][4])
{
    const int warp = threadIdx.x / MMA_LANES, lane = threadIdx.x % MMA_LANES;

#pragma unroll
    for (int n = 0; n < S::NT; n++)
#pragma unroll
        for (int c = 0; c < 2; c++) {
            const int row = 8 * n + lane % 4 * 2 + c;
            float sum = rows->sum[n][c];

#pragma unroll
            for (int d = 4; d < MMA_LANES; d *= 2)
                sum += __shfl_xor_sync(0xffffffffu, sum, d);
            if (lane < 4) {
                shared->base[warp][row] = rows->base[n][c];
                shared->sum[warp][row] = sum;
            }
#pragma unroll
            for (int j = 0; j < S::TILES; j += 2)
                *(float4 *)&shared->o[warp][row][decode_column<S>(j)] =
                    make_float4(o[j][n][c], o[j][n][2 + c], o[j + 1][n][c], o[j + 1][n][2 + c]);
        }
}

/* The same, row by row: all of it stands as the first warp's. */
template <typename S>
static __device__ __forceinline__ void decode_put_rows(const struct attention_gpu_args *a,
                                                       const struct decode_part *part, float scale,
                                                       struct decode_shared<S> *shared)
{
    const int warp = threadIdx.x / MMA_LANES, lane = threadIdx.x % MMA_LANES;
    const int group = a->heads / a->kv_heads;

#pragma unroll 1
    for (int r = warp; r < S::ROWS; r += DECODE_WARPS) {
        const int row = part->row0 + r < part->rows ? part->row0 + r : part->rows - 1;
        const struct cache_span sees = cache_sees(a, part->first, row / group);
        const int lo = sees.lo > part->begin ? sees.lo : part->begin;
        const int hi = sees.hi < part->end ? sees.hi : part->end;
        const auto kv = [&](int i) -> struct flash_kv {
            const int position = lo + i;
            const size_t from = (size_t)part->at.pages[position / KV_PAGE] * part->at.page_bytes +
                                position % KV_PAGE * S::ROW_BYTES;

            return { part->at.k + from, part->at.v + from };
        };
        const struct flash_one<typename S::T, S::D> one = flash_one_row<typename S::T, S::D>(
            (const char *)a->q + 2 * cache_row(a, part->sequence, part->kv_head, row, a->ldq, S::D),
            hi - lo, scale, kv);

        for (int w = 0; w < DECODE_WARPS; w++) {
            shared->base[w][r] = w == 0 ? one.base : -INFINITY;
            shared->sum[w][r] = w == 0 ? one.sum : 0;
#pragma unroll
            for (int j = 0; j < one.MINE; j++)
                if (lane + j * MMA_LANES < one.PAIRS) {
                    shared->o[w][r][2 * (lane + j * MMA_LANES)] = w == 0 ? one.o[j][0] : 0;
                    shared->o[w][r][2 * (lane + j * MMA_LANES) + 1] = w == 0 ? one.o[j][1] : 0;
                }
        }
    }
}

/* Four neighbouring values of a row, as a thread has them. */
struct decode_four {
    float4 o;
    float base, sum;
};

static __device__ __forceinline__ void decode_add(float4 *to, float factor, float4 x)
{
    to->x += factor * x.x;
    to->y += factor * x.y;
    to->z += factor * x.z;
    to->w += factor * x.w;
}

/* The warps' results together, in their order. */
template <typename S>
static __device__ __forceinline__ struct decode_four decode_fold(
    const struct decode_shared<S> *shared, int row, int column)
{
    struct decode_four all = { make_float4(0, 0, 0, 0), -INFINITY, 0 };

#pragma unroll
    for (int w = 0; w < DECODE_WARPS; w++)
        all.base = fmaxf(all.base, shared->base[w][row]);
#pragma unroll
    for (int w = 0; w < DECODE_WARPS; w++) {
        const float base = all.base == -INFINITY ? 0 : all.base;
        const float factor = mma_exp2(shared->base[w][row] - base);

        all.sum += factor * shared->sum[w][row];
        decode_add(&all.o, factor, *(const float4 *)&shared->o[w][row][column]);
    }
    return all;
}

template <typename S>
static __device__ __forceinline__ void decode_finish(const struct attention_gpu_args *a,
                                                     const struct decode_part *part, int row,
                                                     int column, float4 o, float sum)
{
    char *to = (char *)a->out +
               2 * cache_row(a, part->sequence, part->kv_head, part->row0 + row, a->ldo, S::D);

    *(uint2 *)(to + 2 * column) = make_uint2(mma_pair<typename S::T>(o.x / sum, o.y / sum),
                                             mma_pair<typename S::T>(o.z / sum, o.w / sum));
}

/* Where the pieces of a tile leave their results. */
struct decode_pieces {
    int *done;
    float *stats, *sums; /* of piece 0 */
};

template <typename S>
static __device__ __forceinline__ struct decode_pieces decode_pieces_of(
    const struct attention_gpu_args *a)
{
    const struct attention_decode_space space = attention_decode_space(a);
    const size_t tile = (size_t)blockIdx.z * gridDim.x + blockIdx.x;
    const size_t piece = tile * (size_t)attention_decode_most(a->context);
    char *p = (char *)a->workspace;

    return { (int *)p + tile, (float *)(p + space.stats) + piece * 2 * S::ROWS,
             (float *)(p + space.sums) + piece * S::ROWS * S::D };
}

/* The greatest base of a row's pieces, the sum of weights brought to it, and what each piece is to
 * be multiplied with.  By one warp; every lane gets the sum. */
template <int ROWS>
static __device__ __forceinline__ float decode_total(const float *stats, int pieces, float *factor)
{
    constexpr int MINE = (ATTENTION_GPU_PIECES + MMA_LANES - 1) / MMA_LANES;
    const int lane = threadIdx.x % MMA_LANES;
    float base[MINE], weight[MINE], most = -INFINITY, sum = 0;

#pragma unroll
    for (int i = 0; i < MINE; i++) {
        const float *of = stats + (lane + i * MMA_LANES) * 2 * ROWS;
        const bool there = lane + i * MMA_LANES < pieces;

        base[i] = there ? __ldcg(of) : -INFINITY;
        weight[i] = there ? __ldcg(of + ROWS) : 0;
    }
#pragma unroll
    for (int i = 0; i < MINE; i++)
        most = fmaxf(most, base[i]);
#pragma unroll
    for (int d = MMA_LANES / 2; d > 0; d /= 2)
        most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, d));
#pragma unroll
    for (int i = 0; i < MINE; i++) {
        const float by = mma_exp2(base[i] - (most == -INFINITY ? 0 : most));

        factor[lane + i * MMA_LANES] = by;
        sum += by * weight[i];
    }
#pragma unroll
    for (int d = MMA_LANES / 2; d > 0; d /= 2)
        sum += __shfl_xor_sync(0xffffffffu, sum, d);
    return sum;
}

/* All pieces of the tile are there: their sums in the order of positions. */
template <typename S>
static __device__ __forceinline__ void decode_merge(const struct attention_gpu_args *a,
                                                    const struct decode_part *part,
                                                    const struct decode_pieces *at,
                                                    struct decode_shared<S> *shared)
{
    const int rows = part->rows - part->row0, warp = threadIdx.x / MMA_LANES;

    for (int r = warp; r < S::ROWS && r < rows; r += DECODE_WARPS) {
        const float sum = decode_total<S::ROWS>(at->stats + r, part->pieces, shared->factor[r]);

        if (threadIdx.x % MMA_LANES == 0)
            shared->sum[0][r] = sum;
    }
    __syncthreads(); /* the factors of a row are one warp's, and its values those of others */
    for (int i = threadIdx.x; i < S::ROWS * S::D / 4; i += DECODE_THREADS) {
        const int row = i / (S::D / 4), column = i % (S::D / 4) * 4;
        const float *sums = at->sums + row * S::D + column;
        float4 o = make_float4(0, 0, 0, 0);

        if (row >= rows)
            return;
#pragma unroll 16
        for (int p = 0; p < part->pieces; p++)
            decode_add(&o, shared->factor[row][p],
                       __ldcg((const float4 *)(sums + (size_t)p * S::ROWS * S::D)));
        decode_finish<S>(a, part, row, column, o, shared->sum[0][row]);
    }
}

/* The block's result: the output's, where it is the only one, else one piece. */
template <typename S>
static __device__ __forceinline__ void decode_result(const struct attention_gpu_args *a,
                                                     const struct decode_part *part,
                                                     const struct decode_pieces *at,
                                                     const struct decode_shared<S> *shared)
{
    float *const stats = at->stats + part->piece * 2 * S::ROWS;
    float *const sums = at->sums + (size_t)part->piece * S::ROWS * S::D;

    for (int i = threadIdx.x; i < S::ROWS * S::D / 4; i += DECODE_THREADS) {
        const int row = i / (S::D / 4), column = i % (S::D / 4) * 4;
        const struct decode_four all = decode_fold(shared, row, column);

        if (part->row0 + row >= part->rows)
            return;
        if (part->pieces == 1) {
            decode_finish<S>(a, part, row, column, all.o, all.sum);
            continue;
        }
        *(float4 *)(sums + row * S::D + column) = all.o;
        if (column == 0) {
            stats[row] = all.base;
            stats[S::ROWS + row] = all.sum;
        }
    }
}

/* ---- the kernel */

template <typename S>
static __device__ __forceinline__ struct decode_part decode_part_of(
    const struct attention_gpu_args *a, struct cache_span *each)
{
    const int group = a->heads / a->kv_heads, tiles = gridDim.x / a->kv_heads;
    struct decode_part p;
    struct cache_span low, high;
    int start, piece, last;

    p.kv_head = blockIdx.x / tiles;
    p.sequence = blockIdx.z;
    p.at = cache_head_of(a, p.sequence, p.kv_head);
    p.first = a->first[p.sequence];
    p.rows = a->tokens * group;
    p.row0 = blockIdx.x % tiles * S::ROWS;
    last = p.row0 + S::ROWS < p.rows ? p.row0 + S::ROWS - 1 : p.rows - 1;
    /* Pieces are those of the whole call, so that a row's do not depend on its tile. */
    start = cache_sees(a, p.first, 0).lo / KV_PAGE * KV_PAGE;
    piece = attention_decode_piece(p.first + a->tokens - start);
    p.pieces = attention_decode_pieces(p.first + a->tokens - start);
    p.piece = blockIdx.y;
    low = cache_sees(a, p.first, p.row0 / group);
    high = cache_sees(a, p.first, last / group);
    p.begin = start + p.piece * piece;
    p.end = p.begin + piece < high.hi ? p.begin + piece : high.hi;
    *each = { high.lo, low.hi };
    return p;
}

template <typename S>
static __device__ __forceinline__ void decode_rows_begin(struct decode_rows<S> *rows,
                                                         const struct attention_gpu_args *a,
                                                         const struct decode_part *p)
{
    const int group = a->heads / a->kv_heads;

#pragma unroll
    for (int n = 0; n < S::NT; n++)
#pragma unroll
        for (int c = 0; c < 2; c++) {
            const int row = p->row0 + 8 * n + threadIdx.x % 4 * 2 + c;

            rows->top[n][c] = rows->base[n][c] = -INFINITY;
            rows->sum[n][c] = 0;
            rows->sees[n][c] = cache_sees(a, p->first, (row < p->rows ? row : p->rows - 1) / group);
        }
}

/* Count this block's piece as done: what its threads wrote before a barrier is seen by the threads
 * of a block that finds it counted, after a barrier there.  Gives how many were done before. */
static __device__ __forceinline__ int decode_done(int *done)
{
    int before;

    asm volatile("atom.acq_rel.gpu.global.add.s32 %0, [%1], 1;"
                 : "=r"(before)
                 : "l"(done)
                 : "memory");
    return before;
}

template <typename S>
static __global__ void __launch_bounds__(DECODE_THREADS, S::NT == 1 ? 3 : 2)
    decode_kernel(const struct attention_gpu_args a, float scale)
{
    __shared__ struct decode_shared<S> shared;
    struct cache_span each;
    const struct decode_part part = decode_part_of<S>(&a, &each);
    const struct decode_pieces at = decode_pieces_of<S>(&a);
    struct decode_rows<S> rows;
    uint4 q[S::NT][S::D / 32];
    float o[S::TILES][S::NT][4] = {};

    if (part.piece >= part.pieces)
        return;
    decode_load_q<S>(q, &a, &part);
    decode_rows_begin<S>(&rows, &a, &part);
    if (__syncthreads_or(decode_walk<S>(&part, each, q, scale, &rows, o)))
        decode_put_rows<S>(&a, &part, scale, &shared);
    else
        decode_put<S>(&shared, &rows, o);
    __syncthreads(); /* all warps' results are there */
    decode_result<S>(&a, &part, &at, &shared);
    if (part.pieces == 1)
        return;
    __syncthreads(); /* the block's piece is written */
    if (threadIdx.x == 0)
        shared.last = decode_done(at.done) == part.pieces - 1;
    __syncthreads(); /* what thread 0 has found */
    if (!shared.last)
        return;
    decode_merge<S>(&a, &part, &at, &shared);
    if (threadIdx.x == 0)
        *at.done = 0; /* for the next run */
}

template <typename S>
static int decode_launch(const struct attention_gpu_args *a, gpu_stream s, struct err *e)
{
    const dim3 grid((unsigned)(a->kv_heads * attention_decode_tiles(a)),
                    (unsigned)attention_decode_most(a->context), (unsigned)a->sequences);

    decode_kernel<S><<<grid, DECODE_THREADS, 0, s>>>(*a, a->scale * FLASH_LOG2_E);
    return gpu_try_launched(cudaGetLastError(), "attention kernel of few tokens", e);
}

template <int ARCH, typename T, int D>
static int decode_choose(const struct attention_gpu_args *a, gpu_stream s, struct err *e)
{
    return attention_decode_rows(a) == ATTENTION_DECODE_ROWS
               ? decode_launch<decode_shape<ARCH, T, D, 1>>(a, s, e)
               : decode_launch<decode_shape<ARCH, T, D, 2>>(a, s, e);
}

#endif
