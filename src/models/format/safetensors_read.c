/* safetensors_read.c - the header of a safetensors file.
 *
 *   u64 N, then N bytes of JSON { "__metadata__": { key: text }, name: { "dtype": "F16",
 *   "shape": [...], "data_offsets": [begin, end] } }, then the data, where the offsets count from
 *
 * The data of the tensors fill the rest of the file: no holes, no overlap. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/size.h"
#include "models/format/model_parts.h"
#include "json/jsonio.h"

/* The format's own limit. */
enum { HEADER_BYTES_MAX = 100 * 1000 * 1000 };

static const struct {
    const char *name;
    size_t bytes;
    enum { WEIGHT, BUFFER, REFUSED } kind; /* a buffer holds indices or a mask */
    enum dtype dtype;
} dtypes[] = {
    { "F32", 4, WEIGHT, DTYPE_F32 },   { "F16", 2, WEIGHT, DTYPE_F16 },
    { "BF16", 2, WEIGHT, DTYPE_BF16 }, { "BOOL", 1, BUFFER, 0 },
    { "I16", 2, BUFFER, 0 },           { "U16", 2, BUFFER, 0 },
    { "I32", 4, BUFFER, 0 },           { "U32", 4, BUFFER, 0 },
    { "I64", 8, BUFFER, 0 },           { "U64", 8, BUFFER, 0 },
    { "F64", 8, REFUSED, 0 },          { "U8", 1, REFUSED, 0 },
    { "I8", 1, REFUSED, 0 },           { "F8_E4M3", 1, REFUSED, 0 },
    { "F8_E5M2", 1, REFUSED, 0 },      { "F8_E8M0", 1, REFUSED, 0 },
};
enum { SAFETENSORS_DTYPES = sizeof(dtypes) / sizeof(dtypes[0]) };

struct st_reader {
    struct model_file *m;
    const struct model_shard *shard;
    const char *path;          /* shown */
    size_t data, data_bytes;   /* where the data begin, and how many they are */
    struct tensor *tensor;     /* n of the header, in its order */
    struct model_place *place; /* the same, then sorted */
    size_t n;
    struct err *e;
};

static __attribute__((format(printf, 3, 4))) int bad_tensor(struct st_reader *r, const char *name,
                                                            const char *fmt, ...)
{
    char text[NAME_TEXT], what[120];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return ERR(r->e, ERR_FORMAT, "%s: tensor \"%s\": %s", r->path,
               name_text(text, (struct span){ name, strlen(name) }), what);
}

/* ---- one tensor ---- */

static int read_dtype(struct st_reader *r, const char *name, const json_t *o, int *row)
{
    const char *dtype = json_string_value(json_object_get(o, "dtype"));
    char text[NAME_TEXT];

    if (!dtype)
        return bad_tensor(r, name, "no text \"dtype\"");
    for (*row = 0; *row < SAFETENSORS_DTYPES; ++*row)
        if (strcmp(dtypes[*row].name, dtype) == 0)
            break;
    if (*row == SAFETENSORS_DTYPES || dtypes[*row].kind == REFUSED)
        return bad_tensor(r, name, "its type %.20s is not supported (F32, F16 and BF16 are)",
                          name_text(text, (struct span){ dtype, strlen(dtype) }));
    return 0;
}

/* A whole number of 0 or more at a place of an array. */
static bool count_at(const json_t *array, size_t i, uint64_t *out)
{
    const json_t *v = json_array_get(array, i);

    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return false;
    *out = (uint64_t)json_integer_value(v);
    return true;
}

