/* gguf_read.c - the header of a GGUF file, v2 or v3: keys, then tensors.
 *
 *   "GGUF", u32 version, u64 tensors, u64 keys
 *   a key:     string name, u32 type, value   (a string: u64 length, bytes; an array: u32 type,
 *                                              u64 count, elements)
 *   a tensor:  string name, u32 dimensions, u64 each (fastest first), u32 type, u64 offset
 *   padding to general.alignment, then the data, where the offsets count from
 *
 * Invariants: nothing is allocated for a count before the file is seen to be long enough for it;
 * every place is checked against what is left, never by adding to it. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/size.h"
#include "models/format/gguf_dtype.h"
#include "models/format/model_parts.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "model files are little-endian");

enum {
    KEY_BYTES_MIN = 8 + 1 + 4 + 1,
    TENSOR_BYTES_MIN = 8 + 1 + 4 + 8 + 4 + 8,
    NAME_BYTES_MAX = 65535, /* of a key, by the specification */
    ALIGNMENT_NORMAL = 32,
    ALIGNMENT_MIN = 8, /* by the specification */
    ALIGNMENT_MAX = 1 << 20,
};

struct gguf_reader {
    struct model_file *m;
    const char *path; /* shown */
    const uint8_t *p;
    size_t n, at;
    uint64_t n_tensors;
    size_t alignment;
    struct model_place *place; /* of the tensors, offsets until the data's start is known */
    struct err *e;
};

/* Fails at byte `at`. */
#define BAD(g, at, ...) gguf_bad((g), (at), __FILE_NAME__ ":" ERR_STR(__LINE__), __VA_ARGS__)

