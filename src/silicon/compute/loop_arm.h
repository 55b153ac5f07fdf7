/* loop_arm.h - the loops of the aarch64 files; contract in loop.h. */
#ifndef SILICON_COMPUTE_LOOP_ARM_H
#define SILICON_COMPUTE_LOOP_ARM_H

#include "silicon/compute/loop.h"

void loop_neon_fp64(struct loop_io *io, uint64_t iterations);
void loop_neon_fp32(struct loop_io *io, uint64_t iterations);
void loop_neon_int8(struct loop_io *io, uint64_t iterations);
void loop_dotprod_int8(struct loop_io *io, uint64_t iterations);
void loop_i8mm_int8(struct loop_io *io, uint64_t iterations);
void loop_bf16arm_bf16(struct loop_io *io, uint64_t iterations);

#endif
