/* gemv_cuda_ternary.cu - y = W x on a GPU for TQ2_0 and TQ2_64, by dp4a.
 *
 * Codes are 0, 1, 2 for -1, 0, 1, so a dot product is that of the codes less the sum of the
 * activations, which are int8 with one scale a vector.
 *
 * Roofline  TQ2: 16 dp4a and 7 other instructions a unit of 16 bytes, which is 64 values: of x it
 *           needs four times its own bytes, from the L1.
 * Layout    four runs of 16 values a unit, 16 (TQ2_64) or 32 (TQ2_0) apart (dtype_ternary.c) */
#include "kernels/gemv/gemv_codes.cuh"
#include "kernels/gemv/gemv_stream.cuh"

enum { SUM = 16, RUNS = 4 };

struct input_runs {
    struct gemv_codes16 q[RUNS];
    int sum;
    float d;
};

/* `runs` runs of 16 values, `apart` from each other. */
template <int N>
static __device__ __forceinline__ void runs_of(const struct gemv_x *x, int at, int apart,
                                               struct gemv_codes16 (&q)[N], int *sum)
{
    *sum = 0;
#pragma unroll
    for (int i = 0; i < N; i++) {
        q[i] = gemv_codes_at(x->q + at + i * apart);
        *sum += x->sum[(at + i * apart) / SUM];
    }
}

/* BLOCK values are PARTS units, whose runs are APART from each other. */
template <int BLOCK, int APART> struct tq2 {
    enum { UNITS = BLOCK / 64, ROWS = 2, STREAM_FROM = 16, STREAM_ROWS = 4 };
    struct unit {
        uint4 codes;
        float d;
    };
    typedef struct input_runs input;

    static __device__ __forceinline__ unit load(const struct gemv_w *w, int block, int part)
    {
        return { ptx_load_once(w->plane[0] + ((size_t)block * UNITS + part) * 16),
                 gemv_f16(w->plane[1] + (size_t)block * 2) };
    }
    static __device__ __forceinline__ input input_of(const struct gemv_x *x, int block, int part)
    {
        input in;

        runs_of(x, block * BLOCK + part / (APART / 16) * 4 * APART + part % (APART / 16) * 16,
                APART, in.q, &in.sum);
        in.d = x->d[0];
        return in;
    }
    static __device__ __forceinline__ float multiply(const unit &u, int, const input &in, float sum)
    {
        int dot = 0;

#pragma unroll
        for (int i = 0; i < RUNS; i++)
            dot = gemv_dot(gemv_bits(u.codes, 2 * i, 0x03030303u), in.q[i], dot);
        return fmaf(u.d, in.d * (float)(dot - in.sum), sum);
    }
};

int gemv_cuda_tq2_0(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return stream_launch<tq2<256, 32>>(j, early, s, e);
}

int gemv_cuda_tq2_64(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    return stream_launch<tq2<64, 16>>(j, early, s, e);
}