static __attribute__((format(printf, 4, 5))) int gguf_bad(struct gguf_reader *g, size_t at,
                                                          const char *where, const char *fmt, ...)
{
    char what[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return err_set(g->e, ERR_FORMAT, where, "%s: at byte %zu: %s", g->path, at, what);
}

static size_t left(const struct gguf_reader *g)
{
    return g->n - g->at;
}

static int need(struct gguf_reader *g, uint64_t bytes, const char *what)
{
    if (bytes > left(g))
        return BAD(g, g->at, "%s needs %llu bytes, the file has %zu left", what,
                   (unsigned long long)bytes, left(g));
    return 0;
}

static int take_u32(struct gguf_reader *g, uint32_t *out, const char *what)
{
    int rc = need(g, sizeof(*out), what);

    if (rc < 0)
        return rc;
    memcpy(out, g->p + g->at, sizeof(*out));
    g->at += sizeof(*out);
    return 0;
}

static int take_u64(struct gguf_reader *g, uint64_t *out, const char *what)
{
    int rc = need(g, sizeof(*out), what);

    if (rc < 0)
        return rc;
    memcpy(out, g->p + g->at, sizeof(*out));
    g->at += sizeof(*out);
    return 0;
}

static int take_string(struct gguf_reader *g, struct span *out, const char *what)
{
    uint64_t n;
    int rc = take_u64(g, &n, what);

    if (rc == 0)
        rc = need(g, n, what);
    if (rc < 0)
        return rc;
    *out = (struct span){ (const char *)g->p + g->at, (size_t)n };
    g->at += (size_t)n;
    return 0;
}

static int take_name(struct gguf_reader *g, struct span *out, const char *what)
{
    size_t at = g->at;
    int rc = take_string(g, out, what);

    if (rc < 0)
        return rc;
    if (out->n == 0 || out->n > NAME_BYTES_MAX)
        return BAD(g, at, "%s has %zu bytes, 1 to %d are allowed", what, out->n, NAME_BYTES_MAX);
    if (!span_is_utf8(*out))
        return BAD(g, at, "%s is not UTF-8", what);
    return 0;
}

/* ---- the head ---- */

static int bad_version(struct gguf_reader *g, uint32_t version)
{
    if ((version & 0xffff) == 0 && version != 0)
        return BAD(g, 4, "version %u when read as little-endian: this is a big-endian file",
                   version);
    return BAD(g, 4, "GGUF version %u; 2 and 3 are known", version);
}

static int read_head(struct gguf_reader *g)
{
    uint32_t version;
    uint64_t n_keys;
    int rc;

    g->at = 4;
    TRY(take_u32(g, &version, "the version"));
    if (version != 2 && version != 3)
        return bad_version(g, version);
    TRY(take_u64(g, &g->n_tensors, "the number of tensors"));
    TRY(take_u64(g, &n_keys, "the number of keys"));
    if (n_keys > left(g) / KEY_BYTES_MIN)
        return BAD(g, 16, "%llu keys do not fit into a file of %zu bytes",
                   (unsigned long long)n_keys, g->n);
    if (g->n_tensors > left(g) / TENSOR_BYTES_MIN)
        return BAD(g, 8, "%llu tensors do not fit into a file of %zu bytes",
                   (unsigned long long)g->n_tensors, g->n);
    g->m->key = mem_calloc((size_t)n_keys, sizeof(*g->m->key));
    if (!g->m->key)
        return ERR(g->e, ERR_NOMEM, "%s: no memory for %llu keys", g->path,
                   (unsigned long long)n_keys);
    g->m->n_keys = (size_t)n_keys;
out:
    return rc;
}

/* ---- keys ---- */

/* Bytes of a value whose size its type tells, else 0. */
static size_t scalar_bytes(uint32_t type)
{
    switch (type) {
    case GGUF_U8:
    case GGUF_I8:
    case GGUF_BOOL: return 1;
    case GGUF_U16:
    case GGUF_I16: return 2;
    case GGUF_U32:
    case GGUF_I32:
    case GGUF_F32: return 4;
    case GGUF_U64:
    case GGUF_I64:
    case GGUF_F64: return 8;
    default: return 0;
    }
}

static __attribute__((format(printf, 4, 5))) int bad_key(struct gguf_reader *g,
                                                         const struct gguf_key *k, size_t at,
                                                         const char *fmt, ...)
{
    char name[NAME_TEXT], what[100];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return BAD(g, at, "key \"%s\": %s", name_text(name, k->name), what);
}

static int check_bools(struct gguf_reader *g, const struct gguf_key *k, size_t at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (g->p[at + i] > 1)
            return bad_key(g, k, at + i, "a bool is 0 or 1, not %u", g->p[at + i]);
    return 0;
}

static int read_strings(struct gguf_reader *g, struct gguf_key *k)
{
    struct span s;

    if (k->n > left(g) / 8)
        return bad_key(g, k, g->at, "%zu strings do not fit into what is left of the file", k->n);
    k->begins = mem_calloc(k->n + 1, sizeof(*k->begins));
    if (!k->begins)
        return ERR(g->e, ERR_NOMEM, "%s: no memory for %zu strings", g->path, k->n);
    k->value = g->p + g->at;
    for (size_t i = 0; i < k->n; i++) {
        int rc;

        k->begins[i] = (uint64_t)(g->p + g->at - k->value);
        rc = take_string(g, &s, "a string of an array");
        if (rc < 0)
            return rc;
    }
    k->begins[k->n] = (uint64_t)(g->p + g->at - k->value);
    return 0;
}

static int read_array(struct gguf_reader *g, struct gguf_key *k)
{
    uint32_t of;
    uint64_t n;
    size_t at = g->at, size;
    int rc;

    TRY(take_u32(g, &of, "the type of an array"));
    TRY(take_u64(g, &n, "the length of an array"));
    if (of == GGUF_ARRAY)
        return bad_key(g, k, at, "arrays in an array are not read (type %u)", of);
    size = scalar_bytes(of);
    if (!size && of != GGUF_STRING)
        return bad_key(g, k, at, "an array of type %u; 0 to 12 are known", of);
    if (n > left(g))
        return bad_key(g, k, at, "%llu elements do not fit into what is left of the file",
                       (unsigned long long)n);
    k->of = (enum gguf_type)of;
    k->n = (size_t)n;
    if (!size)
        return read_strings(g, k);
    if (k->n > left(g) / size)
        return bad_key(g, k, at, "%llu elements do not fit into what is left of the file",
                       (unsigned long long)n);
    if (of == GGUF_BOOL)
        TRY(check_bools(g, k, g->at, k->n));
    k->value = g->p + g->at;
    g->at += k->n * size;
out:
    return rc;
}

static int read_value(struct gguf_reader *g, struct gguf_key *k, size_t at)
{
    size_t size = scalar_bytes(k->type);
    struct span s;
    int rc;

    if (k->type == GGUF_ARRAY)
        return read_array(g, k);
    if (k->type == GGUF_STRING) {
        TRY(take_string(g, &s, "a string"));
        k->value = (const uint8_t *)s.p;
        k->n = s.n;
        return 0;
    }
    if (!size)
        return bad_key(g, k, at, "type %u; 0 to 12 are known", (unsigned)k->type);
    TRY(need(g, size, "a value"));
    if (k->type == GGUF_BOOL)
        TRY(check_bools(g, k, g->at, 1));
    k->value = g->p + g->at;
    k->n = 1;
    g->at += size;
out:
    return rc;
}

static int read_key(struct gguf_reader *g, struct gguf_key *k)
{
    size_t at = g->at, type_at;
    uint32_t type;
    int rc;

    TRY(take_name(g, &k->name, "the name of a key"));
    type_at = g->at;
    TRY(take_u32(g, &type, "the type of a key"));
    k->type = (enum gguf_type)type;
    TRY(read_value(g, k, type_at));
    k->entry = (struct span){ (const char *)g->p + at, g->at - at };
out:
    return rc;
}

static int key_by_name(const void *a, const void *b)
{
    const struct gguf_key *const *x = a, *const *y = b;

    return span_compare((*x)->name, (*y)->name);
}

static int index_keys(struct gguf_reader *g)
{
    struct model_file *m = g->m;

    m->keys_by_name = mem_calloc(m->n_keys, sizeof(*m->keys_by_name));
    if (!m->keys_by_name)
        return ERR(g->e, ERR_NOMEM, "%s: no memory for %zu keys", g->path, m->n_keys);
    for (size_t i = 0; i < m->n_keys; i++)
        m->keys_by_name[i] = &m->key[i];
    if (m->n_keys)
        qsort(m->keys_by_name, m->n_keys, sizeof(*m->keys_by_name), key_by_name);
    for (size_t i = 1; i < m->n_keys; i++) {
        const struct gguf_key *a = m->keys_by_name[i - 1], *b = m->keys_by_name[i];
        const char *later = a->name.p > b->name.p ? a->name.p : b->name.p;

        if (span_compare(a->name, b->name) == 0)
            return bad_key(g, a, (size_t)((const uint8_t *)later - g->p), "is there twice");
    }
    return 0;
}

static int read_keys(struct gguf_reader *g)
{
    int64_t parts, alignment;
    int rc = 0;

    for (size_t i = 0; i < g->m->n_keys; i++)
        TRY(read_key(g, &g->m->key[i]));
    TRY(index_keys(g));
    g->alignment = ALIGNMENT_NORMAL;
    if (model_file_has(g->m, GGUF_ALIGNMENT_KEY)) {
        if (!model_file_int(g->m, GGUF_ALIGNMENT_KEY, &alignment) || alignment < ALIGNMENT_MIN ||
            alignment > ALIGNMENT_MAX || (alignment & (alignment - 1)) != 0)
            return ERR(g->e, ERR_FORMAT,
                       "%s: key \"" GGUF_ALIGNMENT_KEY "\" must be a power of two from %d to %d",
                       g->path, ALIGNMENT_MIN, ALIGNMENT_MAX);
        g->alignment = (size_t)alignment;
    }
    if (model_file_int(g->m, "split.count", &parts) && parts > 1)
        return ERR(g->e, ERR_FORMAT,
                   "%s: is one of %lld parts; put them together first (llama-gguf-split --merge)",
                   g->path, (long long)parts);
    if (!model_file_bool(g->m, MODEL_SYNTHETIC_KEY, &g->m->synthetic))
        g->m->synthetic = false;
out:
    return rc;
}

/* ---- tensors ---- */

static __attribute__((format(printf, 4, 5))) int bad_tensor(struct gguf_reader *g, struct span name,
                                                            size_t at, const char *fmt, ...)
{
    char text[NAME_TEXT], what[100];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return BAD(g, at, "tensor \"%s\": %s", name_text(text, name), what);
}

/* Dimensions, fastest first in the file, and their product without the fastest. */
static int read_dims(struct gguf_reader *g, struct span name, struct tensor *t, uint64_t *rows)
{
    size_t at = g->at;
    uint32_t n;
    int rc;

    *rows = 1;
    TRY(take_u32(g, &n, "the number of dimensions"));
    if (n < 1 || n > TENSOR_DIMS_MAX)
        return bad_tensor(g, name, at, "%u dimensions, 1 to %d are known", n, TENSOR_DIMS_MAX);
    t->n_dims = (int)n;
    for (int i = 0; i < TENSOR_DIMS_MAX; i++)
        t->dims[i] = 1;
    for (int i = (int)n - 1; i >= 0; i--) {
        uint64_t *d = &t->dims[i];

        at = g->at;
        TRY(take_u64(g, d, "a dimension"));
        if (*d == 0)
            return bad_tensor(g, name, at, "a dimension is 0");
        if (i < (int)n - 1 && __builtin_mul_overflow(*rows, *d, rows))
            return bad_tensor(g, name, at, "the product of its dimensions does not fit 64 bits");
    }
out:
    return rc;
}

static int read_dtype(struct gguf_reader *g, struct span name, struct tensor *t)
{
    size_t at = g->at;
    uint32_t type;
    int rc;

    TRY(take_u32(g, &type, "the type of a tensor"));
    if (!gguf_dtype_of(type, &t->dtype))
        return bad_tensor(g, name, at, "its type %u, %s, is not supported", type,
                          gguf_dtype_name(type));
out:
    return rc;
}

static int tensor_bytes(struct gguf_reader *g, struct span name, struct tensor *t, uint64_t rows,
                        size_t at)
{
    const struct dtype_info *d = dtype_info(t->dtype);
    uint64_t cols = t->dims[t->n_dims - 1], row;

    if (cols % (uint64_t)d->block)
        return bad_tensor(g, name, at, "rows of %llu values are no multiple of %s's block of %d",
                          (unsigned long long)cols, d->name, d->block);
    if (__builtin_mul_overflow(cols / (uint64_t)d->block, (uint64_t)d->bytes, &row) ||
        __builtin_mul_overflow(row, rows, &t->bytes) || t->bytes > SIZE_MAX / 2)
        return bad_tensor(g, name, at, "its size does not fit 64 bits");
    return 0;
}

static int read_tensor(struct gguf_reader *g, struct tensor *t, struct model_place *place)
{
    size_t at = g->at, offset_at;
    uint64_t rows;
    int rc;

    *t = (struct tensor){ 0 };
    TRY(take_name(g, &place->name, "the name of a tensor"));
    TRY(read_dims(g, place->name, t, &rows));
    TRY(read_dtype(g, place->name, t));
    TRY(tensor_bytes(g, place->name, t, rows, at));
    offset_at = g->at;
    TRY(take_u64(g, &place->begin, "the offset of a tensor"));
    if (place->begin % g->alignment)
        return bad_tensor(g, place->name, offset_at,
                          "its offset %llu is no multiple of the alignment, %zu",
                          (unsigned long long)place->begin, g->alignment);
out:
    return rc;
}

/* Names as C strings: the file's are not terminated. */
static int copy_names(struct gguf_reader *g)
{
    size_t bytes = 0; /* less than the file has */
    char *block;

    for (size_t i = 0; i < g->n_tensors; i++)
        bytes += g->place[i].name.n + 1;
    block = model_names_block(g->m, bytes);
    if (!block)
        return ERR(g->e, ERR_NOMEM, "%s: no memory for the names of tensors", g->path);
    for (size_t i = 0; i < g->n_tensors; i++) {
        struct span s = g->place[i].name;

        g->m->tensor[i].name = block;
        memcpy(block, s.p, s.n);
        block += s.n + 1;
    }
    return 0;
}

/* Offsets become places in the file, and must lie in it. */
static int place_tensors(struct gguf_reader *g)
{
    size_t data;

    if (size_pad(g->at, g->alignment, &data) != 0)
        return BAD(g, g->at, "no room for the data");
    for (size_t i = 0; i < g->n_tensors; i++) {
        struct model_place *place = &g->place[i];
        struct tensor *t = &g->m->tensor[i];
        size_t room = data < g->n ? g->n - data : 0;
        char name[NAME_TEXT];

        if (place->begin > room || t->bytes > room - place->begin)
            return ERR(g->e, ERR_FORMAT,
                       "%s: tensor \"%s\" has %llu bytes at byte %llu of the data, which has %zu: "
                       "the file is cut short or damaged",
                       g->path, name_text(name, place->name), (unsigned long long)t->bytes,
                       (unsigned long long)place->begin, room);
        place->begin += data;
        place->end = place->begin + t->bytes;
        t->data = g->p + place->begin;
    }
    return 0;
}

static int read_tensors(struct gguf_reader *g)
{
    size_t n = (size_t)g->n_tensors;
    int rc;

    TRY(model_tensors_reserve(g->m, n, g->e));
    g->place = mem_calloc(n, sizeof(*g->place));
    if (!g->place) {
        rc = ERR(g->e, ERR_NOMEM, "%s: no memory for %zu tensors", g->path, n);
        goto out;
    }
    for (size_t i = 0; i < n; i++)
        TRY(read_tensor(g, &g->m->tensor[i], &g->place[i]));
    TRY(copy_names(g));
    TRY(place_tensors(g));
    TRY(model_places_check(g->path, g->place, n, g->e));
    g->m->n_tensors = n;
    TRY(model_tensors_index(g->m, g->e));
out:
    mem_free(g->place);
    return rc;
}

bool gguf_is(const uint8_t *p, size_t n)
{
    return n >= 4 && memcmp(p, "GGUF", 4) == 0;
}

int gguf_read(struct model_file *m, struct err *e)
{
    const struct model_shard *s = &m->shard[0];
    struct gguf_reader g = {
        .m = m, .path = model_map_shown(s->path), .p = s->p, .n = s->n, .e = e
    };
    int rc;

    TRY(read_head(&g));
    TRY(read_keys(&g));
    TRY(read_tensors(&g));
out:
    return rc;
}
