/* gemm_data.cu - factors made on the GPU, and the check of products there. */
#include "silicon/compute/gemm_data.h"

#include <cuda_runtime.h>
#include <math_constants.h>

#include "silicon/compute/loop_gpu_factor.cuh"

enum { THREADS = 256, LANES = 32, SAMPLES_OF_A_LINE = 4 };

/* Blocks for n threads' work; each takes more where that is many. */
static unsigned blocks_for(size_t n)
{
    const size_t most = 4096, blocks = (n + THREADS - 1) / THREADS;

    return (unsigned)(blocks < most ? blocks : most);
}

size_t gemm_data_bytes(enum gpu_type type, size_t n)
{
    static const size_t bits[GPU_TYPES] = { 64, 32, 16, 8, 32, 16, 8, 4 };

    return n * bits[type] / 8;
}

size_t gemm_data_out_bytes(enum gemm_data_out type, size_t n)
{
    return type == GEMM_OUT_FP64                            ? 8 * n
           : type >= GEMM_OUT_BF16 && type <= GEMM_OUT_FP16 ? 2 * n
                                                            : 4 * n;
}

enum gemm_data_out gemm_data_out_of(enum gpu_type type)
{
    switch (type) {
    case GPU_FP64: return GEMM_OUT_FP64;
    case GPU_FP32:
    case GPU_TF32: return GEMM_OUT_FP32;
    case GPU_FP16: return GEMM_OUT_FP16;
    case GPU_INT8: return GEMM_OUT_INT32;
    default: return GEMM_OUT_BF16;
    }
}

/* Any order of 2^15 products: 2^15 x 7 x 7 < 2^24; FP8 sums of 9.0 keep 14 bits, and 2^15 products
 * of 1 or 2 with random signs stay below 2^13 (18 standard deviations). */
int gemm_data_max(enum gpu_type type)
{
    return type == GPU_FP64 ? 1000 : type == GPU_INT8 ? 127 : type >= GPU_FP8 ? 2 : 7;
}

static __host__ __device__ int whole(unsigned seed, int which, uint64_t at, int max)
{
    return loop_gpu_whole(loop_gpu_hash(seed, (unsigned)which, (unsigned)at), max);
}

int gemm_data_whole(uint64_t seed, int which, uint64_t at, enum gpu_type type)
{
    return whole((unsigned)seed, which, at, gemm_data_max(type));
}

/* FP16 and FP8 of a float in [-1, 1], to the nearest, ties to even. */
template <int BIAS, int FRACTION> static __device__ unsigned narrowed(float x)
{
    unsigned bits = __float_as_uint(x), sign = bits >> 31 << (FRACTION + (BIAS == 15 ? 5 : 4));
    int exponent = (int)(bits >> 23 & 255) - 127, drop = 23 - FRACTION;
    unsigned fraction = (bits & 0x7fffff) | 0x800000, half;

    if (exponent < 1 - BIAS) {
        drop += 1 - BIAS - exponent;
        exponent = -BIAS; /* subnormal: no hidden bit */
    }
    if (drop > 24)
        return sign;
    half = (1u << (drop - 1)) - 1 + (fraction >> drop & 1);
    fraction = (fraction + half) >> drop;
    if (exponent == -BIAS)
        return sign | fraction;
    return sign | (((unsigned)(exponent + BIAS) << FRACTION) + fraction - (1u << FRACTION));
}

