/* inspection_json.c - `headroom model inspect --json`: everything that the file says. */
#include <string.h>

#include "command/inspection.h"
#include "core/mem.h"
#include "json/jsonio.h"

static char *text_of(struct span s)
{
    char *text = mem_calloc(s.n + 1, 1);

    for (size_t i = 0; text && i < s.n; i++) {
        text[i] = s.p[i];
        if (!text[i])
            text[i] = ' '; /* a NUL would end it */
    }
    return text;
}

static json_t *new_span(struct span s)
{
    char *text = text_of(s);
    json_t *v = text ? jsonio_new_text(text) : NULL;

    mem_free(text);
    return v;
}

/* ---- keys ---- */

static json_t *element(const struct model_file *m, const char *key, enum gguf_type of, size_t i)
{
    struct span s = { "", 0 };
    int64_t whole;
    bool on;
    double x;

    if (of == GGUF_STRING)
        return model_file_array_string(m, key, i, &s) ? new_span(s) : NULL;
    if (of == GGUF_BOOL)
        return model_file_array_bool(m, key, i, &on) ? json_boolean(on) : NULL;
    if (model_file_array_int(m, key, i, &whole))
        return json_integer(whole);
    return model_file_array_float(m, key, i, &x) ? jsonio_new_real(x) : NULL;
}

static json_t *array(const struct model_file *m, const char *key)
{
    enum gguf_type of;
    json_t *all = json_array();
    bool lost = !all;
    size_t n = 0;

    model_file_array(m, key, &of, &n);
    for (size_t i = 0; i < n && !lost; i++)
        jsonio_append(all, element(m, key, of, i), &lost);
    return jsonio_done(all, lost);
}

static json_t *value(const struct model_file *m, const char *key, enum gguf_type type)
{
    struct span s = { "", 0 };
    int64_t whole;
    bool on;
    double x;

    if (type == GGUF_STRING)
        return model_file_string(m, key, &s) ? new_span(s) : NULL;
    if (type == GGUF_ARRAY)
        return array(m, key);
    if (type == GGUF_BOOL)
        return model_file_bool(m, key, &on) ? json_boolean(on) : NULL;
    if (model_file_int(m, key, &whole))
        return json_integer(whole);
    return model_file_float(m, key, &x) ? jsonio_new_real(x) : NULL;
}

static json_t *key_json(const struct model_file *m, size_t i)
{
    enum gguf_type type, of;
    char *name = text_of(model_file_key(m, i, &type));
    json_t *o = json_object();
    bool lost = !o || !name;

    if (!lost) {
        jsonio_put(o, "name", jsonio_new_text(name), &lost);
        jsonio_put(o, "type", jsonio_new_text(gguf_type_name(type)), &lost);
        if (model_file_array(m, name, &of, NULL))
            jsonio_put(o, "of", jsonio_new_text(gguf_type_name(of)), &lost);
        jsonio_put(o, "value", value(m, name, type), &lost);
    }
    mem_free(name);
    return jsonio_done(o, lost);
}

static json_t *keys_json(const struct model_file *m)
{
    json_t *all = json_array();
    bool lost = !all;

    for (size_t i = 0; i < model_file_keys(m) && !lost; i++)
        jsonio_append(all, key_json(m, i), &lost);
    return jsonio_done(all, lost);
}

/* ---- tensors ---- */

static json_t *tensor_json(const struct tensor *t)
{
    json_t *o = json_object(), *shape = json_array();
    bool lost = !o || !shape;

    for (int d = 0; d < t->n_dims; d++)
        jsonio_append(shape, jsonio_new_count(t->dims[d]), &lost);
    jsonio_put(o, "name", jsonio_new_text(t->name), &lost);
    jsonio_put(o, "type", jsonio_new_text(dtype_info(t->dtype)->name), &lost);
    jsonio_put(o, "shape", shape, &lost);
    jsonio_put(o, "bytes", jsonio_new_count(t->bytes), &lost);
    jsonio_put(o, "shard", json_integer(t->shard), &lost);
    return jsonio_done(o, lost);
}

static json_t *tensors_json(const struct model_file *m)
{
    json_t *all = json_array();
    bool lost = !all;
    size_t n;
    const struct tensor *t = model_file_tensors(m, &n);

    for (size_t i = 0; i < n && !lost; i++)
        jsonio_append(all, tensor_json(&t[i]), &lost);
    return jsonio_done(all, lost);
}

