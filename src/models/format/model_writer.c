/* model_writer.c - write a model file: metadata and tensors as they are announced, then bytes. */
#include "models/format/model_writer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/size.h"
#include "models/format/model_parts.h"
#include "models/format/writer_parts.h"
#include "json/jsonio.h"

int writer_append(struct writer_bytes *b, const void *p, size_t n, struct err *e)
{
    if (n > b->cap - b->n) {
        size_t cap = b->cap ? b->cap : 4096, want;
        uint8_t *grown = NULL;

        if (size_add(b->n, n, &want) == 0) {
            while (cap < want && cap <= SIZE_MAX / 4)
                cap *= 2;
            grown = mem_realloc(b->p, cap < want ? want : cap, 1);
        }
        if (!grown)
            return ERR(e, ERR_NOMEM, "no memory for the header of a model file");
        b->p = grown;
        b->cap = cap < want ? want : cap;
    }
    if (p && n)
        memcpy(b->p + b->n, p, n);
    else if (n)
        memset(b->p + b->n, 0, n);
    b->n += n;
    return 0;
}

int model_writer_new(struct model_writer **out, enum model_format format, struct err *e)
{
    struct model_writer *w = mem_calloc(1, sizeof(*w));

    jsonio_init();
    *out = NULL;
    if (w && format == MODEL_SAFETENSORS)
        w->metadata = json_object();
    if (!w || (format == MODEL_SAFETENSORS && !w->metadata)) {
        mem_free(w);
        return ERR(e, ERR_NOMEM, "no memory to write a model");
    }
    w->format = format;
    w->file.fd = -1;
    *out = w;
    return 0;
}

void model_writer_free(struct model_writer *w)
{
    if (!w)
        return;
    atomic_file_abandon(&w->file);
    for (size_t i = 0; i < w->n_keys; i++)
        mem_free(w->key[i]);
    mem_free(w->key);
    for (size_t i = 0; i < w->n_tensors; i++)
        mem_free(w->tensor[i].name);
    mem_free(w->tensor);
    mem_free(w->entries.p);
    mem_free(w->memory);
    json_decref(w->metadata);
    mem_free(w);
}

/* ---- metadata ---- */

/* A key is taken before its value is put: what fails in between ends the writing anyway. */
static int take_key(struct model_writer *w, const char *key, struct err *e)
{
    char **grown, text[NAME_TEXT];
    struct span s = { key, strlen(key) };

    BUG_ON(w->begun);
    if (s.n == 0 || !span_is_utf8(s) ||
        (w->format == MODEL_GGUF && strcmp(key, GGUF_ALIGNMENT_KEY) == 0))
        return ERR(e, ERR_ARG, "\"%s\" is no key to put into a model file", name_text(text, s));
    for (size_t i = 0; i < w->n_keys; i++)
        if (strcmp(w->key[i], key) == 0)
            return ERR(e, ERR_ARG, "key \"%s\" twice in a model file", name_text(text, s));
    grown = mem_realloc(w->key, w->n_keys + 1, sizeof(*grown));
    if (!grown)
        return ERR(e, ERR_NOMEM, "no memory for the keys of a model file");
    w->key = grown;
    grown[w->n_keys] = mem_strdup(key);
    if (!grown[w->n_keys])
        return ERR(e, ERR_NOMEM, "no memory for the keys of a model file");
    w->n_keys++;
    return 0;
}

static int only_strings(const struct model_writer *w, const char *key, struct err *e)
{
    char text[NAME_TEXT];

    if (w->format != MODEL_SAFETENSORS)
        return 0;
    return ERR(e, ERR_ARG, "key \"%s\": metadata of safetensors are strings",
               name_text(text, (struct span){ key, strlen(key) }));
}

static int put(struct model_writer *w, const char *key, enum gguf_type type, const void *value,
               size_t n, struct err *e)
{
    int rc = only_strings(w, key, e);

    if (rc == 0)
        rc = take_key(w, key, e);
    return rc < 0 ? rc : gguf_put(w, key, type, value, n, e);
}

