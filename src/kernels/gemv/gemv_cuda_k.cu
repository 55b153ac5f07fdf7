/* gemv_cuda_k.cu - y = W x on a GPU for Q4_K, Q5_K and Q6_K, by dp4a.
 *
 * Layout    a block of 256 values is 8 units: unit c has 16 bytes of halves, whose low and high
 *           ones are 16 values of two groups each (dtype_k.c).  The scales of a block are read by
 *           its 8 lanes together. */
#include "kernels/dtype/act_cuda.cuh"
#include "kernels/gemv/gemv_codes.cuh"
#include "kernels/gemv/gemv_stream.cuh"

enum { BLOCK = 256, SUM = 16 };

/* 16 values at `at` of a block, and 16 more, `apart` behind them. */
struct input_k {
    struct gemv_codes16 low, high;
    int low_sum, high_sum;
    float d;
};

static __device__ __forceinline__ struct input_k input_k_of(const struct gemv_x *x, int block,
                                                            int at, int apart)
{
    const int8_t *q = x->q + block * BLOCK + at;
    const int16_t *sum = x->sum + (block * BLOCK + at) / SUM;

    return { gemv_codes_at(q), gemv_codes_at(q + apart), sum[0], sum[apart / SUM], x->d[block] };
}

/* The same out of floats: eight lanes side by side have a block's 256 values, or none has any. */
static __device__ __forceinline__ struct input_k input_k_from(const struct gemv_x *x, int block,
                                                              int at, int apart, bool mine)
{
    const float *p = x->x + block * BLOCK + at;
    float low[16] = { 0 }, high[16] = { 0 };
    struct act_cuda_scale s;
    struct input_k in;

    if (mine) {
        act_cuda_load16(p, low);
        act_cuda_load16(p + apart, high);
    }
    s = act_cuda_scale_of(act_cuda_max_of(max(act_cuda_max16(low), act_cuda_max16(high)), 8));
    act_cuda_codes16(low, s.inverse, in.low.v, &in.low_sum);
    act_cuda_codes16(high, s.inverse, in.high.v, &in.high_sum);
    in.d = s.d;
    return in;
}

/* The scale (shift 0) or minimum (4) of a group: from the fourth on its bits are in two places. */
static __device__ __forceinline__ int six_bits(unsigned first, unsigned last, int group, int shift)
{
    const int at = 8 * (group % 4);

    return group < 4 ? (int)(first >> at & 63)
                     : (int)((last >> (at + shift) & 15) | (first >> at & 0xc0) >> 2);
}

/* FIFTH: Q5_K, else Q4_K. */
template <bool FIFTH> struct offset_k {
    enum { UNITS = 8, ROWS = 2, STREAM_FROM = 32, STREAM_ROWS = 2 };
    struct unit {
        uint4 codes, fifth;
        uint4 head; /* d and dmin, then 12 bytes of scales and minima */
    };
    typedef struct input_k input;

    static __device__ __forceinline__ unit load(const struct gemv_w *w, int block, int part)
    {
        unit u;

        u.codes = ptx_load_once(w->plane[0] + (size_t)block * 128 + part * 16);
        if (FIFTH)
            u.fifth = *(const uint4 *)(w->plane[1] + (size_t)block * 32 + part % 2 * 16);
        u.head = *(const uint4 *)(w->plane[FIFTH ? 2 : 1] + (size_t)block * 16);
        return u;
    }
    static __device__ __forceinline__ input input_of(const struct gemv_x *x, int block, int part)
    {
        return input_k_of(x, block, part / 2 * 64 + part % 2 * 16, 32);
    }
    static __device__ __forceinline__ input input_from(const struct gemv_x *x, int block, int part,
                                                       bool mine)
    {
        return input_k_from(x, block, part / 2 * 64 + part % 2 * 16, 32, mine);
    }
    static __device__ __forceinline__ float multiply(const unit &u, int part, const input &in,
                                                     float sum)
    {
        struct gemv_codes16 low = gemv_bits(u.codes, 0, 0x0f0f0f0fu);
        struct gemv_codes16 high = gemv_bits(u.codes, 4, 0x0f0f0f0fu);
        const float2 d = gemv_f16_pair((const uint8_t *)&u.head.x);
        const int group = part / 2 * 2;
        int dot, min;

        if (FIFTH) {
            const struct gemv_codes16 a = gemv_bits(u.fifth, group, 0x01010101u);
            const struct gemv_codes16 b = gemv_bits(u.fifth, group + 1, 0x01010101u);

#pragma unroll
            for (int i = 0; i < 4; i++) {
                low.v[i] |= a.v[i] << 4;
                high.v[i] |= b.v[i] << 4;
            }
        }
        dot = six_bits(u.head.y, u.head.w, group, 0) * gemv_dot(low, in.low, 0) +
              six_bits(u.head.y, u.head.w, group + 1, 0) * gemv_dot(high, in.high, 0);
        min = six_bits(u.head.z, u.head.w, group, 4) * in.low_sum +
              six_bits(u.head.z, u.head.w, group + 1, 4) * in.high_sum;
        sum = fmaf(d.x, in.d * (float)dot, sum);
        return fmaf(-d.y, in.d * (float)min, sum);
    }
};

