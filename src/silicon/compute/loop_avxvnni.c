/* loop_avxvnni.c - vpdpbusd on 256 bits (VEX encoding): CPUs with VNNI but without AVX-512. */
#include <immintrin.h>

#include "silicon/compute/loop_x86.h"
#include "silicon/compute/repeat.h"

#define LOAD(p)     _mm256_load_si256((const __m256i *)(const void *)(p))
#define STORE(p, v) _mm256_store_si256((__m256i *)(void *)(p), v)

void loop_avxvnni_int8(struct loop_io *io, uint64_t iterations)
{
    const __m256i a[2] = { LOAD(io->a[0]), LOAD(io->a[1]) };
    const __m256i b[2] = { LOAD(io->b[0]), LOAD(io->b[1]) };
    __m256i acc[12];

#define BEGIN(i) acc[i] = LOAD(io->init + (size_t)32 * (i));
#define STEP(i)  acc[i] = _mm256_dpbusd_avx_epi32(acc[i], a[(i) % 2], b[(i) / 2 % 2]);
#define END(i)   STORE(io->out + (size_t)32 * (i), acc[i]);
    REPEAT_12(BEGIN)
    for (; iterations > 0; iterations--) {
        REPEAT_12(STEP)
    }
    REPEAT_12(END)
#undef BEGIN
#undef STEP
#undef END
}
