/* model_parts.h - what a model_file is made of, for the readers of the formats.
 *
 * A reader gets shards whose bytes are there and fills the rest; all that it keeps is checked. */
#ifndef MODELS_FORMAT_MODEL_PARTS_H
#define MODELS_FORMAT_MODEL_PARTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "models/format/model_file.h"
#include "models/format/model_map.h"

struct model_shard {
    char *path;
    struct model_map map;
    const uint8_t *p; /* the map's, or the caller's memory */
    size_t n;
};

/* One key of a GGUF file.  Lengths are kept here, never read from the file again: it may change
 * under us. */
struct gguf_key {
    struct span name;
    enum gguf_type type;
    const uint8_t *value; /* of a string or array: its first byte behind the length */
    struct span entry;    /* the whole of it, as the file holds it */
    /* Arrays. */
    enum gguf_type of;
    size_t n;
    uint64_t *begins; /* of strings: n + 1 places of their lengths, counted from `value` */
};

enum model_document {
    MODEL_CONFIG,
    MODEL_TOKENIZER,
    MODEL_TOKENIZER_CONFIG,
    MODEL_GENERATION_CONFIG,
    MODEL_DOCUMENTS
};

struct model_file {
    enum model_format format;
    char *path;
    struct model_shard *shard; /* n_shards, room for cap_shards */
    int n_shards, cap_shards;
    struct tensor *tensor; /* n_tensors, room for cap_tensors */
    size_t n_tensors, cap_tensors;
    size_t left_out; /* buffers that are no weights */
    char **names;    /* n_names blocks that hold the tensors' names */
    size_t n_names;
    const struct tensor **by_name; /* sorted */
    struct gguf_key *key;
    size_t n_keys;
    const struct gguf_key **keys_by_name;
    json_t *metadata; /* safetensors */
    json_t *document[MODEL_DOCUMENTS];
    bool synthetic;
};

/* ---- names ---- */

int span_compare(struct span a, struct span b); /* as memcmp, then the shorter first */
bool span_is_utf8(struct span s);               /* RFC 3629, and no NUL */

/* A name from a file for a message: cut short, with what could steer a terminal as '?'. */
enum { NAME_TEXT = 68 };
const char *name_text(char buf[NAME_TEXT], struct span s);

/* ---- filling ---- */

/* Room for `more` tensors behind those that are there. */
int model_tensors_reserve(struct model_file *m, size_t more, struct err *e);
/* A block of bytes for names, kept until the file is closed; NULL without memory. */
char *model_names_block(struct model_file *m, size_t bytes);

/* A read tensor: where its bytes are, counted from the start of its shard. */
struct model_place {
    uint64_t begin, end;
    struct span name;
    size_t index; /* the reader's own */
};
/* Sorts them; ERR_FORMAT when two share a byte. */
int model_places_check(const char *path, struct model_place *place, size_t n, struct err *e);

/* By name, when all tensors are there.  ERR_FORMAT when two have one name. */
int model_tensors_index(struct model_file *m, struct err *e);

/* Take over the map, also when it fails; p and n are its bytes, or the caller's. */
int model_shard_add(struct model_file *m, const char *path, struct model_map map, const void *p,
                    size_t n, struct err *e);

/* ---- the formats ---- */

#define GGUF_ALIGNMENT_KEY "general.alignment"

int gguf_read(struct model_file *m, struct err *e); /* shard 0 */
/* Append the tensors of a shard; safetensors_is has been asked.  The header goes to *seen
 * (json_decref) where that is not NULL. */
int safetensors_read(struct model_file *m, int shard, json_t **seen, struct err *e);
/* The shards of the index that is m->path. */
int model_index_read(struct model_file *m, struct err *e);
/* What lies beside m->path. */
int model_documents_read(struct model_file *m, struct err *e);
extern const char *const model_document_names[MODEL_DOCUMENTS];
/* The file to open: the one in a folder, else the path itself. */
int model_folder_resolve(char out[PATH_MAX], const char *path, struct err *e);

/* Beginnings that tell a format. */
bool gguf_is(const uint8_t *p, size_t n);
bool safetensors_is(const uint8_t *p, size_t n);

#endif
