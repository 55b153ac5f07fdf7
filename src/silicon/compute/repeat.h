/* repeat.h - M(0) M(1) ... M(n-1): straight-line code for accumulators that must stay in registers.
 *
 * A C loop over an array of vectors only lives in registers when the compiler unrolls it whole,
 * which gcc and clang decide differently at -O2; the preprocessor leaves no choice. */
#ifndef SILICON_COMPUTE_REPEAT_H
#define SILICON_COMPUTE_REPEAT_H

#define REPEAT_4(M)  M(0) M(1) M(2) M(3)
#define REPEAT_8(M)  REPEAT_4(M) M(4) M(5) M(6) M(7)
#define REPEAT_12(M) REPEAT_8(M) M(8) M(9) M(10) M(11)
#define REPEAT_16(M) REPEAT_12(M) M(12) M(13) M(14) M(15)
#define REPEAT_24(M) REPEAT_16(M) M(16) M(17) M(18) M(19) M(20) M(21) M(22) M(23)

#endif
