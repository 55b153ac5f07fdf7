/* matmul_decode.cuh - 16 weights in a row of a quantised matrix, out of its planes (planes_gpu.h).
 *
 * A format D has BLOCK, the words that 16 values need (struct raw, loaded ahead of their use) and
 * decode, which gives each value rounded once to F32.  At `at` of a block: a multiple of 16. */
#ifndef KERNELS_GEMM_MATMUL_DECODE_CUH
#define KERNELS_GEMM_MATMUL_DECODE_CUH

#include <cuda_fp16.h>
#include <stdint.h>
#include <string.h>

enum { DECODE_VALUES = 16 };

struct decode_planes {
    const uint8_t *plane[4];
};

static __device__ __forceinline__ float decode_f16(const void *p)
{
    return __half2float(*(const __half *)p);
}

static __device__ __forceinline__ int decode_byte(const uint4 &w, int i)
{
    const unsigned word = i < 4 ? w.x : i < 8 ? w.y : i < 12 ? w.z : w.w;

    return (int)(word >> 8 * (i % 4) & 255);
}

/* Q4_0, Q4_1, Q5_0, Q5_1: halves of 16 bytes, a fifth bit of each, a scale, perhaps a minimum. */
template <bool FIFTH, bool OFFSET> struct decode_nibbles {
    enum { BLOCK = 32, ZERO = FIFTH ? 16 : 8, SCALES = FIFTH ? 2 : 1 };
    struct raw {
        uint4 codes;
        unsigned fifth;
        float d, m;
    };

    static __device__ __forceinline__ raw load(const decode_planes &p, size_t block, int)
    {
        raw r = { *(const uint4 *)(p.plane[0] + block * 16), 0, 0, 0 };

        if (FIFTH)
            r.fifth = ((const unsigned *)p.plane[1])[block];
        r.d = decode_f16(p.plane[SCALES] + block * (OFFSET ? 4 : 2));
        if (OFFSET)
            r.m = decode_f16(p.plane[SCALES] + block * 4 + 2);
        return r;
    }
    static __device__ __forceinline__ void decode(const raw &r, int at, float (&v)[DECODE_VALUES])
    {
#pragma unroll
        for (int i = 0; i < DECODE_VALUES; i++) {
            int code = decode_byte(r.codes, i) >> at / 4 & 15;

            if (FIFTH)
                code |= (int)(r.fifth >> (at + i) & 1) << 4;
            v[i] = OFFSET ? fmaf((float)code, r.d, r.m) : (float)(code - ZERO) * r.d;
        }
    }
};

struct decode_q8_0 {
    enum { BLOCK = 32 };
    struct raw {
        uint4 codes;
        float d;
    };

    static __device__ __forceinline__ raw load(const decode_planes &p, size_t block, int at)
    {
        return { *(const uint4 *)(p.plane[0] + block * 32 + at),
                 decode_f16(p.plane[1] + block * 2) };
    }
    static __device__ __forceinline__ void decode(const raw &r, int, float (&v)[DECODE_VALUES])
    {
#pragma unroll
        for (int i = 0; i < DECODE_VALUES; i++)
            v[i] = (float)(int8_t)decode_byte(r.codes, i) * r.d;
    }
};

/* Q4_K and Q5_K: the group of 32 that a half belongs to has a scale and a minimum of 6 bits. */
template <bool FIFTH> struct decode_offset_k {
    enum { BLOCK = 256 };
    struct raw {
        uint4 codes, fifth, head;
    };

    static __device__ __forceinline__ raw load(const decode_planes &p, size_t block, int at)
    {
        const int sixteen = at / 16 % 2 * 16;
        raw r;

        r.codes = *(const uint4 *)(p.plane[0] + block * 128 + at / 64 * 32 + sixteen);
        if (FIFTH)
            r.fifth = *(const uint4 *)(p.plane[1] + block * 32 + sixteen);
        r.head = *(const uint4 *)(p.plane[FIFTH ? 2 : 1] + block * 16);
        return r;
    }
    static __device__ __forceinline__ int six_bits(unsigned first, unsigned last, int group,
                                                   int shift)
    {
        const int at = 8 * (group % 4);

        return group < 4 ? (int)(first >> at & 63)
                         : (int)((last >> (at + shift) & 15) | (first >> at & 0xc0) >> 2);
    }
    static __device__ __forceinline__ void decode(const raw &r, int at, float (&v)[DECODE_VALUES])
    {
        const int group = at / 32;
        const float d =
            decode_f16((const __half *)&r.head.x) * (float)six_bits(r.head.y, r.head.w, group, 0);
        const float m = decode_f16((const __half *)&r.head.x + 1) *
                        (float)six_bits(r.head.z, r.head.w, group, 4);

#pragma unroll
        for (int i = 0; i < DECODE_VALUES; i++) {
            int code = decode_byte(r.codes, i) >> 4 * (group % 2) & 15;

            if (FIFTH)
                code |= (decode_byte(r.fifth, i) >> group & 1) << 4;
            v[i] = fmaf((float)code, d, -m);
        }
    }
};

struct decode_q6_k {
    enum { BLOCK = 256 };
    struct raw {
        uint4 codes, upper;
        float d;
    };

    static __device__ __forceinline__ raw load(const decode_planes &p, size_t block, int at)
    {
        const int half = at / 128, quarter = at / 32 % 4, sixteen = at / 16 % 2;
        const int8_t *scale = (const int8_t *)p.plane[2] + block * 16;

        return { *(const uint4 *)(p.plane[0] + block * 128 + 64 * half + 32 * (quarter & 1) +
                                  16 * sixteen),
                 *(const uint4 *)(p.plane[1] + block * 64 + 32 * half + 16 * sixteen),
                 decode_f16(p.plane[3] + block * 2) * (float)scale[at / 16] };
    }
    static __device__ __forceinline__ void decode(const raw &r, int at, float (&v)[DECODE_VALUES])
    {
        const int quarter = at / 32 % 4;

#pragma unroll
        for (int i = 0; i < DECODE_VALUES; i++) {
            const int low = decode_byte(r.codes, i) >> 4 * (quarter / 2) & 15;
            const int high = decode_byte(r.upper, i) >> 2 * quarter & 3;

            v[i] = r.d * (float)((low | high << 4) - 32);
        }
    }
};

/* TQ2_0 and TQ2_64: four runs of 16 values in 16 bytes, which are APART from each other. */
template <int VALUES, int APART> struct decode_tq2 {
    enum { BLOCK = VALUES };
    struct raw {
        uint4 codes;
        float d;
    };

    static __device__ __forceinline__ raw load(const decode_planes &p, size_t block, int at)
    {
        return { *(const uint4 *)(p.plane[0] + block * (VALUES / 4) + at / (4 * APART) * APART +
                                  at % APART),
                 decode_f16(p.plane[1] + block * 2) };
    }
    static __device__ __forceinline__ void decode(const raw &r, int at, float (&v)[DECODE_VALUES])
    {
#pragma unroll
        for (int i = 0; i < DECODE_VALUES; i++)
            v[i] = (float)((decode_byte(r.codes, i) >> 2 * (at / APART % 4) & 3) - 1) * r.d;
    }
};

#endif