static json_t *total_json(const char *type, const struct inspection_total *t)
{
    json_t *o = json_object();
    bool lost = !o;

    if (type)
        jsonio_put(o, "type", jsonio_new_text(type), &lost);
    jsonio_put(o, "tensors", jsonio_new_count(t->tensors), &lost);
    jsonio_put(o, "parameters", jsonio_new_count(t->values), &lost);
    jsonio_put(o, "bytes", jsonio_new_count(t->bytes), &lost);
    jsonio_put(o, "bytes_per_weight",
               t->values ? jsonio_new_real((double)t->bytes / (double)t->values) : json_null(),
               &lost);
    return jsonio_done(o, lost);
}

static json_t *types_json(const struct inspection *x)
{
    json_t *all = json_array();
    bool lost = !all;

    for (int t = 0; t < DTYPES; t++)
        if (x->type[t].tensors)
            jsonio_append(all, total_json(dtype_info((enum dtype)t)->name, &x->type[t]), &lost);
    return jsonio_done(all, lost);
}

/* ---- what it is ---- */

static json_t *config_json(const struct llm_config *c)
{
    json_t *o = json_object();
    bool lost = !o;

    jsonio_put(o, "family", jsonio_new_text(llm_family_name(c->family)), &lost);
    jsonio_put(o, "name", jsonio_new_text(c->name), &lost);
    jsonio_put(o, "layers", json_integer(c->layers), &lost);
    jsonio_put(o, "embedding_length", json_integer(c->dim), &lost);
    jsonio_put(o, "feed_forward_length", json_integer(c->ff), &lost);
    jsonio_put(o, "heads", json_integer(c->heads), &lost);
    jsonio_put(o, "kv_heads", json_integer(c->kv_heads), &lost);
    jsonio_put(o, "head_length", json_integer(c->head_dim), &lost);
    jsonio_put(o, "vocabulary", json_integer(c->vocab), &lost);
    jsonio_put(o, "context_length", json_integer(c->context), &lost);
    jsonio_put(o, "sliding_window", c->window ? json_integer(c->window) : json_null(), &lost);
    jsonio_put(o, "tied_head", json_boolean(c->tied), &lost);
    return jsonio_done(o, lost);
}

static json_t *tokenizer_json(const struct tokenizer *t)
{
    json_t *o = json_object();
    bool lost = !o;

    jsonio_put(o, "kind", jsonio_new_text(tokenizer_kind(t)), &lost);
    jsonio_put(o, "tokens", json_integer(tokenizer_size(t)), &lost);
    return jsonio_done(o, lost);
}

static json_t *or_null(const json_t *v)
{
    return v ? json_deep_copy(v) : json_null();
}

json_t *inspection_json(const struct inspection *x)
{
    const struct model_file *m = x->file;
    bool gguf = model_file_format(m) == MODEL_GGUF;
    json_t *o = json_object();
    bool lost = !o;

    jsonio_put(o, "path", jsonio_new_text(model_file_path(m)), &lost);
    jsonio_put(o, "format", jsonio_new_text(gguf ? "gguf" : "safetensors"), &lost);
    jsonio_put(o, "bytes", jsonio_new_count(model_file_bytes(m)), &lost);
    jsonio_put(o, "shards", json_integer(model_file_shards(m)), &lost);
    jsonio_put(o, "synthetic", json_boolean(model_file_synthetic(m)), &lost);
    jsonio_put(o, "model", x->model ? config_json(llm_model_config(x->model)) : json_null(), &lost);
    jsonio_put(o, "model_reason", jsonio_new_text_or_null(x->no_model.msg), &lost);
    jsonio_put(o, "types_text", x->model ? jsonio_new_text(llm_model_types(x->model)) : json_null(),
               &lost);
    jsonio_put(o, "tokenizer", x->tokenizer ? tokenizer_json(x->tokenizer) : json_null(), &lost);
    jsonio_put(o, "tokenizer_reason", jsonio_new_text_or_null(x->no_tokenizer.msg), &lost);
    jsonio_put(o, "chat_template",
               x->chat != CHAT_NONE ? jsonio_new_text(chat_template_name(x->chat)) : json_null(),
               &lost);
    jsonio_put(o, "chat_template_reason", jsonio_new_text_or_null(x->no_chat.msg), &lost);
    jsonio_put(o, "total", total_json(NULL, &x->all), &lost);
    jsonio_put(o, "types", types_json(x), &lost);
    jsonio_put(o, "left_out", jsonio_new_count(model_file_left_out(m)), &lost);
    jsonio_put(o, "keys", keys_json(m), &lost);
    jsonio_put(o, "metadata", or_null(model_file_metadata(m)), &lost);
    jsonio_put(o, "config", or_null(model_file_json(m, "config.json")), &lost);
    jsonio_put(o, "tensors", tensors_json(m), &lost);
    return jsonio_done(o, lost);
}
