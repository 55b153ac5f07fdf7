/* sparse_simple.cu - block-sparse attention, a warp a position.
 *
 * For the scores a lane has a key, for the sums a column of V (or two, or four).  A warp goes
 * through its list alone: nothing is shared but what the L1 cache happens to keep, and the same
 * additions are made in the same order whatever else runs.
 *
 * Roofline  issue slots: about 11 instructions a score, of 4 warps a clock; two orders of magnitude
 *           from the tensor cores, on purpose. */
#include "kernels/attention/sparse_simple.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"

enum { LANES = 32, WARPS = 4, GROUPS = SPARSE_BLOCK / LANES };

static __device__ __forceinline__ float widen(__half x)
{
    return __half2float(x);
}

static __device__ __forceinline__ float widen(__nv_bfloat16 x)
{
    return __bfloat162float(x);
}

static __device__ __forceinline__ void narrow(float x, __half *to)
{
    *to = __float2half_rn(x);
}

static __device__ __forceinline__ void narrow(float x, __nv_bfloat16 *to)
{
    *to = __float2bfloat16_rn(x);
}

/* As a weight enters the product with V. */
template <typename T> static __device__ __forceinline__ float rounded(float x)
{
    T y;

    narrow(x, &y);
    return widen(y);
}

static __device__ __forceinline__ float warp_max(float x)
{
#pragma unroll
    for (int d = LANES / 2; d > 0; d /= 2)
        x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, d));
    return x;
}

static __device__ __forceinline__ float warp_sum(float x)
{
#pragma unroll
    for (int d = LANES / 2; d > 0; d /= 2)
        x += __shfl_xor_sync(0xffffffffu, x, d);
    return x;
}

/* The scores of 32 keys, one a lane: -infinity where there is none.  q: the position's, scaled. */
template <typename T, int DIM>
static __device__ __forceinline__ float score(const float *q, const T *k, int64_t key, int kv_len,
                                              uint32_t bits)
{
    const int lane = threadIdx.x % LANES;
    float sum = 0;

    if (key + lane >= kv_len || !(bits >> lane & 1))
        return -INFINITY;
    k += (key + lane) * DIM;
#pragma unroll 16
    for (int d = 0; d < DIM; d++)
        sum = fmaf(q[d], widen(k[d]), sum);
    return sum;
}

/* What a position has seen: m the greatest score, l the lane's part of the sum of weights. */
template <int DIM> struct seen {
    float m, l, o[DIM / LANES];
};

template <typename T, int DIM>
static __device__ void see(struct seen<DIM> *s, const float *q, const T *k, const T *v, int64_t key,
                           int kv_len, const uint32_t *mask)
{
    const int lane = threadIdx.x % LANES;
    float p[GROUPS], m = s->m, base, before;

#pragma unroll
    for (int g = 0; g < GROUPS; g++) {
        p[g] = score<T, DIM>(q, k, key + g * LANES, kv_len, mask ? mask[g] : 0xffffffffu);
        m = fmaxf(m, warp_max(p[g]));
    }
    base = m == -INFINITY ? 0 : m; /* nothing seen yet: -inf - -inf is NaN */
    before = expf(s->m - base);
    s->m = m;
    s->l *= before;
#pragma unroll
    for (int i = 0; i < DIM / LANES; i++)
        s->o[i] *= before;
#pragma unroll
    for (int g = 0; g < GROUPS; g++) {
        const int64_t first = key + g * LANES;
        const int n = kv_len - first < LANES ? (int)(kv_len - first) : LANES;

        p[g] = expf(p[g] - base);
        s->l += p[g];
        p[g] = rounded<T>(p[g]);
        for (int j = 0; j < n; j++) {
            const float weight = __shfl_sync(0xffffffffu, p[g], j);

#pragma unroll
            for (int i = 0; i < DIM / LANES; i++)
                s->o[i] = fmaf(weight, widen(v[(first + j) * DIM + i * LANES + lane]), s->o[i]);
        }
    }
}

template <typename T, int DIM>
static __global__ void __launch_bounds__(WARPS *LANES)
    sparse_simple_kernel(const struct sparse_device p, const struct sparse_args a)
{
    __shared__ float scaled[WARPS][DIM];
    const int warp = threadIdx.x / LANES, lane = threadIdx.x % LANES;
    const int list = blockIdx.x / (SPARSE_BLOCK / WARPS);
    const int i = blockIdx.x % (SPARSE_BLOCK / WARPS) * WARPS + warp; /* of the block row */
    const int head = list / p.rows, row = list % p.rows * SPARSE_BLOCK + i;
    const int64_t at = (int64_t)head * p.q_len + row;
    const T *k = (const T *)a.k + (int64_t)head * p.kv_len * DIM;
    const T *v = (const T *)a.v + (int64_t)head * p.kv_len * DIM;
    struct seen<DIM> s = {
        - INFINITY, 0, { 0 }
    };

    if (row >= p.q_len)
        return;
    for (int d = lane; d < DIM; d += LANES)
        scaled[warp][d] = a.scale * widen(((const T *)a.q)[at * DIM + d]);
    __syncwarp(); /* every lane reads what the others of its warp wrote */
    for (int b = p.row_ptr[list]; b < p.row_ptr[list + 1]; b++) {
        const int which = p.mask ? p.mask[b] : -1;
        const uint32_t *mask =
            which < 0 ? NULL : p.masks + (int64_t)which * SPARSE_MASK_WORDS + i * SPARSE_MASK_ROW;

        see<T, DIM>(&s, scaled[warp], k, v, (int64_t)p.col[b] * SPARSE_BLOCK, p.kv_len, mask);
    }
    s.l = warp_sum(s.l);
#pragma unroll
    for (int d = 0; d < DIM / LANES; d++)
        narrow(s.l == 0 ? 0 : s.o[d] / s.l, (T *)a.o + at * DIM + d * LANES + lane);
    if (a.lse && lane == 0)
        a.lse[at] = s.l == 0 ? -INFINITY : s.m + logf(s.l);
}

template <typename T, int DIM>
static void launch(const struct sparse_device *p, const struct sparse_args *a, cudaStream_t s)
{
    const unsigned grid = (unsigned)p->lists * (SPARSE_BLOCK / WARPS);

    sparse_simple_kernel<T, DIM><<<grid, WARPS * LANES, 0, s>>>(*p, *a);
}

int sparse_simple(const struct sparse_device *d, const struct sparse_args *a, gpu_stream s,
                  struct err *e)
{
    if (d->lists == 0)
        return 0;
    if ((a->dim != 64 && a->dim != 128) || (a->dtype != DTYPE_F16 && a->dtype != DTYPE_BF16))
        return ERR(e, ERR_NOTSUP, "the simple variant has no heads of %d values of that type",
                   a->dim);
    if (d->lists > INT32_MAX / (SPARSE_BLOCK / WARPS))
        return ERR(e, ERR_NOTSUP, "%d lists are more than a grid holds", d->lists);
    if (a->dtype == DTYPE_F16 && a->dim == 64)
        launch<__half, 64>(d, a, s);
    else if (a->dtype == DTYPE_F16)
        launch<__half, 128>(d, a, s);
    else if (a->dim == 64)
        launch<__nv_bfloat16, 64>(d, a, s);
    else
        launch<__nv_bfloat16, 128>(d, a, s);
    return gpu_try_launched(cudaGetLastError(), "sparse_simple_kernel", e);
}
