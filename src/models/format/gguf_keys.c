/* gguf_keys.c - what a GGUF file says about itself: values by key. */
#include <stdlib.h>
#include <string.h>

#include "models/format/model_parts.h"

static const struct gguf_key *key_named(const struct model_file *m, const char *name)
{
    struct span want = { name, strlen(name) };
    size_t lo = 0, hi = m->n_keys;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = span_compare(m->keys_by_name[mid]->name, want);

        if (c == 0)
            return m->keys_by_name[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

size_t model_file_keys(const struct model_file *m)
{
    return m->n_keys;
}

struct span model_file_key(const struct model_file *m, size_t i, enum gguf_type *type)
{
    BUG_ON(i >= m->n_keys);
    if (type)
        *type = m->key[i].type;
    return m->key[i].name;
}

bool model_file_has(const struct model_file *m, const char *key)
{
    return key_named(m, key) != NULL;
}

/* The file's values have any alignment. */
#define LOAD(type, p)                     \
    ({                                    \
        type value_;                      \
        memcpy(&value_, p, sizeof(type)); \
        value_;                           \
    })

static bool int_at(enum gguf_type type, const uint8_t *base, size_t i, int64_t *out)
{
    uint64_t wide;

    switch ((int)type) {
    case GGUF_U8: *out = base[i]; return true;
    case GGUF_I8: *out = base[i] < 128 ? base[i] : base[i] - 256; return true;
    case GGUF_U16: *out = LOAD(uint16_t, base + 2 * i); return true;
    case GGUF_I16: *out = LOAD(int16_t, base + 2 * i); return true;
    case GGUF_U32: *out = LOAD(uint32_t, base + 4 * i); return true;
    case GGUF_I32: *out = LOAD(int32_t, base + 4 * i); return true;
    case GGUF_I64: *out = LOAD(int64_t, base + 8 * i); return true;
    case GGUF_U64:
        wide = LOAD(uint64_t, base + 8 * i);
        if (wide > INT64_MAX)
            return false;
        *out = (int64_t)wide;
        return true;
    default: return false;
    }
}

static bool float_at(enum gguf_type type, const uint8_t *base, size_t i, double *out)
{
    int64_t whole;

    if (type == GGUF_F32) {
        *out = (double)LOAD(float, base + 4 * i);
    } else if (type == GGUF_F64) {
        *out = LOAD(double, base + 8 * i);
    } else if (type == GGUF_U64) {
        *out = (double)LOAD(uint64_t, base + 8 * i); /* also beyond INT64_MAX */
    } else if (int_at(type, base, i, &whole)) {
        *out = (double)whole;
    } else {
        return false;
    }
    return true;
}

bool model_file_int(const struct model_file *m, const char *key, int64_t *out)
{
    const struct gguf_key *k = key_named(m, key);

    return k && int_at(k->type, k->value, 0, out);
}

bool model_file_float(const struct model_file *m, const char *key, double *out)
{
    const struct gguf_key *k = key_named(m, key);

    return k && float_at(k->type, k->value, 0, out);
}

bool model_file_bool(const struct model_file *m, const char *key, bool *out)
{
    const struct gguf_key *k = key_named(m, key);

    if (!k || k->type != GGUF_BOOL)
        return false;
    *out = k->value[0] != 0;
    return true;
}

bool model_file_string(const struct model_file *m, const char *key, struct span *out)
{
    const struct gguf_key *k = key_named(m, key);

    if (!k || k->type != GGUF_STRING)
        return false;
    *out = (struct span){ (const char *)k->value, k->n };
    return true;
}

static const struct gguf_key *array_named(const struct model_file *m, const char *key)
{
    const struct gguf_key *k = key_named(m, key);

    return k && k->type == GGUF_ARRAY ? k : NULL;
}

bool model_file_array(const struct model_file *m, const char *key, enum gguf_type *of, size_t *n)
{
    const struct gguf_key *k = array_named(m, key);

    if (!k)
        return false;
    if (of)
        *of = k->of;
    if (n)
        *n = k->n;
    return true;
}

bool model_file_array_string(const struct model_file *m, const char *key, size_t i,
                             struct span *out)
{
    const struct gguf_key *k = array_named(m, key);

    if (!k || k->of != GGUF_STRING || i >= k->n)
        return false;
    *out = (struct span){ (const char *)k->value + k->begins[i] + 8,
                          (size_t)(k->begins[i + 1] - k->begins[i] - 8) };
    return true;
}

bool model_file_array_int(const struct model_file *m, const char *key, size_t i, int64_t *out)
{
    const struct gguf_key *k = array_named(m, key);

    return k && i < k->n && int_at(k->of, k->value, i, out);
}

bool model_file_array_float(const struct model_file *m, const char *key, size_t i, double *out)
{
    const struct gguf_key *k = array_named(m, key);

    return k && i < k->n && float_at(k->of, k->value, i, out);
}

bool model_file_array_bool(const struct model_file *m, const char *key, size_t i, bool *out)
{
    const struct gguf_key *k = array_named(m, key);

    if (!k || k->of != GGUF_BOOL || i >= k->n)
        return false;
    *out = k->value[i] != 0;
    return true;
}
