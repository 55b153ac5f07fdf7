/* loop_avx2.c - 256-bit multiply-adds: FMA for floats; vpmaddubsw, vpmaddwd, vpaddd for bytes.
 *
 * 12 accumulators and 4 operands fill the 16 registers; 10 would cover Haswell's 5 cycles x 2. */
#include <immintrin.h>

#include "silicon/compute/loop_x86.h"
#include "silicon/compute/repeat.h"

#define LOAD_PD(p)     _mm256_load_pd((const double *)(const void *)(p))
#define LOAD_PS(p)     _mm256_load_ps((const float *)(const void *)(p))
#define LOAD_SI(p)     _mm256_load_si256((const __m256i *)(const void *)(p))
#define STORE_SI(p, v) _mm256_store_si256((__m256i *)(void *)(p), v)

void loop_avx2_fp64(struct loop_io *io, uint64_t iterations)
{
    const __m256d a[2] = { LOAD_PD(io->a[0]), LOAD_PD(io->a[1]) };
    const __m256d b[2] = { LOAD_PD(io->b[0]), LOAD_PD(io->b[1]) };
    __m256d acc[12];

#define BEGIN(i) acc[i] = LOAD_PD(io->init + (size_t)32 * (i));
#define STEP(i)  acc[i] = _mm256_fmadd_pd(a[(i) % 2], b[(i) / 2 % 2], acc[i]);
#define END(i)   STORE_SI(io->out + (size_t)32 * (i), _mm256_castpd_si256(acc[i]));
    REPEAT_12(BEGIN)
    for (; iterations > 0; iterations--) {
        REPEAT_12(STEP)
    }
    REPEAT_12(END)
#undef BEGIN
#undef STEP
#undef END
}

void loop_avx2_fp32(struct loop_io *io, uint64_t iterations)
{
    const __m256 a[2] = { LOAD_PS(io->a[0]), LOAD_PS(io->a[1]) };
    const __m256 b[2] = { LOAD_PS(io->b[0]), LOAD_PS(io->b[1]) };
    __m256 acc[12];

#define BEGIN(i) acc[i] = LOAD_PS(io->init + (size_t)32 * (i));
#define STEP(i)  acc[i] = _mm256_fmadd_ps(a[(i) % 2], b[(i) / 2 % 2], acc[i]);
#define END(i)   STORE_SI(io->out + (size_t)32 * (i), _mm256_castps_si256(acc[i]));
    REPEAT_12(BEGIN)
    for (; iterations > 0; iterations--) {
        REPEAT_12(STEP)
    }
    REPEAT_12(END)
#undef BEGIN
#undef STEP
#undef END
}

/* Only the addition depends on the iteration before, so 4 accumulators are plenty.  With the
 * additions side by side the core spreads them better over its ports.  The empty asm makes the
 * operand look new each time: the products are the same in every iteration and would be computed
 * once. */
void loop_avx2_int8(struct loop_io *io, uint64_t iterations)
{
    __m256i a[2] = { LOAD_SI(io->a[0]), LOAD_SI(io->a[1]) };
    const __m256i b[2] = { LOAD_SI(io->b[0]), LOAD_SI(io->b[1]) };
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i acc[4], t[4];

#define BEGIN(i)    acc[i] = LOAD_SI(io->init + (size_t)32 * (i));
#define MULTIPLY(i) t[i] = _mm256_maddubs_epi16(a[(i) % 2], b[(i) / 2 % 2]);
#define PAIRS(i)    t[i] = _mm256_madd_epi16(t[i], ones);
#define ADD(i)      acc[i] = _mm256_add_epi32(acc[i], t[i]);
#define END(i)      STORE_SI(io->out + (size_t)32 * (i), acc[i]);
    REPEAT_4(BEGIN)
    for (; iterations > 0; iterations--) {
        __asm__("" : "+x"(a[0]), "+x"(a[1]));
        REPEAT_4(MULTIPLY)
        REPEAT_4(PAIRS)
        REPEAT_4(ADD)
    }
    REPEAT_4(END)
#undef BEGIN
#undef MULTIPLY
#undef PAIRS
#undef ADD
#undef END
}
