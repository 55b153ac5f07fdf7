/* writer_parts.h - what a model_writer is made of, for the formats. */
#ifndef MODELS_FORMAT_WRITER_PARTS_H
#define MODELS_FORMAT_WRITER_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "core/atomic_file.h"
#include "core/err.h"
#include "models/format/model_writer.h"

struct writer_bytes {
    uint8_t *p; /* mem_free */
    size_t n, cap;
};

struct writer_tensor {
    char *name;
    enum dtype dtype;
    int n_dims;
    uint64_t dims[TENSOR_DIMS_MAX];
    uint64_t bytes, begin; /* begin: from the start of the data */
};

struct model_writer {
    enum model_format format;
    char **key; /* n_keys names that are taken */
    size_t n_keys;
    struct writer_bytes entries; /* GGUF: the keys as the file holds them */
    json_t *metadata;            /* safetensors: __metadata__ */
    struct writer_tensor *tensor;
    size_t n_tensors;
    uint64_t data_bytes; /* with what lies between the tensors */

    size_t header_bytes;
    bool begun, in_memory;
    struct atomic_file file;
    uint8_t *memory; /* the whole of it */
    uint64_t at;     /* bytes of data that are written */
    size_t current;  /* the tensor that gets bytes */
};

/* Append to b; NULL bytes are zeros. */
int writer_append(struct writer_bytes *b, const void *p, size_t n, struct err *e);

enum { GGUF_ALIGNMENT = 32 };
/* Everything before the data, appended to out. */
int gguf_header(const struct model_writer *w, struct writer_bytes *out, struct err *e);
int safetensors_header(const struct model_writer *w, struct writer_bytes *out, struct err *e);
/* A key of a GGUF file: n bytes of `value` in the format's own form. */
int gguf_put(struct model_writer *w, const char *key, enum gguf_type type, const void *value,
             size_t n, struct err *e);

#endif
