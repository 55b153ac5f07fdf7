/* load_checksum.h - the checksum of load_file.h over words in device memory. */
#ifndef SILICON_LOAD_LOAD_CHECKSUM_H
#define SILICON_LOAD_LOAD_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* *d_sum (device memory, zeroed by the caller) += the checksum of n words.  Enqueued. */
int load_checksum(const uint64_t *d_words, size_t n, uint64_t *d_sum, gpu_stream s, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
