/* model_file.c - a model as it lies on disk: which files it is, opening and closing them. */
#include "models/format/model_file.h"

#include <limits.h>
#include <string.h>

#include "core/mem.h"
#include "models/format/model_parts.h"
#include "json/jsonio.h"

/* What people open by mistake, told by its beginning. */
static const struct {
    const char *begins;
    size_t n;
    const char *is;
} other_formats[] = {
    { "PK\3\4", 4, "a zip archive (PyTorch's .bin or .pt?)" },
    { "\x80\2", 2, "a Python pickle (PyTorch's old format)" },
    { "version https://git-lfs", 23, "a Git LFS pointer: the model itself was not downloaded" },
    { "<!DOCTYPE", 9, "a web page: the download went wrong" },
    { "<html", 5, "a web page: the download went wrong" },
    { "tjgg", 4, "GGJT, llama.cpp's format before GGUF" },
    { "fmgg", 4, "GGMF, llama.cpp's format before GGUF" },
    { "lmgg", 4, "GGML, llama.cpp's format before GGUF" },
    { "FUGG", 4, "GGUF with the bytes of each word swapped" },
};

static int unknown_format(const struct model_shard *s, struct err *e)
{
    for (size_t i = 0; i < sizeof(other_formats) / sizeof(other_formats[0]); i++)
        if (s->n >= other_formats[i].n &&
            memcmp(s->p, other_formats[i].begins, other_formats[i].n) == 0)
            return ERR(e, ERR_FORMAT, "%s: neither GGUF nor safetensors: it looks like %s",
                       model_map_shown(s->path), other_formats[i].is);
    return ERR(e, ERR_FORMAT,
               "%s: neither GGUF (which begins with \"GGUF\") nor safetensors (the length of its "
               "header, then \"{\")",
               model_map_shown(s->path));
}

int model_shard_add(struct model_file *m, const char *path, struct model_map map, const void *p,
                    size_t n, struct err *e)
{
    struct model_shard *s;

    if (m->n_shards == m->cap_shards) {
        int cap = m->cap_shards ? 2 * m->cap_shards : 1;
        struct model_shard *grown = mem_realloc(m->shard, (size_t)cap, sizeof(*grown));

        if (!grown)
            goto lost;
        m->shard = grown;
        m->cap_shards = cap;
    }
    s = &m->shard[m->n_shards];
    *s = (struct model_shard){ .path = mem_strdup(path), .map = map, .p = p, .n = n };
    if (!s->path)
        goto lost;
    m->n_shards++;
    return 0;
lost:
    model_map_close(&map);
    return ERR(e, ERR_NOMEM, "%s: no memory to open it", model_map_shown(path));
}

/* NULL without memory. */
static struct model_file *new_file(const char *path, struct err *e)
{
    struct model_file *m = mem_calloc(1, sizeof(*m));

    if (m)
        m->path = mem_strdup(path);
    if (m && m->path)
        return m;
    mem_free(m);
    ERR(e, ERR_NOMEM, "%s: no memory to open it", model_map_shown(path));
    return NULL;
}

static int finish(struct model_file **out, struct model_file *m, int rc, struct err *e)
{
    if (rc == 0)
        rc = model_file_check(m, e);
    if (rc < 0) {
        model_file_close(m);
        m = NULL;
    }
    *out = m;
    return rc;
}

/* One file of either format. */
static int read_one(struct model_file *m, struct err *e)
{
    const struct model_shard *s = &m->shard[0];
    int rc;

    if (gguf_is(s->p, s->n)) {
        m->format = MODEL_GGUF;
        return gguf_read(m, e);
    }
    if (!safetensors_is(s->p, s->n))
        return unknown_format(s, e);
    m->format = MODEL_SAFETENSORS;
    TRY(safetensors_read(m, 0, NULL, e));
    TRY(model_tensors_index(m, e));
    if (s->map.p)
        TRY(model_documents_read(m, e));
out:
    return rc;
}

/* JSON is an index.  A header of safetensors may have 123 bytes, and then begins with "{" too, but
 * none has so many that the eighth byte is not 0. */