/* Bytes of an integer type and its range; false for another type. */
static bool int_range(enum gguf_type type, size_t *bytes, int64_t *lo, int64_t *hi)
{
    static const struct {
        enum gguf_type type;
        size_t bytes;
        int64_t lo, hi;
    } row[] = {
        { GGUF_U8, 1, 0, UINT8_MAX },   { GGUF_I8, 1, INT8_MIN, INT8_MAX },
        { GGUF_U16, 2, 0, UINT16_MAX }, { GGUF_I16, 2, INT16_MIN, INT16_MAX },
        { GGUF_U32, 4, 0, UINT32_MAX }, { GGUF_I32, 4, INT32_MIN, INT32_MAX },
        { GGUF_U64, 8, 0, INT64_MAX },  { GGUF_I64, 8, INT64_MIN, INT64_MAX },
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
        if (row[i].type == type) {
            *bytes = row[i].bytes;
            *lo = row[i].lo;
            *hi = row[i].hi;
            return true;
        }
    return false;
}

int model_writer_int(struct model_writer *w, const char *key, enum gguf_type type, int64_t value,
                     struct err *e)
{
    int64_t lo, hi;
    size_t bytes;

    if (!int_range(type, &bytes, &lo, &hi) || value < lo || value > hi)
        return ERR(e, ERR_ARG, "key \"%.60s\": %lld is no value of its type", key,
                   (long long)value);
    return put(w, key, type, &value, bytes, e); /* little-endian: the low bytes come first */
}

int model_writer_float(struct model_writer *w, const char *key, double value, struct err *e)
{
    float narrow = (float)value;

    return put(w, key, GGUF_F32, &narrow, sizeof(narrow), e);
}

int model_writer_bool(struct model_writer *w, const char *key, bool value, struct err *e)
{
    uint8_t byte = value;

    return put(w, key, GGUF_BOOL, &byte, 1, e);
}

int model_writer_string(struct model_writer *w, const char *key, struct span value, struct err *e)
{
    json_t *text;
    int rc;

    if (w->format == MODEL_GGUF)
        return put(w, key, GGUF_STRING, value.p, value.n, e);
    TRY(take_key(w, key, e));
    if (!span_is_utf8(value))
        return ERR(e, ERR_ARG, "key \"%.60s\": its value is not UTF-8", key);
    text = json_stringn(value.p, value.n);
    if (!text || json_object_set_new(w->metadata, key, text) != 0)
        return ERR(e, ERR_NOMEM, "no memory for the keys of a model file");
out:
    return rc;
}

/* What an array begins with. */
static int begin_array(struct writer_bytes *b, enum gguf_type of, size_t n, struct err *e)
{
    uint32_t type = of;
    uint64_t count = n;
    int rc = writer_append(b, &type, sizeof(type), e);

    return rc < 0 ? rc : writer_append(b, &count, sizeof(count), e);
}

int model_writer_strings(struct model_writer *w, const char *key, const struct span *s, size_t n,
                         struct err *e)
{
    struct writer_bytes b = { 0 };
    int rc;

    TRY(begin_array(&b, GGUF_STRING, n, e));
    for (size_t i = 0; i < n; i++) {
        uint64_t bytes = s[i].n;

        TRY(writer_append(&b, &bytes, sizeof(bytes), e));
        TRY(writer_append(&b, s[i].p, s[i].n, e));
    }
    TRY(put(w, key, GGUF_ARRAY, b.p, b.n, e));
out:
    mem_free(b.p);
    return rc;
}

int model_writer_numbers(struct model_writer *w, const char *key, enum gguf_type of, const void *p,
                         size_t n, struct err *e)
{
    struct writer_bytes b = { 0 };
    int64_t lo, hi;
    size_t size = sizeof(float), bytes;
    int rc;

    BUG_ON(of != GGUF_F32 && !int_range(of, &size, &lo, &hi));
    if (size_mul(n, size, &bytes) < 0)
        return ERR(e, ERR_ARG, "key \"%.60s\": its size does not fit 64 bits", key);
    TRY(begin_array(&b, of, n, e));
    TRY(writer_append(&b, p, bytes, e));
    TRY(put(w, key, GGUF_ARRAY, b.p, b.n, e));
out:
    mem_free(b.p);
    return rc;
}

int model_writer_copy(struct model_writer *w, const struct model_file *from, size_t key,
                      struct err *e)
{
    const struct gguf_key *k;
    char *name;
    int rc;

    BUG_ON(key >= from->n_keys);
    k = &from->key[key];
    if (span_compare(k->name, (struct span){ GGUF_ALIGNMENT_KEY, strlen(GGUF_ALIGNMENT_KEY) }) == 0)
        return 0;
    name = mem_calloc(k->name.n + 1, 1);
    if (!name)
        return ERR(e, ERR_NOMEM, "no memory for the keys of a model file");
    memcpy(name, k->name.p, k->name.n);
    if (k->type == GGUF_STRING) {
        rc = model_writer_string(w, name, (struct span){ (const char *)k->value, k->n }, e);
        goto out;
    }
    TRY(only_strings(w, name, e));
    TRY(take_key(w, name, e));
    TRY(writer_append(&w->entries, k->entry.p, k->entry.n, e));
out:
    mem_free(name);
    return rc;
}

/* ---- tensors ---- */

static int check_tensor(const struct model_writer *w, const char *name, enum dtype dtype,
                        int n_dims, const uint64_t *dims, struct err *e)
{
    char text[NAME_TEXT];
    struct span s = { name, strlen(name) };

    BUG_ON(w->begun || n_dims < 1 || n_dims > TENSOR_DIMS_MAX);
    name_text(text, s);
    if (s.n == 0 || !span_is_utf8(s) ||
        (w->format == MODEL_SAFETENSORS && strcmp(name, "__metadata__") == 0))
        return ERR(e, ERR_ARG, "\"%s\" is no name of a tensor", text);
    if (w->format == MODEL_SAFETENSORS && dtype != DTYPE_F32 && dtype != DTYPE_F16 &&
        dtype != DTYPE_BF16)
        return ERR(e, ERR_ARG, "tensor \"%s\": safetensors has no %s, only F32, F16 and BF16", text,
                   dtype_info(dtype)->name);
    for (int i = 0; i < n_dims; i++)
        if (dims[i] == 0)
            return ERR(e, ERR_ARG, "tensor \"%s\": a dimension is 0", text);
    for (size_t i = 0; i < w->n_tensors; i++)
        if (strcmp(w->tensor[i].name, name) == 0)
            return ERR(e, ERR_ARG, "tensor \"%s\" twice in a model file", text);
    return 0;
}

/* Where the next tensor begins, and how long it is. */
static int place_tensor(struct model_writer *w, struct writer_tensor *t, struct err *e)
{
    char text[NAME_TEXT];
    size_t bytes = dtype_row_bytes(t->dtype, (size_t)t->dims[t->n_dims - 1]), begin, end;
    int rc = 0;

    name_text(text, (struct span){ t->name, strlen(t->name) });
    if (bytes == 0)
        return ERR(e, ERR_ARG, "tensor \"%s\": rows of %llu values are no multiple of %s's block",
                   text, (unsigned long long)t->dims[t->n_dims - 1], dtype_info(t->dtype)->name);
    for (int i = 0; i < t->n_dims - 1 && rc == 0; i++)
        rc = size_mul(bytes, (size_t)t->dims[i], &bytes);
    if (rc == 0)
        rc = size_pad((size_t)w->data_bytes, w->format == MODEL_GGUF ? GGUF_ALIGNMENT : 1, &begin);
    if (rc == 0)
        rc = size_add(begin, bytes, &end);
    if (rc < 0)
        return ERR(e, ERR_ARG, "tensor \"%s\": its size does not fit 64 bits", text);
    t->begin = begin;
    t->bytes = bytes;
    w->data_bytes = end;
    return 0;
}

int model_writer_tensor(struct model_writer *w, const char *name, enum dtype dtype, int n_dims,
                        const uint64_t *dims, struct err *e)
{
    struct writer_tensor *grown, *t;
    int rc;

    TRY(check_tensor(w, name, dtype, n_dims, dims, e));
    grown = mem_realloc(w->tensor, w->n_tensors + 1, sizeof(*grown));
    if (!grown)
        return ERR(e, ERR_NOMEM, "no memory for the tensors of a model file");
    w->tensor = grown;
    t = &grown[w->n_tensors];
    *t = (struct writer_tensor){ .name = mem_strdup(name), .dtype = dtype, .n_dims = n_dims };
    if (!t->name)
        return ERR(e, ERR_NOMEM, "no memory for the tensors of a model file");
    w->n_tensors++;
    memcpy(t->dims, dims, (size_t)n_dims * sizeof(*dims));
    TRY(place_tensor(w, t, e));
out:
    return rc;
}

/* ---- bytes ---- */

static int write_all(const struct model_writer *w, const void *p, size_t n, struct err *e)
{
    const uint8_t *at = p;

    while (n) {
        ssize_t did = write(w->file.fd, at, n);

        if (did < 0 && errno == EINTR)
            continue;
        if (did < 0)
            return ERR(e, ERR_IO, "%s: %s", model_map_shown(w->file.path), strerror(errno));
        at += did;
        n -= (size_t)did;
    }
    return 0;
}

/* The next n bytes of the data; NULL: zeros, fewer than the alignment. */
static int put_data(struct model_writer *w, const void *p, size_t n, struct err *e)
{
    static const uint8_t zeros[GGUF_ALIGNMENT];
    int rc = 0;

    if (!w->in_memory)
        rc = write_all(w, p ? p : zeros, n, e);
    else if (p && n)
        memcpy(w->memory + w->header_bytes + w->at, p, n);
    w->at += n;
    return rc;
}

/* The tensor has its bytes: on to the next, over what lies between. */
static int move_on(struct model_writer *w, struct err *e)
{
    uint64_t to = w->data_bytes;

    if (++w->current < w->n_tensors)
        to = w->tensor[w->current].begin;
    return put_data(w, NULL, (size_t)(to - w->at), e);
}

static int header(struct model_writer *w, struct writer_bytes *out, struct err *e)
{
    int rc;

    BUG_ON(w->begun);
    /* ggml wants the last tensor padded too. */
    if (w->format == MODEL_GGUF)
        w->data_bytes += -w->data_bytes & (GGUF_ALIGNMENT - 1);
    rc = w->format == MODEL_GGUF ? gguf_header(w, out, e) : safetensors_header(w, out, e);
    w->header_bytes = out->n;
    w->begun = true;
    return rc;
}

int model_writer_begin(struct model_writer *w, const char *path, struct err *e)
{
    struct writer_bytes head = { 0 };
    int rc;

    TRY(header(w, &head, e));
    TRY(atomic_file_open(&w->file, path, e));
    TRY(write_all(w, head.p, head.n, e));
out:
    mem_free(head.p);
    return rc;
}

int model_writer_begin_memory(struct model_writer *w, struct err *e)
{
    struct writer_bytes head = { 0 };
    char size[SIZE_TEXT];
    size_t bytes;
    int rc;

    TRY(header(w, &head, e));
    if (size_add(head.n, (size_t)w->data_bytes, &bytes) == 0)
        w->memory = mem_calloc(bytes, 1);
    if (!w->memory) {
        rc = ERR(e, ERR_NOMEM, "no memory for a model of %s", size_text(size, w->data_bytes));
        goto out;
    }
    memcpy(w->memory, head.p, head.n);
    w->in_memory = true;
out:
    mem_free(head.p);
    return rc;
}

int model_writer_write(struct model_writer *w, const void *p, size_t n, struct err *e)
{
    const uint8_t *at = p;
    int rc = 0;

    BUG_ON(!w->begun);
    while (n) {
        const struct writer_tensor *t;
        uint64_t room;

        if (w->current == w->n_tensors)
            return ERR(e, ERR_ARG, "%zu bytes more than the tensors of the model have", n);
        t = &w->tensor[w->current];
        room = t->begin + t->bytes - w->at;
        if (room > n)
            room = n;
        TRY(put_data(w, at, (size_t)room, e));
        at += room;
        n -= (size_t)room;
        if (w->at == t->begin + t->bytes)
            TRY(move_on(w, e));
    }
out:
    return rc;
}

static int check_whole(const struct model_writer *w, struct err *e)
{
    const struct writer_tensor *t;
    char text[NAME_TEXT];

    BUG_ON(!w->begun);
    if (w->current == w->n_tensors)
        return 0;
    t = &w->tensor[w->current];
    return ERR(e, ERR_ARG, "tensor \"%s\" has got %llu of its %llu bytes",
               name_text(text, (struct span){ t->name, strlen(t->name) }),
               (unsigned long long)(w->at - t->begin), (unsigned long long)t->bytes);
}

int model_writer_commit(struct model_writer *w, struct err *e)
{
    int rc;

    BUG_ON(w->in_memory);
    TRY(check_whole(w, e));
    TRY(atomic_file_commit(&w->file, e));
out:
    return rc;
}

int model_writer_take(struct model_writer *w, void **bytes, size_t *n, struct err *e)
{
    int rc;

    BUG_ON(!w->in_memory);
    TRY(check_whole(w, e));
    *bytes = w->memory;
    *n = w->header_bytes + (size_t)w->data_bytes;
    w->memory = NULL;
out:
    return rc;
}
