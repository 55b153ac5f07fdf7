/* gemv_cuda_legacy.cu - y = W x on a GPU for Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0, by dp4a.
 *
 * Roofline  Q4_0: a unit of 16 bytes and its scale are 8 dp4a and 12 instructions that take it
 *           apart; at 4.3 TB/s and 132 multiprocessors one unit of a warp every 30 cycles of 4 x 30
 *           issue slots: memory bound, up to about 4 vectors.
 * Layout    value j of a block in the low half of byte j, j + 16 in the high one (dtype.h). */
#include "kernels/dtype/act_cuda.cuh"
#include "kernels/gemv/gemv_codes.cuh"
#include "kernels/gemv/gemv_stream.cuh"

enum { GROUP = 32 };

struct input32 {
    struct gemv_codes16 low, high;
    float d;
    int sum;
};

static __device__ __forceinline__ struct input32 input32_of(const struct gemv_x *x, int block)
{
    const int8_t *q = x->q + block * GROUP;

    return { gemv_codes_at(q), gemv_codes_at(q + 16), x->d[block], gemv_sum32(x->sum + block * 2) };
}

/* The same out of floats: a lane has a whole group. */
static __device__ __forceinline__ struct input32 input32_from(const struct gemv_x *x, int block)
{
    const float *p = x->x + block * GROUP;
    float low[16], high[16];
    struct act_cuda_scale s;
    struct input32 in;
    int sum;

    act_cuda_load16(p, low);
    act_cuda_load16(p + 16, high);
    s = act_cuda_scale_of(max(act_cuda_max16(low), act_cuda_max16(high)));
    act_cuda_codes16(low, s.inverse, in.low.v, &in.sum);
    act_cuda_codes16(high, s.inverse, in.high.v, &sum);
    in.sum += sum;
    in.d = s.d;
    return in;
}

/* The fifth bits of four values, 4 * i of a word on, each as bit 4 of a byte. */
static __device__ __forceinline__ int fifth(unsigned bits, int i)
{
    return (int)((bits >> 4 * i & 15) * 0x02040810u & 0x10101010u);
}

static __device__ __forceinline__ struct gemv_codes16 with_fifth(struct gemv_codes16 c,
                                                                 unsigned bits)
{
#pragma unroll
    for (int i = 0; i < 4; i++)
        c.v[i] |= fifth(bits, i);
    return c;
}

/* FIFTH: a plane of fifth bits; OFFSET: a minimum beside the scale, else codes are around half of
 * their range. */
template <bool FIFTH, bool OFFSET> struct nibbles {
    enum {
        UNITS = 1,
        ROWS = 2,
        STREAM_FROM = 64,
        STREAM_ROWS = 4,
        ZERO = FIFTH ? 16 : 8,
        SCALES = FIFTH ? 2 : 1
    };
    struct unit {
        uint4 codes;
        unsigned fifth;
        float2 scale; /* d and, with OFFSET, m */
    };
    typedef struct input32 input;

    static __device__ __forceinline__ unit load(const struct gemv_w *w, int block, int)
    {
        unit u = { ptx_load_once(w->plane[0] + (size_t)block * 16), 0, make_float2(0, 0) };

        if (FIFTH)
            u.fifth = ((const unsigned *)w->plane[1])[block];
        if (OFFSET)
            u.scale = gemv_f16_pair(w->plane[SCALES] + (size_t)block * 4);
        else
            u.scale.x = gemv_f16(w->plane[SCALES] + (size_t)block * 2);
        return u;
    }
    static __device__ __forceinline__ input input_of(const struct gemv_x *x, int block, int)
    {
        return input32_of(x, block);
    }
    static __device__ __forceinline__ input input_from(const struct gemv_x *x, int block, int,
                                                       bool mine)
    {
        input in = { { { 0 } }, { { 0 } }, 0, 0 };

        if (mine)
            in = input32_from(x, block);
        return in;
    }
    static __device__ __forceinline__ float multiply(const unit &u, int, const input &in, float sum)
    {
        struct gemv_codes16 low = gemv_bits(u.codes, 0, 0x0f0f0f0fu);
        struct gemv_codes16 high = gemv_bits(u.codes, 4, 0x0f0f0f0fu);
        int dot;

        if (FIFTH) {
            low = with_fifth(low, u.fifth);
            high = with_fifth(high, u.fifth >> 16);
        }
        dot = gemv_dot(high, in.high, gemv_dot(low, in.low, 0));
        if (!OFFSET)
            return fmaf(u.scale.x, in.d * (float)(dot - ZERO * in.sum), sum);
        sum = fmaf(u.scale.x, in.d * (float)dot, sum);
        return fmaf(u.scale.y, in.d * (float)in.sum, sum);
    }
};

/* Two units a block, so that the loads of a warp are without gaps. */
struct q8_0 {
    enum { UNITS = 2, ROWS = 2 };
    struct unit {
        uint4 codes;
        float d;
    };
    struct input {
        struct gemv_codes16 q;
        float d;
    };

    static __device__ __forceinline__ unit load(const struct gemv_w *w, int block, int part)
    {
        return { ptx_load_once(w->plane[0] + (size_t)block * 32 + part * 16),
                 gemv_f16(w->plane[1] + (size_t)block * 2) };
    }
    static __device__ __forceinline__ input input_of(const struct gemv_x *x, int block, int part)
    {
        return { gemv_codes_at(x->q + block * GROUP + part * 16), x->d[block] };
    }
    static __device__ __forceinline__ float multiply(const unit &u, int, const input &in, float sum)
    {
        return fmaf(u.d, in.d * (float)gemv_dot(gemv_words(u.codes), in.q, 0), sum);
    }
};

int gemv_cuda_q4_0(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return stream_launch_either<nibbles<false, false>>(j, early, s, e);
}

int gemv_cuda_q4_1(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return stream_launch_either<nibbles<false, true>>(j, early, s, e);
}

int gemv_cuda_q5_0(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return stream_launch_either<nibbles<true, false>>(j, early, s, e);
}

int gemv_cuda_q5_1(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return stream_launch_either<nibbles<true, true>>(j, early, s, e);
}

int gemv_cuda_q8_0(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return gemv_launch<q8_0>(j, early, s, e);
}