static __device__ unsigned bf16_of(float x)
{
    unsigned bits = __float_as_uint(x);

    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

/* One element as the low bits. */
template <enum gpu_type T>
static __device__ unsigned element(enum gemm_data_kind kind, unsigned seed, int which, uint64_t at,
                                   int max)
{
    unsigned hash = loop_gpu_hash(seed, (unsigned)which, (unsigned)at);
    float x = (float)(int)(hash >> 8) * (1.0f / 8388608.0f) - 1.0f;

    if (kind == GEMM_ZEROS)
        return 0;
    if (kind == GEMM_WHOLE)
        return factor_bits<T>(whole(seed, which, at, max));
    if (T == GPU_TF32 || T == GPU_FP32)
        return __float_as_uint(x);
    if (T == GPU_BF16)
        return bf16_of(x);
    if (T == GPU_FP16)
        return narrowed<15, 10>(x);
    if (T == GPU_FP8)
        return narrowed<7, 3>(x);
    if (T == GPU_FP4)
        return hash >> 28;
    return (unsigned)((int)((hash >> 16) * 255 >> 16) - 127) & 255;
}

/* Words of 32 bits (FP64: one element a step). */
template <enum gpu_type T>
static __global__ void __launch_bounds__(THREADS)
    fill_kernel(void *d, enum gemm_data_kind kind, unsigned seed, int which, size_t n, int max)
{
    constexpr int E = T == GPU_FP64 ? 1 : 32 / factor_width<T>();

    for (size_t w = (size_t)blockIdx.x * THREADS + threadIdx.x; w < n / E;
         w += (size_t)gridDim.x * THREADS) {
        unsigned bits = 0;

        if constexpr (T == GPU_FP64) {
            double x = kind == GEMM_WHOLE ? whole(seed, which, w, max)
                                          : loop_gpu_double(seed, which, (int)w);

            ((double *)d)[w] = kind == GEMM_ZEROS ? 0 : x;
        } else {
            for (int e = 0; e < E; e++)
                bits |= element<T>(kind, seed, which, w * E + e, max)
                        << (e * factor_width<T>() % 32);
            ((unsigned *)d)[w] = bits;
        }
    }
}

template <enum gpu_type T>
static void fill(void *d, enum gemm_data_kind kind, uint64_t seed, int which, size_t n,
                 cudaStream_t stream)
{
    fill_kernel<T><<<blocks_for(n), THREADS, 0, stream>>>(d, kind, (unsigned)seed, which, n,
                                                          gemm_data_max(T));
}

int gemm_data_fill(void *d, enum gpu_type type, enum gemm_data_kind kind, uint64_t seed, int which,
                   size_t n, gpu_stream stream, struct err *e)
{
    switch (type) {
    case GPU_FP64: fill<GPU_FP64>(d, kind, seed, which, n, stream); break;
    case GPU_FP32:
    case GPU_TF32: fill<GPU_TF32>(d, kind, seed, which, n, stream); break;
    case GPU_BF16: fill<GPU_BF16>(d, kind, seed, which, n, stream); break;
    case GPU_FP16: fill<GPU_FP16>(d, kind, seed, which, n, stream); break;
    case GPU_FP8: fill<GPU_FP8>(d, kind, seed, which, n, stream); break;
    case GPU_FP4: fill<GPU_FP4>(d, kind, seed, which, n, stream); break;
    default: fill<GPU_INT8>(d, kind, seed, which, n, stream); break;
    }
    return gpu_try_launched(cudaGetLastError(), "fill kernel", e);
}

/* A float of `bits` with this bias and fraction; no infinities (the factors are finite). */
static __device__ double widened(unsigned bits, int width, int bias, int fraction)
{
    unsigned exponent = bits >> fraction & ((1u << (width - 1 - fraction)) - 1);
    double value = (double)(bits & ((1u << fraction) - 1)) / (double)(1 << fraction);

    value = exponent ? ldexp(1 + value, (int)exponent - bias) : ldexp(value, 1 - bias);
    return bits >> (width - 1) & 1 ? -value : value;
}

static __device__ double factor_at(const void *d, enum gpu_type type, int64_t at)
{
    switch (type) {
    case GPU_FP64: return ((const double *)d)[at];
    case GPU_FP32:
    case GPU_TF32: return (double)((const float *)d)[at];
    case GPU_BF16: return (double)__uint_as_float((unsigned)((const unsigned short *)d)[at] << 16);
    case GPU_FP16: return widened(((const unsigned short *)d)[at], 16, 15, 10);
    case GPU_FP8: return widened(((const unsigned char *)d)[at], 8, 7, 3);
    case GPU_FP4: return widened(((const unsigned char *)d)[at / 2] >> at % 2 * 4 & 15, 4, 1, 1);
    default: return (double)((const signed char *)d)[at];
    }
}

/* The element, and half a unit in its last place relative to its value. */
static __device__ double out_at(const void *d, enum gemm_data_out type, int64_t at, double *unit)
{
    unsigned bits;

    *unit = 0;
    switch (type) {
    case GEMM_OUT_FP64: return ((const double *)d)[at];
    case GEMM_OUT_FP32: return (double)((const float *)d)[at];
    case GEMM_OUT_INT32: return (double)((const int *)d)[at];
    case GEMM_OUT_BF16:
        *unit = 1.0 / 256;
        return (double)__uint_as_float((unsigned)((const unsigned short *)d)[at] << 16);
    default:
        *unit = 1.0 / 2048;
        bits = ((const unsigned short *)d)[at];
        return (bits >> 10 & 31) == 31 ? CUDART_NAN : widened(bits, 16, 15, 10);
    }
}

/* Sample s: of every row, then of every column; the other place by hash. */
static __device__ void place_of(const struct gemm_data_product *p, int64_t s, int64_t *i,
                                int64_t *j)
{
    unsigned hash = loop_gpu_hash((unsigned)p->seed, 77, (unsigned)s);

    if (s < SAMPLES_OF_A_LINE * p->m) {
        *i = s % p->m;
        *j = hash % p->n;
    } else {
        *j = (s - SAMPLES_OF_A_LINE * p->m) % p->n;
        *i = hash % p->m;
    }
}

static __global__ void __launch_bounds__(THREADS)
    check_kernel(const struct gemm_data_product p, enum gemm_data_out out,
                 struct gemm_data_found *found)
{
    const int64_t samples = SAMPLES_OF_A_LINE * (p.m + p.n);
    const int lane = threadIdx.x % LANES;

    for (int64_t s = ((int64_t)blockIdx.x * THREADS + threadIdx.x) / LANES; s < samples;
         s += (int64_t)gridDim.x * THREADS / LANES) {
        double sum = 0, size = 0, got, unit, error, relative;
        int64_t i, j;

        place_of(&p, s, &i, &j);
        for (int64_t k = lane; k < p.k; k += LANES) {
            double product = factor_at(p.d_a, p.type, i * p.a_stride + k * p.a_k_stride) *
                             factor_at(p.d_b, p.type, j * p.b_stride + k * p.b_k_stride);

            sum += product;
            size += fabs(product);
        }
        for (int d = LANES / 2; d > 0; d /= 2) {
            sum += __shfl_xor_sync(0xffffffffu, sum, d);
            size += __shfl_xor_sync(0xffffffffu, size, d);
        }
        if (lane != 0)
            continue;
        got = out_at(p.d_out, out, j * p.m + i, &unit);
        error = fabs(got - sum);
        relative = error <= 0 ? 0 : error / size;
        if (!(error <= unit * fabs(sum)))
            atomicAdd(&found->wrong, 1ull);
        if (!(relative <= CUDART_INF)) /* NaN */
            relative = CUDART_INF;
        /* The bits of floats that are not negative are ordered as the floats are. */
        atomicMax((int *)&found->worst, __float_as_int((float)relative));
    }
}

/* Words of 32 bits; m * n is even. */
static __global__ void __launch_bounds__(THREADS)
    mark_kernel(const unsigned *words, size_t n, struct gemm_data_found *found)
{
    unsigned long long mark = 0;

    for (size_t w = (size_t)blockIdx.x * THREADS + threadIdx.x; w < n;
         w += (size_t)gridDim.x * THREADS)
        mark += (unsigned long long)words[w] * (2 * w + 1);
    for (int d = LANES / 2; d > 0; d /= 2)
        mark += __shfl_xor_sync(0xffffffffu, mark, d);
    if (threadIdx.x % LANES == 0)
        atomicAdd(&found->mark, mark);
}

int gemm_data_check(const struct gemm_data_product *p, struct gemm_data_found *d_found,
                    gpu_stream stream, struct err *e)
{
    const size_t samples = SAMPLES_OF_A_LINE * (size_t)(p->m + p->n);
    const size_t words = gemm_data_out_bytes(gemm_data_out_of(p->type), (size_t)(p->m * p->n)) / 4;

    check_kernel<<<blocks_for(samples * LANES), THREADS, 0, stream>>>(*p, gemm_data_out_of(p->type),
                                                                      d_found);
    mark_kernel<<<blocks_for(words), THREADS, 0, stream>>>((const unsigned *)p->d_out, words,
                                                           d_found);
    return gpu_try_launched(cudaGetLastError(), "check kernel", e);
}
