/* safetensors_write.c - the header of a safetensors file: u64 length, then JSON. */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "models/format/writer_parts.h"
#include "json/jsonio.h"

/* The data begin at a multiple of this, so that they are aligned in a mapped file. */
enum { HEADER_ALIGNMENT = 8 };

static json_t *tensor_json(const struct writer_tensor *t)
{
    json_t *o = json_object(), *shape = json_array(), *place = json_array();
    bool lost = false;

    for (int i = 0; i < t->n_dims; i++)
        jsonio_append(shape, jsonio_new_count(t->dims[i]), &lost);
    jsonio_append(place, jsonio_new_count(t->begin), &lost);
    jsonio_append(place, jsonio_new_count(t->begin + t->bytes), &lost);
    jsonio_put(o, "dtype", jsonio_new_text(dtype_info(t->dtype)->name), &lost);
    jsonio_put(o, "shape", shape, &lost);
    jsonio_put(o, "data_offsets", place, &lost);
    return jsonio_done(o, lost);
}

int safetensors_header(const struct model_writer *w, struct writer_bytes *out, struct err *e)
{
    json_t *all = json_object();
    bool lost = false;
    char *text = NULL;
    uint64_t n;
    int rc;

    if (json_object_size(w->metadata))
        jsonio_put(all, "__metadata__", json_incref(w->metadata), &lost);
    for (size_t i = 0; i < w->n_tensors; i++)
        jsonio_put(all, w->tensor[i].name, tensor_json(&w->tensor[i]), &lost);
    all = jsonio_done(all, lost);
    if (all)
        text = jsonio_text_of(all);
    if (!text) {
        rc = ERR(e, ERR_NOMEM, "no memory for the header of a model file");
        goto out;
    }
    n = strlen(text);
    n += -n & (HEADER_ALIGNMENT - 1);
    TRY(writer_append(out, &n, sizeof(n), e));
    TRY(writer_append(out, text, strlen(text), e));
    while (out->n < sizeof(n) + n)
        TRY(writer_append(out, " ", 1, e));
out:
    mem_free(text);
    json_decref(all);
    return rc;
}
