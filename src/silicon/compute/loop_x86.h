/* loop_x86.h - the loops of the x86-64 files; contract in loop.h. */
#ifndef SILICON_COMPUTE_LOOP_X86_H
#define SILICON_COMPUTE_LOOP_X86_H

#include "silicon/compute/loop.h"

void loop_avx2_fp64(struct loop_io *io, uint64_t iterations);
void loop_avx2_fp32(struct loop_io *io, uint64_t iterations);
void loop_avx2_int8(struct loop_io *io, uint64_t iterations);
void loop_avxvnni_int8(struct loop_io *io, uint64_t iterations);
void loop_avx512_fp64(struct loop_io *io, uint64_t iterations);
void loop_avx512_fp32(struct loop_io *io, uint64_t iterations);
void loop_avx512vnni_int8(struct loop_io *io, uint64_t iterations);
void loop_avx512bf16_bf16(struct loop_io *io, uint64_t iterations);
void loop_amx_bf16(struct loop_io *io, uint64_t iterations);
void loop_amx_int8(struct loop_io *io, uint64_t iterations);

#endif