static bool is_json(const struct model_map *map)
{
    size_t at = 0;

    while (at < map->n && map->p[at] && strchr(" \t\r\n", map->p[at]))
        at++;
    return at < map->n && map->p[at] == '{' && (map->n < 8 || map->p[7] != 0);
}

static int read_index(struct model_file *m, struct err *e)
{
    int rc;

    TRY(model_index_read(m, e));
    TRY(model_tensors_index(m, e));
    TRY(model_documents_read(m, e));
out:
    return rc;
}

int model_file_open(struct model_file **out, const char *path, struct err *e)
{
    struct model_file *m = NULL;
    struct model_map map = { 0 };
    char file[PATH_MAX];
    int rc;

    *out = NULL;
    TRY(model_folder_resolve(file, path, e));
    TRY(model_map_open(&map, file, e));
    m = new_file(file, e);
    if (!m) {
        rc = ERR_NOMEM;
        goto out;
    }
    if (is_json(&map)) {
        TRY(read_index(m, e));
    } else {
        rc = model_shard_add(m, file, map, map.p, map.n, e);
        map = (struct model_map){ 0 }; /* its own now */
        TRY(rc);
        TRY(read_one(m, e));
    }
out:
    model_map_close(&map);
    return m ? finish(out, m, rc, e) : rc;
}

int model_file_open_memory(struct model_file **out, const void *bytes, size_t n, const char *name,
                           struct err *e)
{
    struct model_file *m = NULL;
    int rc;

    *out = NULL;
    m = new_file(name, e);
    if (!m)
        return ERR_NOMEM;
    TRY(model_shard_add(m, name, (struct model_map){ 0 }, bytes, n, e));
    TRY(read_one(m, e));
out:
    return finish(out, m, rc, e);
}

void model_file_close(struct model_file *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_keys; i++)
        mem_free(m->key[i].begins);
    mem_free(m->key);
    mem_free(m->keys_by_name);
    for (size_t i = 0; i < m->n_names; i++)
        mem_free(m->names[i]);
    mem_free(m->names);
    mem_free(m->tensor);
    mem_free(m->by_name);
    json_decref(m->metadata);
    for (int i = 0; i < MODEL_DOCUMENTS; i++)
        json_decref(m->document[i]);
    for (int i = 0; i < m->n_shards; i++) {
        model_map_close(&m->shard[i].map);
        mem_free(m->shard[i].path);
    }
    mem_free(m->shard);
    mem_free(m->path);
    mem_free(m);
}

enum model_format model_file_format(const struct model_file *m)
{
    return m->format;
}

const char *model_file_path(const struct model_file *m)
{
    return m->path;
}

uint64_t model_file_bytes(const struct model_file *m)
{
    uint64_t sum = 0;

    for (int i = 0; i < m->n_shards; i++)
        sum += m->shard[i].n;
    return sum;
}

int model_file_shards(const struct model_file *m)
{
    return m->n_shards;
}

bool model_file_synthetic(const struct model_file *m)
{
    return m->synthetic;
}

int model_file_check(const struct model_file *m, struct err *e)
{
    int rc = 0;

    for (int i = 0; i < m->n_shards && rc == 0; i++)
        rc = model_map_check(&m->shard[i].map, m->shard[i].path, e);
    return rc;
}

const struct tensor *model_file_tensors(const struct model_file *m, size_t *n)
{
    *n = m->n_tensors;
    return m->tensor;
}

const struct tensor *model_file_tensor(const struct model_file *m, const char *name)
{
    size_t lo = 0, hi = m->n_tensors;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(m->by_name[mid]->name, name);

        if (c == 0)
            return m->by_name[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

const json_t *model_file_metadata(const struct model_file *m)
{
    return m->metadata;
}

size_t model_file_left_out(const struct model_file *m)
{
    return m->left_out;
}

const json_t *model_file_json(const struct model_file *m, const char *name)
{
    for (int i = 0; i < MODEL_DOCUMENTS; i++)
        if (strcmp(model_document_names[i], name) == 0)
            return m->document[i];
    return NULL;
}
