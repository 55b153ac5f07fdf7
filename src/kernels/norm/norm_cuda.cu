/* norm_cuda.cu - RMSNorm and LayerNorm of rows, alone or with what stands before and after them.
 *
 * Roofline  reads x (and add) and writes y (and the sum, and q) once; a few operations a value, so
 *           the memory binds.  To keep it busy a multiprocessor must have some 30 KB on their way:
 *           a thread asks for all of its part of the row before it uses any.
 * Variants  warp   a warp a row, up to 8 vectors of 16 bytes a lane in registers
 *           block  a block a row: 256 threads with up to 4 vectors, 512 with up to 8
 *           Longer rows are read again, from the L2, for every pass over them. */
#include "kernels/norm/norm_gpu.h"

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "kernels/vector/row_gpu.cuh"

enum { THREADS = 256, THREADS_MOST = 512 };

/* 127 / m is finite from here on. */
static constexpr float LEAST = 0x1p-120f;

/* The stretch of a row that begins at vector `at`: s = x, or x + add, which is stored; or, once it
 * has been, read again. */
template <typename T, int N>
static __device__ __forceinline__ void take(uint4 (&raw)[N], const struct norm_gpu_args &a,
                                            size_t row, struct row_stretch s, bool again)
{
    constexpr int V = row_values<T>;
    T *sum = (T *)a.sum + row * a.sum_stride;
    uint4 add[N];

    if (a.add && again) {
        row_read(raw, (const T *)sum, s);
        return;
    }
    row_read(raw, (const T *)a.x + row * a.x_stride, s);
    if (!a.add)
        return;
    row_read(add, (const T *)a.add + row * a.add_stride, s);
#pragma unroll
    for (int i = 0; i < N; i++) {
        float f[V], g[V];

        row_unpack(raw[i], f, (const T *)0);
        row_unpack(add[i], g, (const T *)0);
#pragma unroll
        for (int k = 0; k < V; k++)
            f[k] += g[k];
        raw[i] = row_pack(f, (const T *)0);
        row_write(sum, s, i, raw[i]);
    }
}

/* Sum of (s - mean)^2, or where `square` is not of s, over a thread's part of a stretch. */
template <typename T, int N>
static __device__ __forceinline__ float add_up(const uint4 (&raw)[N], struct row_stretch s,
                                               float mean, bool square)
{
    constexpr int V = row_values<T>;
    float sum = 0;

#pragma unroll
    for (int i = 0; i < N; i++) {
        const unsigned at = row_value<T>(s, i), left = at < s.n ? s.n - at : 0;
        float f[V];

        row_unpack(raw[i], f, (const T *)0);
#pragma unroll
        for (int k = 0; k < V; k++) {
            const float d = k < left ? f[k] - mean : 0; /* past the end of the row */

            sum += square ? d * d : d;
        }
    }
    return sum;
}

/* What a thread knows of its row. */
struct row_norm {
    size_t row;
    float mean, factor;
};

/* norm(s) of vector i of a stretch; 0 past the row's end. */
template <typename T, bool LAYER>
static __device__ __forceinline__ void norm_of(float (&f)[row_values<T>], uint4 raw,
                                               const struct norm_gpu_args &a, struct row_norm r,
                                               struct row_stretch s, int i)
{
    constexpr int V = row_values<T>;
    float g[V], b[V];

    row_unpack(raw, f, (const T *)0);
    row_weights(g, a.g, s.n, row_value<T>(s, i), s.whole);
    if (LAYER)
        row_weights(b, a.b, s.n, row_value<T>(s, i), s.whole);
#pragma unroll
    for (int k = 0; k < V; k++)
        f[k] = LAYER ? (f[k] - r.mean) * r.factor * g[k] + b[k] : f[k] * r.factor * g[k];
}

