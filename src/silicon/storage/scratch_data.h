/* scratch_data.h - what is written to disk: incompressible, and different in every block.
 *
 * A block is 4 KiB: a header that names the block, the seed and how often it was written, and a
 * body of random bytes that can be made again from the header.  So a read can be checked without a
 * copy of the file, no two blocks are alike (nothing to deduplicate), and one that was written
 * twice is told from one that was written once.  Bodies are made once per buffer; a write only
 * stamps headers, so that making data costs next to nothing beside writing it. */
#ifndef SILICON_STORAGE_SCRATCH_DATA_H
#define SILICON_STORAGE_SCRATCH_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { SCRATCH_BLOCK = 4096 };

/* Bodies for `blocks` blocks at `buf` (8-byte aligned); headers are left empty. */
void scratch_data_fill(void *buf, size_t blocks, uint64_t seed);

/* Headers for `blocks` filled blocks that will stand at block number `first` of the file. */
void scratch_data_stamp(void *buf, size_t blocks, uint64_t first, uint32_t generation,
                        uint64_t seed);

/* Is this block `number` of the file as it was written for the `generation`-th time?
 * ERR_MISMATCH says what is wrong with it. */
int scratch_data_check(const void *block, uint64_t number, uint32_t generation, uint64_t seed,
                       struct err *e);

#endif
