/* gguf_write.c - the header of a GGUF v3 file; gguf_read.c says how it is laid out. */
#include <string.h>

#include "models/format/gguf_dtype.h"
#include "models/format/writer_parts.h"

static int put_u32(struct writer_bytes *b, uint32_t v, struct err *e)
{
    return writer_append(b, &v, sizeof(v), e);
}

static int put_u64(struct writer_bytes *b, uint64_t v, struct err *e)
{
    return writer_append(b, &v, sizeof(v), e);
}

static int put_string(struct writer_bytes *b, const char *p, size_t n, struct err *e)
{
    int rc = put_u64(b, n, e);

    return rc < 0 ? rc : writer_append(b, p, n, e);
}

int gguf_put(struct model_writer *w, const char *key, enum gguf_type type, const void *value,
             size_t n, struct err *e)
{
    struct writer_bytes *b = &w->entries;
    int rc;

    TRY(put_string(b, key, strlen(key), e));
    TRY(put_u32(b, type, e));
    if (type == GGUF_STRING)
        TRY(put_u64(b, n, e));
    TRY(writer_append(b, value, n, e));
out:
    return rc;
}

int gguf_header(const struct model_writer *w, struct writer_bytes *out, struct err *e)
{
    int rc;

    TRY(writer_append(out, "GGUF", 4, e));
    TRY(put_u32(out, 3, e));
    TRY(put_u64(out, w->n_tensors, e));
    TRY(put_u64(out, w->n_keys, e));
    TRY(writer_append(out, w->entries.p, w->entries.n, e));
    for (size_t i = 0; i < w->n_tensors; i++) {
        const struct writer_tensor *t = &w->tensor[i];

        TRY(put_string(out, t->name, strlen(t->name), e));
        TRY(put_u32(out, (uint32_t)t->n_dims, e));
        for (int d = t->n_dims - 1; d >= 0; d--)
            TRY(put_u64(out, t->dims[d], e));
        TRY(put_u32(out, gguf_dtype_number(t->dtype), e));
        TRY(put_u64(out, t->begin, e));
    }
    TRY(writer_append(out, NULL, -out->n & (GGUF_ALIGNMENT - 1), e));
out:
    return rc;
}
