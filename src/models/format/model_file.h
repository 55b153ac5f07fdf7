/* model_file.h - a model as it lies on disk: GGUF v2/v3 (github.com/ggml-org/ggml, docs/gguf.md) or
 * safetensors (github.com/huggingface/safetensors), one file or shards with an index.
 *
 * Files are mapped, not read: opening costs the header, and a tensor's bytes are where the page
 * cache has them.  Everything in a header is checked before it is used (sizes that do not wrap,
 * every tensor inside its file, none overlapping, aligned), whoever wrote it; messages name the
 * file, the tensor or key, and what was expected.
 *
 * A file that shrinks while it is mapped must not kill us: reading its missing part gives zeros,
 * and model_file_check() says so from then on.
 *
 * Read-only after opening, so any number of threads may use it. */
#ifndef MODELS_FORMAT_MODEL_FILE_H
#define MODELS_FORMAT_MODEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "core/err.h"
#include "kernels/dtype/dtype.h"

enum model_format { MODEL_GGUF, MODEL_SAFETENSORS };

enum { TENSOR_DIMS_MAX = 4 };

/* The mark of random weights: a bool in GGUF, "true" in __metadata__ of safetensors. */
#define MODEL_SYNTHETIC_KEY "general.synthetic"

struct tensor {
    const char *name; /* as the file spells it */
    enum dtype dtype;
    int n_dims;
    uint64_t dims[TENSOR_DIMS_MAX]; /* slowest first: a matrix is [rows, cols]; unused ones are 1 */
    const void *data;
    uint64_t bytes;
    int shard; /* which file of several it is in */
};

enum gguf_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64
};

/* Bytes of a file, not terminated by a NUL. */
struct span {
    const char *p;
    size_t n;
};

struct model_file;

/* path: a .gguf or .safetensors file, a model.safetensors.index.json, or a folder that holds one of
 * them (two are refused: which is meant?).  The format is told by the content.  ERR_IO, ERR_FORMAT
 * (damaged, or a type of tensor or version that we do not know, by name), ERR_NOMEM. */
int model_file_open(struct model_file **out, const char *path, struct err *e);

/* The same from n bytes in memory, borrowed for as long as the model_file lives: one GGUF or
 * safetensors file.  name stands for it in messages. */
int model_file_open_memory(struct model_file **out, const void *bytes, size_t n, const char *name,
                           struct err *e);
void model_file_close(struct model_file *m);

enum model_format model_file_format(const struct model_file *m);
const char *model_file_path(const struct model_file *m);
uint64_t model_file_bytes(const struct model_file *m); /* of all shards, headers included */
int model_file_shards(const struct model_file *m);
bool model_file_synthetic(const struct model_file *m); /* its weights are random: model synth */

/* Tensors of safetensors whose integers or bools are a mask or positions, no weights: checked like
 * the others, but not among model_file_tensors. */
size_t model_file_left_out(const struct model_file *m);

/* ERR_IO when a file has shrunk since it was opened and what was read may be zeros. */
int model_file_check(const struct model_file *m, struct err *e);

const struct tensor *model_file_tensors(const struct model_file *m, size_t *n); /* file order */
const struct tensor *model_file_tensor(const struct model_file *m, const char *name); /* or NULL */

/* ---- what a GGUF file says about itself: absent keys and other formats give false; a key of
 * another type than asked is false too, model_file_key says which it has ---- */
size_t model_file_keys(const struct model_file *m);
struct span model_file_key(const struct model_file *m, size_t i, enum gguf_type *type);
bool model_file_has(const struct model_file *m, const char *key);
/* Any integer type whose value fits. */
bool model_file_int(const struct model_file *m, const char *key, int64_t *out);
bool model_file_float(const struct model_file *m, const char *key, double *out); /* or integer */
bool model_file_bool(const struct model_file *m, const char *key, bool *out);
bool model_file_string(const struct model_file *m, const char *key, struct span *out);
/* Arrays: their element type and count, then elements.  An element of a string array takes constant
 * time. */
bool model_file_array(const struct model_file *m, const char *key, enum gguf_type *of, size_t *n);
bool model_file_array_string(const struct model_file *m, const char *key, size_t i,
                             struct span *out);
bool model_file_array_int(const struct model_file *m, const char *key, size_t i, int64_t *out);
bool model_file_array_float(const struct model_file *m, const char *key, size_t i, double *out);
bool model_file_array_bool(const struct model_file *m, const char *key, size_t i, bool *out);

/* ---- what lies beside safetensors: "config.json", "tokenizer.json", "tokenizer_config.json",
 * "generation_config.json"; NULL where there is none.  Borrowed; read at opening. ---- */
const json_t *model_file_json(const struct model_file *m, const char *name);
/* __metadata__ of (the first shard of) safetensors: an object of strings, or NULL.  Borrowed. */
const json_t *model_file_metadata(const struct model_file *m);

#endif
