/* llm_quantize.h - a model's weights in another type: GGUF or safetensors in, GGUF out.
 *
 * Matrices get the type that is asked for, or what llama-quantize falls back to where a row is no
 * multiple of the block; the head (the token embedding where it is tied) gets Q6_K or Q8_0 as
 * there; norms, biases and positions stay as they are.  Ternary types take BitNet b1.58's
 * quantisation (Ma et al., 2024): the nearest of -1, 0, 1 times the tensor's mean magnitude, unless
 * it is ternary already.  Without an importance matrix. */
#ifndef MODELS_LLM_LLM_QUANTIZE_H
#define MODELS_LLM_LLM_QUANTIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "kernels/dtype/dtype.h"
#include "models/format/model_file.h"

/* The type for rows of `cols` values: Q4_K to Q5_0, Q5_K to Q5_1, Q6_K to Q8_0, TQ1_0 and TQ2_0 to
 * TQ2_64, that to Q4_0, whatever does not fit then to F16. */
enum dtype llm_quantize_fallback(enum dtype t, size_t cols);

/* The type of the head beside matrices of type t. */
enum dtype llm_quantize_head(enum dtype t, size_t cols);

/* What became of one tensor. */
struct llm_quantized {
    const char *name;
    enum dtype from, to;
    uint64_t bytes, bytes_before;
    double rmse, rms; /* of the error, of the values; NaN for one that was only copied */
};

struct llm_quantize {
    const struct model_file *in;
    enum dtype dtype;
    bool head_given; /* else llm_quantize_head() */
    enum dtype head;
    bool requantize; /* also matrices that are quantised already: their errors add up */
    int threads;     /* 0: one a physical core */
    void (*done)(void *self, const struct llm_quantized *t); /* after each tensor; may be NULL */
    void *self;
};

/* ERR_ARG: the output is a file of the input, or the input is quantised and that is not wanted;
 * ERR_NOTSUP, ERR_FORMAT: of the input, by name; a weight that is NaN or infinite is ERR_FORMAT. */
int llm_quantize_write(const struct llm_quantize *q, const char *path, struct err *e);
/* The same into memory: GGUF bytes, owned by the caller (mem_free). */
int llm_quantize_memory(const struct llm_quantize *q, void **bytes, size_t *n, struct err *e);

#endif
