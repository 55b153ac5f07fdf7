/* model_folder.c - models of several files: a folder, an index of shards, what lies beside. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "models/format/model_parts.h"
#include "json/jsonio.h"

enum { JSON_BYTES_MAX = 256 << 20 };

static const char index_name[] = "model.safetensors.index.json";

const char *const model_document_names[MODEL_DOCUMENTS] = { "config.json", "tokenizer.json",
                                                            "tokenizer_config.json",
                                                            "generation_config.json" };

/* name in the folder of path. */
static int beside(char out[PATH_MAX], const char *path, const char *name, struct err *e)
{
    const char *slash = strrchr(path, '/');
    int n = slash ? (int)(slash - path) + 1 : 0;

    if (snprintf(out, PATH_MAX, "%.*s%s", n, path, name) >= PATH_MAX)
        return ERR(e, ERR_IO, "%s: the path is too long", model_map_shown(path));
    return 0;
}

static int read_json(const char *path, json_t **out, struct err *e)
{
    struct model_map map;
    int rc;

    TRY(model_map_open(&map, path, e));
    if (map.n > JSON_BYTES_MAX)
        rc = ERR(e, ERR_FORMAT, "%s: %zu bytes of JSON, at most %d are read", model_map_shown(path),
                 map.n, JSON_BYTES_MAX);
    else
        rc = jsonio_parse((const char *)map.p, map.n, model_map_shown(path), out, e);
    model_map_close(&map);
out:
    return rc;
}

int model_documents_read(struct model_file *m, struct err *e)
{
    char path[PATH_MAX];
    int rc = 0;

    for (int i = 0; i < MODEL_DOCUMENTS; i++) {
        TRY(beside(path, m->path, model_document_names[i], e));
        if (access(path, F_OK) == 0 || errno != ENOENT)
            TRY(read_json(path, &m->document[i], e));
    }
out:
    return rc;
}

/* ---- a folder ---- */

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);

    return n > k && strcmp(name + n - k, end) == 0;
}

/* What a folder holds. */
struct found {
    int gguf, safetensors;
    bool index, whole;         /* index_name; model.safetensors */
    char one[2][NAME_MAX + 1]; /* two of the names, for the message or to open */
};

static void look(DIR *d, struct found *f)
{
    struct dirent *entry;

    while ((entry = readdir(d))) {
        const char *name = entry->d_name;
        bool gguf = ends_with(name, ".gguf"), safetensors = ends_with(name, ".safetensors");

        if (name[0] == '.')
            continue;
        f->index |= strcmp(name, index_name) == 0;
        f->whole |= strcmp(name, "model.safetensors") == 0;
        if ((gguf || safetensors) && f->gguf + f->safetensors < 2)
            snprintf(f->one[f->gguf + f->safetensors], sizeof(f->one[0]), "%s", name);
        f->gguf += gguf;
        f->safetensors += safetensors;
    }
}

int model_folder_resolve(char out[PATH_MAX], const char *path, struct err *e)
{
    struct found f = { 0 };
    const char *name = NULL;
    struct stat st;
    DIR *d;

    if (snprintf(out, PATH_MAX, "%s", path) >= PATH_MAX)
        return ERR(e, ERR_IO, "%s: the path is too long", model_map_shown(path));
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return 0;
    d = opendir(path);
    if (!d)
        return ERR(e, ERR_IO, "%s: %s", model_map_shown(path), strerror(errno));
    look(d, &f);
    closedir(d);
    if (f.index && f.gguf == 0 && !f.whole)
        name = index_name;
    else if (!f.index && f.gguf + f.safetensors == 1)
        name = f.one[0];
    else if (f.gguf + f.safetensors == 0)
        return ERR(e, ERR_IO, "%s: a folder without a model: no *.gguf, *.safetensors or %s",
                   model_map_shown(path), index_name);
    else
        return ERR(e, ERR_IO, "%s: a folder with several models (%.40s, %.40s ...): name one",
                   model_map_shown(path), f.one[0], f.one[1][0] ? f.one[1] : index_name);
    if (snprintf(out, PATH_MAX, "%s/%s", path, name) >= PATH_MAX)
        return ERR(e, ERR_IO, "%s: the path is too long", model_map_shown(path));
    return 0;
}