/* Store y of a stretch; the largest |norm(s)| joined with `most`. */
template <typename T, int N, bool LAYER>
static __device__ __forceinline__ float store(const uint4 (&raw)[N], const struct norm_gpu_args &a,
                                              struct row_norm r, struct row_stretch s, float most)
{
    constexpr int V = row_values<T>;

#pragma unroll
    for (int i = 0; i < N; i++) {
        float f[V];

        norm_of<T, LAYER>(f, raw[i], a, r, s, i);
        if (a.y)
            row_write((T *)a.y + r.row * a.y_stride, s, i, row_pack(f, (const T *)0));
        if (!LAYER && a.q)
#pragma unroll
            for (int k = 0; k < V; k++)
                most = row_two<ROW_MOST>(fabsf(f[k]), most);
    }
    return most;
}

/* Its 8-bit codes, of V values in V / 4 words. */
template <typename T, int N>
static __device__ __forceinline__ void store_codes(const uint4 (&raw)[N],
                                                   const struct norm_gpu_args &a, struct row_norm r,
                                                   struct row_stretch s, float inverse)
{
    constexpr int V = row_values<T>;
    int8_t *q = a.q + r.row * a.n;

#pragma unroll
    for (int i = 0; i < N; i++) {
        const unsigned at = row_value<T>(s, i);
        unsigned words[V / 4] = { 0 };
        float f[V];

        norm_of<T, false>(f, raw[i], a, r, s, i);
#pragma unroll
        for (int k = 0; k < V; k++) /* of NaN it is 0 */
            words[k / 4] |= ((unsigned)__float2int_rn(f[k] * inverse) & 0xff) << 8 * (k % 4);
#pragma unroll
        for (int k = 0; k < V; k++)
            if (s.whole && at < s.n && k % 4 == 0)
                *(unsigned *)(q + at + k) = words[k / 4];
            else if (!s.whole && at + k < s.n)
                q[at + k] = (int8_t)(words[k / 4] >> 8 * (k % 4));
    }
}

/* The row's codes and their scale; raw: what is kept of it. */
template <typename T, int TEAM, int N, bool KEPT>
static __device__ __forceinline__ void quantise(uint4 (&raw)[N], const struct norm_gpu_args &a,
                                                struct row_norm r, struct row_stretch s, float most)
{
    const float inverse = most < LEAST || !isfinite(most) ? 0 : 127 / most;
    const unsigned first = threadIdx.x % TEAM, vectors = (unsigned)a.n / row_values<T> + 1;

    if (first == 0)
        a.q_scale[r.row] = most < LEAST ? 0 : isfinite(most) ? most / 127 : nanf("");
    for (s.first = first; s.first - first < vectors; s.first += TEAM * N) {
        if (!KEPT)
            take<T>(raw, a, r.row, s, true);
        store_codes<T>(raw, a, r, s, inverse);
        if (KEPT)
            break;
    }
}

/* A row on TEAM threads (a warp, or the block) with N vectors each; KEPT: that is all of it, and it
 * stays in registers. */
template <typename T, int TEAM, int N, bool KEPT, bool LAYER>
static __global__ void __launch_bounds__(TEAM == ROW_LANES ? (int)THREADS : TEAM)
    norm_kernel(const struct norm_gpu_args a, bool whole)
{
    constexpr unsigned ROWS = TEAM == ROW_LANES ? THREADS / ROW_LANES : 1;
    const unsigned first = threadIdx.x % TEAM, vectors = (unsigned)a.n / row_values<T> + 1;
    struct row_norm r = { (size_t)blockIdx.x * ROWS + threadIdx.x / TEAM, 0, 0 };
    struct row_stretch s = { (unsigned)a.n, first, TEAM, whole };
    __shared__ float parts[3][ROW_WARPS];
    float sum = 0, most = 0;
    uint4 raw[N];

    if (r.row >= a.rows) /* a whole warp, of a kernel without barriers */
        return;
    /* In every loop here all threads of a team go round as often. */
    for (s.first = first; s.first - first < vectors; s.first += TEAM * N) {
        take<T>(raw, a, r.row, s, false);
        sum += add_up<T>(raw, s, 0, !LAYER);
        if (KEPT)
            break;
    }
    sum = row_join<ROW_SUM, TEAM>(sum, parts[0]);
    if (LAYER) {
        r.mean = sum / (float)a.n;
        sum = 0;
        for (s.first = first; s.first - first < vectors; s.first += TEAM * N) {
            if (!KEPT)
                take<T>(raw, a, r.row, s, true);
            sum += add_up<T>(raw, s, r.mean, true);
            if (KEPT)
                break;
        }
        sum = row_join<ROW_SUM, TEAM>(sum, parts[1]);
    }
    /* Infinity would hide itself: 1 / sqrt(infinity) is 0. */
    r.factor = isfinite(sum) ? 1.0f / sqrtf(sum / (float)a.n + a.eps) : nanf("");
    for (s.first = first; s.first - first < vectors; s.first += TEAM * N) {
        if (!KEPT)
            take<T>(raw, a, r.row, s, true);
        most = store<T, N, LAYER>(raw, a, r, s, most);
        if (KEPT)
            break;
    }
    if (!LAYER && a.q)
        quantise<T, TEAM, N, KEPT>(raw, a, r, s, row_join<ROW_MOST, TEAM>(most, parts[2]));
}

