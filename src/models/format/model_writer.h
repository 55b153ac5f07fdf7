/* model_writer.h - write a GGUF v3 or safetensors file: metadata first, then tensors one by one.
 *
 * The file appears under its name when it is whole (written to an unnamed file, or one beside it);
 * a failure or a signal leaves what was there before.  One thread. */
#ifndef MODELS_FORMAT_MODEL_WRITER_H
#define MODELS_FORMAT_MODEL_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "kernels/dtype/dtype.h"
#include "models/format/model_file.h"

struct model_writer;

/* format MODEL_SAFETENSORS takes F32, F16 and BF16 only; its config.json and tokenizer.json are
 * the caller's to write beside it. */
int model_writer_new(struct model_writer **out, enum model_format format, struct err *e);
void model_writer_free(struct model_writer *w);

/* Metadata of GGUF; for safetensors the entries of __metadata__ (strings only).  In the order of
 * the calls; a key twice is ERR_ARG. */
int model_writer_int(struct model_writer *w, const char *key, enum gguf_type type, int64_t value,
                     struct err *e);
int model_writer_float(struct model_writer *w, const char *key, double value, struct err *e);
int model_writer_bool(struct model_writer *w, const char *key, bool value, struct err *e);
int model_writer_string(struct model_writer *w, const char *key, struct span value, struct err *e);
/* Arrays, of GGUF only: n strings; n numbers of type `of` as they lie in memory. */
int model_writer_strings(struct model_writer *w, const char *key, const struct span *s, size_t n,
                         struct err *e);
int model_writer_numbers(struct model_writer *w, const char *key, enum gguf_type of, const void *p,
                         size_t n, struct err *e);
/* Copy a key, arrays included, from a GGUF file; general.alignment is not copied: a file's is its
 * own. */
int model_writer_copy(struct model_writer *w, const struct model_file *from, size_t key,
                      struct err *e);

/* Announce every tensor, in file order, before the first is written.  dims slowest first.  ERR_ARG:
 * a name twice, a row that is no multiple of the type's block. */
int model_writer_tensor(struct model_writer *w, const char *name, enum dtype dtype, int n_dims,
                        const uint64_t *dims, struct err *e);

/* Where the bytes go: a file, or memory.  ERR_IO, ERR_NOMEM. */
int model_writer_begin(struct model_writer *w, const char *path, struct err *e);
int model_writer_begin_memory(struct model_writer *w, struct err *e);
/* The tensors' bytes, one behind the other, in pieces of any size: what lies between tensors is
 * put there.  ERR_ARG beyond the last. */
int model_writer_write(struct model_writer *w, const void *p, size_t n, struct err *e);
/* The end: ERR_ARG names the tensor that has not got all of its bytes.  The file takes its name;
 * the memory becomes the caller's (mem_free). */
int model_writer_commit(struct model_writer *w, struct err *e);
int model_writer_take(struct model_writer *w, void **bytes, size_t *n, struct err *e);

#endif