static int read_shape(struct st_reader *r, const char *name, const json_t *o, struct tensor *t,
                      uint64_t *values)
{
    const json_t *shape = json_object_get(o, "shape");
    size_t n = json_array_size(shape);

    if (!json_is_array(shape) || n > TENSOR_DIMS_MAX)
        return bad_tensor(r, name, "\"shape\" must be a list of at most %d dimensions",
                          TENSOR_DIMS_MAX);
    for (int i = 0; i < TENSOR_DIMS_MAX; i++)
        t->dims[i] = 1;
    t->n_dims = n ? (int)n : 1; /* a scalar is a vector of one */
    *values = 1;
    for (size_t i = 0; i < n; i++) {
        if (!count_at(shape, i, &t->dims[i]))
            return bad_tensor(r, name, "\"shape\" holds what is no size");
        if (__builtin_mul_overflow(*values, t->dims[i], values))
            return bad_tensor(r, name, "the product of its dimensions does not fit 64 bits");
    }
    return 0;
}

static int read_place(struct st_reader *r, const char *name, const json_t *o, uint64_t bytes,
                      struct model_place *place)
{
    const json_t *offsets = json_object_get(o, "data_offsets");

    if (json_array_size(offsets) != 2 || !count_at(offsets, 0, &place->begin) ||
        !count_at(offsets, 1, &place->end))
        return bad_tensor(r, name, "\"data_offsets\" must be two places");
    if (place->begin > place->end || place->end > r->data_bytes)
        return bad_tensor(r, name, "its data, %llu to %llu, are not inside the file's, 0 to %zu",
                          (unsigned long long)place->begin, (unsigned long long)place->end,
                          r->data_bytes);
    if (place->end - place->begin != bytes)
        return bad_tensor(r, name, "%llu bytes of data; its shape and type make %llu",
                          (unsigned long long)(place->end - place->begin),
                          (unsigned long long)bytes);
    return 0;
}

static int read_tensor(struct st_reader *r, const char *name, const json_t *o, size_t i)
{
    struct tensor *t = &r->tensor[i];
    struct model_place *place = &r->place[i];
    uint64_t values = 0, bytes;
    int rc, row = 0;

    if (!json_is_object(o))
        return bad_tensor(r, name, "not described by an object");
    if (!*name)
        return bad_tensor(r, name, "it has no name");
    TRY(read_dtype(r, name, o, &row));
    TRY(read_shape(r, name, o, t, &values));
    if (__builtin_mul_overflow(values, dtypes[row].bytes, &bytes))
        return bad_tensor(r, name, "its size does not fit 64 bits");
    TRY(read_place(r, name, o, bytes, place));
    place->name = (struct span){ name, strlen(name) };
    place->begin += r->data;
    place->end += r->data;
    place->index = i;
    t->dtype = dtypes[row].dtype;
    t->bytes = bytes;
    t->data = dtypes[row].kind == WEIGHT ? r->shard->p + place->begin : NULL;
    t->shard = (int)(r->shard - r->m->shard);
    /* Old files do not pad their header: F16 at an odd address would need its own kernels. */
    if (dtypes[row].kind == WEIGHT && place->begin % 2)
        return bad_tensor(r, name,
                          "its data begin at the odd byte %llu; a current safetensors "
                          "writes them aligned",
                          (unsigned long long)place->begin);
out:
    return rc;
}

/* ---- all ---- */

static int check_whole(struct st_reader *r)
{
    uint64_t at = r->data;

    for (size_t i = 0; i < r->n; i++) {
        if (r->place[i].begin != at)
            return bad_tensor(r, r->place[i].name.p,
                              "its data begin at byte %llu of the file, those before it end at "
                              "%llu: the format has no holes",
                              (unsigned long long)r->place[i].begin, (unsigned long long)at);
        at = r->place[i].end;
    }
    if (at != r->data + r->data_bytes)
        return ERR(r->e, ERR_FORMAT, "%s: %llu bytes behind the last tensor", r->path,
                   (unsigned long long)(r->data + r->data_bytes - at));
    return 0;
}