/* Of 128 values: quarters 0 and 1 in the low halves of 64 bytes, 2 and 3 in the high ones. */
struct q6_k {
    enum { UNITS = 8, ROWS = 2, STREAM_FROM = 32, STREAM_ROWS = 2, ZERO = 32 };
    struct unit {
        uint4 codes, upper;
        int scale[2];
        float d;
    };
    typedef struct input_k input;

    static __device__ __forceinline__ unit load(const struct gemv_w *w, int block, int part)
    {
        const int half = part / 4, quarter = part / 2 % 2, sixteen = part % 2;
        const int8_t *scale = (const int8_t *)w->plane[2] + (size_t)block * 16 + 8 * half;

        return { ptx_load_once(w->plane[0] + (size_t)block * 128 + part * 16),
                 *(const uint4 *)(w->plane[1] + (size_t)block * 64 + 32 * half + 16 * sixteen),
                 { scale[2 * quarter + sixteen], scale[2 * quarter + 4 + sixteen] },
                 gemv_f16(w->plane[3] + (size_t)block * 2) };
    }
    static __device__ __forceinline__ input input_of(const struct gemv_x *x, int block, int part)
    {
        return input_k_of(x, block, part / 4 * 128 + part / 2 % 2 * 32 + part % 2 * 16, 64);
    }
    static __device__ __forceinline__ input input_from(const struct gemv_x *x, int block, int part,
                                                       bool mine)
    {
        return input_k_from(x, block, part / 4 * 128 + part / 2 % 2 * 32 + part % 2 * 16, 64, mine);
    }
    static __device__ __forceinline__ float multiply(const unit &u, int part, const input &in,
                                                     float sum)
    {
        struct gemv_codes16 low = gemv_bits(u.codes, 0, 0x0f0f0f0fu);
        struct gemv_codes16 high = gemv_bits(u.codes, 4, 0x0f0f0f0fu);
        const int shift = part / 2 % 2 * 2;
        const struct gemv_codes16 a = gemv_bits(u.upper, shift, 0x03030303u);
        const struct gemv_codes16 b = gemv_bits(u.upper, shift + 4, 0x03030303u);
        int dot;

#pragma unroll
        for (int i = 0; i < 4; i++) {
            low.v[i] |= a.v[i] << 4;
            high.v[i] |= b.v[i] << 4;
        }
        dot = u.scale[0] * (gemv_dot(low, in.low, 0) - ZERO * in.low_sum) +
              u.scale[1] * (gemv_dot(high, in.high, 0) - ZERO * in.high_sum);
        return fmaf(u.d, in.d * (float)dot, sum);
    }
};

int gemv_cuda_q4_k(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return stream_launch_either<offset_k<false>>(j, early, s, e);
}

int gemv_cuda_q5_k(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return stream_launch_either<offset_k<true>>(j, early, s, e);
}

int gemv_cuda_q6_k(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return stream_launch_either<q6_k>(j, early, s, e);
}
