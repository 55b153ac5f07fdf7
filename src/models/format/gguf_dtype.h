/* gguf_dtype.h - the numbers that GGUF files give to types of tensors (ggml.h, enum ggml_type).
 *
 * DTYPE_TQ2_64 is ours and no part of GGUF: its number is far from ggml's, so that another program
 * refuses the file instead of misreading it. */
#ifndef MODELS_FORMAT_GGUF_DTYPE_H
#define MODELS_FORMAT_GGUF_DTYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/dtype/dtype.h"

bool gguf_dtype_of(uint32_t number, enum dtype *out);
uint32_t gguf_dtype_number(enum dtype t);

/* What ggml or one of its forks calls a type, also one that we do not read; "unknown". */
const char *gguf_dtype_name(uint32_t number);

#endif
