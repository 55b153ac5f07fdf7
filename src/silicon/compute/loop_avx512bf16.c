/* loop_avx512bf16.c - vdpbf16ps on 512 bits: two products of BF16 a lane, added in FP32. */
#include <immintrin.h>

#include "silicon/compute/loop_x86.h"
#include "silicon/compute/repeat.h"

void loop_avx512bf16_bf16(struct loop_io *io, uint64_t iterations)
{
    const __m512bh a[2] = { (__m512bh)_mm512_load_si512(io->a[0]),
                            (__m512bh)_mm512_load_si512(io->a[1]) };
    const __m512bh b[2] = { (__m512bh)_mm512_load_si512(io->b[0]),
                            (__m512bh)_mm512_load_si512(io->b[1]) };
    __m512 acc[16];

#define BEGIN(i) acc[i] = _mm512_load_ps(io->init + (size_t)64 * (i));
#define STEP(i)  acc[i] = _mm512_dpbf16_ps(acc[i], a[(i) % 2], b[(i) / 2 % 2]);
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