template <typename T, int TEAM, int N, bool KEPT>
static int launch(const struct norm_gpu_args *a, bool whole, gpu_stream s, struct err *e)
{
    constexpr unsigned ROWS = TEAM == ROW_LANES ? THREADS / ROW_LANES : 1;
    constexpr int BLOCK = TEAM == ROW_LANES ? (int)THREADS : TEAM;
    const unsigned grid = (unsigned)((a->rows + ROWS - 1) / ROWS);

    if (a->kind == NORM_LAYER)
        norm_kernel<T, TEAM, N, KEPT, true><<<grid, BLOCK, 0, s>>>(*a, whole);
    else
        norm_kernel<T, TEAM, N, KEPT, false><<<grid, BLOCK, 0, s>>>(*a, whole);
    return gpu_try_launched(cudaGetLastError(), "norm kernel", e);
}

template <typename T>
static int launch_warp(const struct norm_gpu_args *a, bool whole, gpu_stream s, struct err *e)
{
    const size_t vectors = (a->n + row_values<T> - 1) / row_values<T>;

    if (vectors <= ROW_LANES * 2)
        return launch<T, ROW_LANES, 2, true>(a, whole, s, e);
    if (vectors <= ROW_LANES * 4)
        return launch<T, ROW_LANES, 4, true>(a, whole, s, e);
    if (vectors <= ROW_LANES * 8)
        return launch<T, ROW_LANES, 8, true>(a, whole, s, e);
    return launch<T, ROW_LANES, 8, false>(a, whole, s, e);
}

template <typename T>
static int launch_block(const struct norm_gpu_args *a, bool whole, gpu_stream s, struct err *e)
{
    const size_t vectors = (a->n + row_values<T> - 1) / row_values<T>;

    if (vectors <= THREADS * 2)
        return launch<T, THREADS, 2, true>(a, whole, s, e);
    if (vectors <= THREADS * 4)
        return launch<T, THREADS, 4, true>(a, whole, s, e);
    if (vectors <= THREADS_MOST * 4)
        return launch<T, THREADS_MOST, 4, true>(a, whole, s, e);
    if (vectors <= THREADS_MOST * 8)
        return launch<T, THREADS_MOST, 8, true>(a, whole, s, e);
    return launch<T, THREADS_MOST, 8, false>(a, whole, s, e);
}

int norm_cuda_warp(const struct norm_gpu_args *a, gpu_stream s, struct err *e)
{
    bool whole;
    int rc = norm_gpu_check(a, &whole, e);

    if (rc < 0)
        return rc;
    if (a->dtype == DTYPE_F32)
        return launch_warp<float>(a, whole, s, e);
    return a->dtype == DTYPE_F16 ? launch_warp<__half>(a, whole, s, e)
                                 : launch_warp<__nv_bfloat16>(a, whole, s, e);
}

int norm_cuda_block(const struct norm_gpu_args *a, gpu_stream s, struct err *e)
{
    bool whole;
    int rc = norm_gpu_check(a, &whole, e);

    if (rc < 0)
        return rc;
    if (a->dtype == DTYPE_F32)
        return launch_block<float>(a, whole, s, e);
    return a->dtype == DTYPE_F16 ? launch_block<__half>(a, whole, s, e)
                                 : launch_block<__nv_bfloat16>(a, whole, s, e);
}
