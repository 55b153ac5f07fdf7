/* loop_avx512vnni.c - vpdpbusd on 512 bits: four products of bytes a lane, without saturation. */
#include <immintrin.h>

#include "silicon/compute/loop_x86.h"
#include "silicon/compute/repeat.h"

void loop_avx512vnni_int8(struct loop_io *io, uint64_t iterations)
{
    const __m512i a[2] = { _mm512_load_si512(io->a[0]), _mm512_load_si512(io->a[1]) };
    const __m512i b[2] = { _mm512_load_si512(io->b[0]), _mm512_load_si512(io->b[1]) };
    __m512i acc[16];

#define BEGIN(i) acc[i] = _mm512_load_si512(io->init + (size_t)64 * (i));
#define STEP(i)  acc[i] = _mm512_dpbusd_epi32(acc[i], a[(i) % 2], b[(i) / 2 % 2]);
#define END(i)   _mm512_store_si512(io->out + (size_t)64 * (i), acc[i]);
    REPEAT_16(BEGIN)
    for (; iterations > 0; iterations--) {
        REPEAT_16(STEP)
    }
    REPEAT_16(END)
#undef BEGIN
#undef STEP
#undef END
}
