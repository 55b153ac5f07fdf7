/* model_oracles.h - what holds for every model file that is accepted. */
#ifndef MODEL_ORACLES_H
#define MODEL_ORACLES_H

#include "fuzz.h"

#include <stdbool.h>

#include "core/mem.h"
#include "models/format/model_file.h"
#include "models/format/model_writer.h"

static int oracle_by_data(const void *a, const void *b)
{
    const struct tensor *const *x = a, *const *y = b;

    if ((*x)->data != (*y)->data)
        return (*x)->data < (*y)->data ? -1 : 1;
    return ((*x)->bytes > (*y)->bytes) - ((*x)->bytes < (*y)->bytes);
}

/* Every tensor is inside the file and has the bytes of its shape, none overlap, each is found. */
static void oracle_tensors(const struct model_file *m, const char *file, size_t size)
{
    size_t n;
    const struct tensor *t = model_file_tensors(m, &n),
                        **sorted = malloc((n + 1) * sizeof(*sorted));

    FUZZ_CHECK(sorted);
    for (size_t i = 0; i < n; i++) {
        size_t values = 1;
        const char *p = t[i].data;

        FUZZ_CHECK(t[i].n_dims >= 1 && t[i].n_dims <= TENSOR_DIMS_MAX);
        for (int d = 0; d < TENSOR_DIMS_MAX; d++) {
            FUZZ_CHECK(d < t[i].n_dims || t[i].dims[d] == 1);
            FUZZ_CHECK(!__builtin_mul_overflow(values, t[i].dims[d], &values));
        }
        FUZZ_CHECK(dtype_row_bytes(t[i].dtype, values) == t[i].bytes);
        FUZZ_CHECK(p >= file && p <= file + size && t[i].bytes <= (size_t)(file + size - p));
        FUZZ_CHECK(model_file_tensor(m, t[i].name) == &t[i]);
        sorted[i] = &t[i];
    }
    if (n)
        qsort(sorted, n, sizeof(*sorted), oracle_by_data);
    for (size_t i = 1; i < n; i++)
        FUZZ_CHECK((const char *)sorted[i - 1]->data + sorted[i - 1]->bytes <=
                   (const char *)sorted[i]->data);
    free(sorted);
}

/* Each key is found by its name, and its strings are inside the file. */
static void oracle_keys(const struct model_file *m, const char *file, size_t size)
{
    for (size_t i = 0; i < model_file_keys(m); i++) {
        enum gguf_type type, of;
        struct span key = model_file_key(m, i, &type), s = { file, 0 };
        char *name = fuzz_text((const uint8_t *)key.p, key.n);
        int64_t whole;
        double real;
        size_t n = 0;

        FUZZ_CHECK(model_file_has(m, name));
        FUZZ_CHECK(model_file_string(m, name, &s) == (type == GGUF_STRING));
        FUZZ_CHECK(model_file_array(m, name, &of, &n) == (type == GGUF_ARRAY));
        for (size_t k = 0; k <= n; k++) {
            bool text = model_file_array_string(m, name, k, &s);

            FUZZ_CHECK(!text || (s.p >= file && s.p + s.n <= file + size));
            FUZZ_CHECK(k < n || !text);
            if (model_file_array_int(m, name, k, &whole))
                FUZZ_CHECK(model_file_array_float(m, name, k, &real));
        }
        FUZZ_CHECK(s.p >= file && s.p + s.n <= file + size);
        free(name);
    }
}

static void oracle_same(const struct model_file *a, const struct model_file *b)
{
    size_t n, other;
    const struct tensor *t = model_file_tensors(a, &n);

    model_file_tensors(b, &other);
    FUZZ_CHECK(other <= n);
    /* How its data are aligned is a file's own. */
    FUZZ_CHECK(model_file_keys(a) == model_file_keys(b) + model_file_has(a, "general.alignment"));
    FUZZ_CHECK(model_file_synthetic(a) == model_file_synthetic(b));
    for (size_t i = 0; i < n; i++) {
        const struct tensor *u = model_file_tensor(b, t[i].name);

        if (t[i].bytes == 0) /* not written */
            continue;
        FUZZ_CHECK(u && u->dtype == t[i].dtype && u->n_dims == t[i].n_dims);
        FUZZ_CHECK(memcmp(u->dims, t[i].dims, sizeof(u->dims)) == 0 && u->bytes == t[i].bytes);
        FUZZ_CHECK(memcmp(u->data, t[i].data, u->bytes) == 0);
    }
}

static void oracle_copy_metadata(struct model_writer *w, const struct model_file *m)
{
    json_t *metadata = (json_t *)(uintptr_t)model_file_metadata(m), *value;
    const char *key;

    for (size_t i = 0; i < model_file_keys(m); i++)
        FUZZ_CHECK(model_writer_copy(w, m, i, NULL) == 0);
    json_object_foreach(metadata, key, value) if (*key)
    {
        struct span s = { json_string_value(value), json_string_length(value) };

        FUZZ_CHECK(model_writer_string(w, key, s, NULL) == 0);
    }
}

/* Written again and read, it is the same.  A file may ask for another alignment than we write. */
static void oracle_write_again(const struct model_file *m)
{
    struct model_writer *w;
    struct model_file *again;
    struct err e = { 0 };
    void *bytes;
    size_t n, size;
    const struct tensor *t = model_file_tensors(m, &n);
    int rc;

    FUZZ_CHECK(model_writer_new(&w, model_file_format(m), NULL) == 0);
    oracle_copy_metadata(w, m);
    for (size_t i = 0; i < n; i++)
        if (t[i].bytes)
            FUZZ_CHECK(
                model_writer_tensor(w, t[i].name, t[i].dtype, t[i].n_dims, t[i].dims, NULL) == 0);
    FUZZ_CHECK(model_writer_begin_memory(w, NULL) == 0);
    for (size_t i = 0; i < n; i++)
        FUZZ_CHECK(model_writer_write(w, t[i].data, t[i].bytes, NULL) == 0);
    FUZZ_CHECK(model_writer_take(w, &bytes, &size, NULL) == 0);
    model_writer_free(w);
    rc = model_file_open_memory(&again, bytes, size, "again", &e);
    if (rc < 0)
        fprintf(stderr, "%s\n", e.msg);
    FUZZ_CHECK(rc == 0);
    oracle_same(m, again);
    model_file_close(again);
    mem_free(bytes);
}

static void oracle_model(const uint8_t *data, size_t size)
{
    struct model_file *m = NULL;
    struct err e = { 0 };
    char *file = fuzz_copy(data, size);
    int rc = model_file_open_memory(&m, file, size, "input", &e);

    if (rc < 0) {
        FUZZ_CHECK(!m && rc == ERR_FORMAT && e.code == rc && strncmp(e.msg, "input: ", 7) == 0);
    } else {
        oracle_tensors(m, file, size);
        oracle_keys(m, file, size);
        oracle_write_again(m);
    }
    model_file_close(m);
    free(file);
}

#endif
