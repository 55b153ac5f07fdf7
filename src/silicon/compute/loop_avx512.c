/* loop_avx512.c - 512-bit fused multiply-adds: 16 accumulators cover 4 cycles x 2 units twice. */
#include <immintrin.h>

#include "silicon/compute/loop_x86.h"
#include "silicon/compute/repeat.h"

void loop_avx512_fp64(struct loop_io *io, uint64_t iterations)
{
    const __m512d a[2] = { _mm512_load_pd(io->a[0]), _mm512_load_pd(io->a[1]) };
    const __m512d b[2] = { _mm512_load_pd(io->b[0]), _mm512_load_pd(io->b[1]) };
    __m512d acc[16];

#define BEGIN(i) acc[i] = _mm512_load_pd(io->init + (size_t)64 * (i));
#define STEP(i)  acc[i] = _mm512_fmadd_pd(a[(i) % 2], b[(i) / 2 % 2], acc[i]);
#define END(i)   _mm512_store_pd(io->out + (size_t)64 * (i), acc[i]);
    REPEAT_16(BEGIN)
    for (; iterations > 0; iterations--) {
        REPEAT_16(STEP)
    }
    REPEAT_16(END)
#undef BEGIN
#undef STEP
#undef END
}

void loop_avx512_fp32(struct loop_io *io, uint64_t iterations)
{
    const __m512 a[2] = { _mm512_load_ps(io->a[0]), _mm512_load_ps(io->a[1]) };
    const __m512 b[2] = { _mm512_load_ps(io->b[0]), _mm512_load_ps(io->b[1]) };
    __m512 acc[16];

#define BEGIN(i) acc[i] = _mm512_load_ps(io->init + (size_t)64 * (i));
#define STEP(i)  acc[i] = _mm512_fmadd_ps(a[(i) % 2], b[(i) / 2 % 2], acc[i]);
#define END(i)   _mm512_store_ps(io->out + (size_t)64 * (i), acc[i]);
    REPEAT_16(BEGIN)
    for (; iterations > 0; iterations--) {
        REPEAT_16(STEP)
    }
    REPEAT_16(END)
#undef BEGIN
#undef STEP
#undef END
}