/* In the order of the data; names become ours. */
static int keep(struct st_reader *r)
{
    size_t bytes = 0; /* less than the header has */
    char *block;
    int rc;

    TRY(model_tensors_reserve(r->m, r->n, r->e));
    for (size_t i = 0; i < r->n; i++)
        bytes += r->place[i].name.n + 1;
    block = model_names_block(r->m, bytes);
    if (!block)
        return ERR(r->e, ERR_NOMEM, "%s: no memory for the names of tensors", r->path);
    for (size_t i = 0; i < r->n; i++) {
        const struct model_place *place = &r->place[i];
        struct tensor *t = &r->tensor[place->index];

        if (!t->data) {
            r->m->left_out++;
            continue;
        }
        t->name = block;
        memcpy(block, place->name.p, place->name.n);
        block += place->name.n + 1;
        r->m->tensor[r->m->n_tensors++] = *t;
    }
out:
    return rc;
}

static int read_metadata(struct st_reader *r, json_t *metadata)
{
    const char *key, *mark;
    json_t *value;

    if (!metadata)
        return 0;
    if (!json_is_object(metadata))
        return ERR(r->e, ERR_FORMAT, "%s: __metadata__ is not an object", r->path);
    json_object_foreach(metadata, key, value) if (!json_is_string(value)) return ERR(
        r->e, ERR_FORMAT, "%s: __metadata__: \"%.40s\" is not a text", r->path, key);
    mark = json_string_value(json_object_get(metadata, MODEL_SYNTHETIC_KEY));
    if (mark && strcmp(mark, "true") == 0)
        r->m->synthetic = true;
    if (!r->m->metadata)
        r->m->metadata = json_incref(metadata);
    return 0;
}

static int read_header(struct st_reader *r, json_t *header)
{
    const char *name;
    json_t *value;
    size_t i = 0;
    int rc;

    if (!json_is_object(header))
        return ERR(r->e, ERR_FORMAT, "%s: its header is not an object", r->path);
    r->n = json_object_size(header) - (json_object_get(header, "__metadata__") != NULL);
    r->tensor = mem_calloc(r->n, sizeof(*r->tensor));
    r->place = mem_calloc(r->n, sizeof(*r->place));
    if (!r->tensor || !r->place)
        return ERR(r->e, ERR_NOMEM, "%s: no memory for %zu tensors", r->path, r->n);
    TRY(read_metadata(r, json_object_get(header, "__metadata__")));
    json_object_foreach(header, name, value) if (strcmp(name, "__metadata__") != 0)
        TRY(read_tensor(r, name, value, i++));
    TRY(model_places_check(r->path, r->place, r->n, r->e));
    TRY(check_whole(r));
    TRY(keep(r));
out:
    return rc;
}

static uint64_t header_bytes(const uint8_t *p)
{
    uint64_t n;

    memcpy(&n, p, sizeof(n));
    return n;
}

bool safetensors_is(const uint8_t *p, size_t n)
{
    return n > 8 && p[8] == '{';
}

int safetensors_read(struct model_file *m, int shard, json_t **seen, struct err *e)
{
    const struct model_shard *s = &m->shard[shard];
    struct st_reader r = { .m = m, .shard = s, .path = model_map_shown(s->path), .e = e };
    uint64_t n = header_bytes(s->p);
    json_t *header = NULL;
    int rc;

    if (n > HEADER_BYTES_MAX || n > s->n - 8)
        return ERR(e, ERR_FORMAT,
                   "%s: its header would have %llu bytes; the file has %zu, and %d is the limit",
                   r.path, (unsigned long long)n, s->n, HEADER_BYTES_MAX);
    r.data = 8 + (size_t)n;
    r.data_bytes = s->n - r.data;
    TRY(jsonio_parse((const char *)s->p + 8, (size_t)n, r.path, &header, e));
    TRY(read_header(&r, header));
out:
    mem_free(r.tensor);
    mem_free(r.place);
    if (seen && rc == 0)
        *seen = header;
    else
        json_decref(header);
    return rc;
}