/* ---- an index ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The files of a weight map, each once, sorted.  The texts are the map's. */
static int files_of(const char *path, json_t *map, const char ***out, size_t *n, struct err *e)
{
    size_t all = json_object_size(map), kept = 0;
    const char **file = mem_calloc(all, sizeof(*file)), *name;
    json_t *value;

    *out = file;
    *n = 0;
    if (!file)
        return ERR(e, ERR_NOMEM, "%s: no memory for %zu tensors", path, all);
    json_object_foreach(map, name, value)
    {
        const char *text = json_string_value(value);

        if (!text || !*text || strchr(text, '/') || strlen(text) > NAME_MAX)
            return ERR(e, ERR_FORMAT, "%s: weight_map: \"%.60s\" is not in a file beside the index",
                       path, name);
        file[(*n)++] = text;
    }
    if (*n == 0)
        return ERR(e, ERR_FORMAT, "%s: weight_map is empty", path);
    qsort(file, *n, sizeof(*file), by_text);
    for (size_t i = 0; i < *n; i++)
        if (kept == 0 || strcmp(file[kept - 1], file[i]) != 0)
            file[kept++] = file[i];
    *n = kept;
    return 0;
}

/* Take what a shard holds off the map: each tensor must be in the shard that the map says. */
static int check_off(const char *shard, const char *file, json_t *map, json_t *header,
                     struct err *e)
{
    const char *name;
    json_t *ignored;

    json_object_foreach((json_t *)(uintptr_t)header, name, ignored)
    {
        const char *where = json_string_value(json_object_get(map, name));

        if (strcmp(name, "__metadata__") == 0)
            continue;
        if (!where || strcmp(where, file) != 0)
            return ERR(e, ERR_FORMAT, "%s: tensor \"%.60s\": the index does not have it here",
                       model_map_shown(shard), name);
        json_object_del(map, name);
    }
    return 0;
}

static int read_shard(struct model_file *m, const char *path, const char *file, json_t *map,
                      struct err *e)
{
    char shard[PATH_MAX];
    json_t *header = NULL;
    struct model_map bytes;
    int rc;

    TRY(beside(shard, path, file, e));
    TRY(model_map_open(&bytes, shard, e));
    TRY(model_shard_add(m, shard, bytes, bytes.p, bytes.n, e));
    if (!safetensors_is(bytes.p, bytes.n)) {
        rc = ERR(e, ERR_FORMAT, "%s: not a safetensors file", model_map_shown(shard));
        goto out;
    }
    TRY(safetensors_read(m, m->n_shards - 1, &header, e));
    TRY(check_off(shard, file, map, header, e));
out:
    json_decref(header);
    return rc;
}

static int read_map(struct model_file *m, const char *path, json_t *map, struct err *e)
{
    const char **file = NULL;
    /* The files' names are in the map, which loses what is found: this holds them. */
    json_t *names = json_copy(map);
    void *missing;
    size_t n;
    int rc;

    if (!names)
        return ERR(e, ERR_NOMEM, "%s: no memory for the index", model_map_shown(path));
    TRY(files_of(model_map_shown(path), names, &file, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(read_shard(m, path, file[i], map, e));
    missing = json_object_iter(map);
    if (missing)
        rc = ERR(e, ERR_FORMAT, "%s: tensor \"%.60s\" is not in %.40s", model_map_shown(path),
                 json_object_iter_key(missing), json_string_value(json_object_iter_value(missing)));
out:
    mem_free(file);
    json_decref(names);
    return rc;
}

int model_index_read(struct model_file *m, struct err *e)
{
    json_t *index = NULL, *map;
    int rc;

    m->format = MODEL_SAFETENSORS;
    TRY(read_json(m->path, &index, e));
    map = json_object_get(index, "weight_map");
    if (!json_is_object(map))
        rc = ERR(e, ERR_FORMAT, "%s: JSON without an object \"weight_map\": not an index of shards",
                 model_map_shown(m->path));
    else
        rc = read_map(m, m->path, map, e);
out:
    json_decref(index);
    return rc;
}
