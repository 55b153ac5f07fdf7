/* gemv_cuda_float.cu - y = W x on a GPU for F32, F16 and BF16: products and sums in F32.
 *
 * Roofline  2 operations a weight of 2 or 4 bytes: memory bound up to 8 vectors.  Of x every unit
 *           needs twice (F16) or once (F32) its own bytes, from the L1. */
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "kernels/gemv/gemv_cuda.cuh"

/* EACH values of a vector, 0 behind its end. */
template <int EACH> struct floats {
    float v[EACH];
};

template <int EACH>
static __device__ __forceinline__ struct floats<EACH> floats_of(const struct gemv_x *x, int block) {
    const int at = block * EACH;
    struct floats<EACH> in;

#pragma unroll
    for (int i = 0; i < EACH; i += 4) {
        float4 v = make_float4(0, 0, 0, 0);

        if (at + i + 4 <= x->cols) {
            v = *(const float4 *)(x->x + at + i);
        } else {
            v.x = at + i < x->cols ? x->x[at + i] : 0;
            v.y = at + i + 1 < x->cols ? x->x[at + i + 1] : 0;
            v.z = at + i + 2 < x->cols ? x->x[at + i + 2] : 0;
        }
        in.v[i] = v.x, in.v[i + 1] = v.y, in.v[i + 2] = v.z, in.v[i + 3] = v.w;
    }
    return in;
}

struct words {
    uint4 w;
};

struct f32 {
    enum { UNITS = 1, ROWS = 2, EACH = 4 };
    typedef struct words unit;
    typedef struct floats<EACH> input;

    static __device__ __forceinline__ unit load(const struct gemv_w *w, int block, int)
    {
        return { ptx_load_once(w->plane[0] + (size_t)block * 16) };
    }
    static __device__ __forceinline__ input input_of(const struct gemv_x *x, int block, int)
    {
        return floats_of<EACH>(x, block);
    }
    static __device__ __forceinline__ float multiply(const unit &u, int, const input &in, float sum)
    {
        sum = fmaf(__uint_as_float(u.w.x), in.v[0], sum);
        sum = fmaf(__uint_as_float(u.w.y), in.v[1], sum);
        sum = fmaf(__uint_as_float(u.w.z), in.v[2], sum);
        return fmaf(__uint_as_float(u.w.w), in.v[3], sum);
    }
};

static __device__ __forceinline__ float2 pair_f16(unsigned bits)
{
    return __half22float2(*(const __half2 *)&bits);
}

/* The upper half of a float each. */
static __device__ __forceinline__ float2 pair_bf16(unsigned bits)
{
    return make_float2(__uint_as_float(bits << 16), __uint_as_float(bits & 0xffff0000u));
}

template <float2 (*PAIR)(unsigned)> struct narrow {
    enum { UNITS = 1, ROWS = 2, EACH = 8 };
    typedef struct words unit;
    typedef struct floats<EACH> input;

    static __device__ __forceinline__ unit load(const struct gemv_w *w, int block, int)
    {
        return { ptx_load_once(w->plane[0] + (size_t)block * 16) };
    }
    static __device__ __forceinline__ input input_of(const struct gemv_x *x, int block, int)
    {
        return floats_of<EACH>(x, block);
    }
    static __device__ __forceinline__ float multiply(const unit &u, int, const input &in, float sum)
    {
        const unsigned w[4] = { u.w.x, u.w.y, u.w.z, u.w.w };

#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float2 p = PAIR(w[i]);

            sum = fmaf(p.x, in.v[2 * i], sum);
            sum = fmaf(p.y, in.v[2 * i + 1], sum);
        }
        return sum;
    }
};

int gemv_cuda_f32(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return gemv_launch<f32>(j, early, s, e);
}

int gemv_cuda_f16(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return gemv_launch<narrow<pair_f16>>(j, early, s, e);
}

int gemv_cuda_bf16(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return gemv_launch<narrow<pair_bf16>>(j, early, s, e);
}
