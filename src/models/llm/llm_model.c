/* llm_model.c - open a model: file, configuration, weights. */
#include "models/llm/llm_model.h"

#include <stdio.h>

#include "core/mem.h"

static void body_matrices(const struct llm_layer *y, void (*fn)(void *self, const struct weight *w),
                          void *self)
{
    const struct weight *all[] = { &y->q.w,    &y->k.w,  &y->v.w,   &y->o.w,
                                   &y->gate.w, &y->up.w, &y->down.w };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i]->data)
            fn(self, all[i]);
}

void llm_model_each_matrix(const struct llm_model *m,
                           void (*fn)(void *self, const struct weight *w), void *self)
{
    for (int i = 0; i < m->config.layers; i++)
        body_matrices(&m->weights.layers[i], fn, self);
    fn(self, &m->weights.head.w);
}

static void count_bytes(void *self, const struct weight *w)
{
    double *bytes = self;

    bytes[w->dtype] += (double)w->rows * (double)w->row_bytes;
}

/* "Q4_K+Q6_K (head Q8_0)": of the layers, most bytes first. */
static void name_types(struct llm_model *m)
{
    double bytes[DTYPES] = { 0 };
    size_t n = 0;

    for (int i = 0; i < m->config.layers; i++)
        body_matrices(&m->weights.layers[i], count_bytes, bytes);
    for (;;) {
        int most = 0;

        for (int t = 1; t < DTYPES; t++)
            if (bytes[t] > bytes[most])
                most = t;
        if (!(bytes[most] > 0))
            break;
        n += (size_t)snprintf(m->types + n, sizeof(m->types) - n, "%s%s", n > 0 ? "+" : "",
                              dtype_info((enum dtype)most)->name);
        bytes[most] = 0;
    }
    snprintf(m->types + n, sizeof(m->types) - n, " (head %s)",
             dtype_info(m->weights.head.w.dtype)->name);
}

int llm_model_from_file(struct llm_model **out, struct model_file *f, struct err *e)
{
    struct llm_model *m = mem_calloc(1, sizeof(*m));
    int rc = 0;

    *out = NULL;
    if (!m) {
        rc = ERR(e, ERR_NOMEM, "%s: no memory for a model", model_file_path(f));
        model_file_close(f);
        return rc;
    }
    m->file = f;
    TRY(llm_config_read(&m->config, f, e));
    TRY(llm_weights_load(&m->weights, f, &m->config, e));
    name_types(m);
    *out = m;
out:
    if (rc < 0)
        llm_model_close(m);
    return rc;
}

int llm_model_open(struct llm_model **out, const char *path, struct err *e)
{
    struct model_file *f;
    int rc = 0;

    *out = NULL;
    TRY(model_file_open(&f, path, e));
    TRY(llm_model_from_file(out, f, e));
out:
    return rc;
}

void llm_model_close(struct llm_model *m)
{
    if (!m)
        return;
    llm_weights_release(&m->weights);
    model_file_close(m->file);
    mem_free(m);
}

const struct llm_config *llm_model_config(const struct llm_model *m)
{
    return &m->config;
}

const struct model_file *llm_model_file(const struct llm_model *m)
{
    return m->file;
}

uint64_t llm_model_parameters(const struct llm_model *m)
{
    return m->weights.parameters;
}

const char *llm_model_types(const struct llm_model *m)
{
    return m->types;
}
