/* llm_source.c - the tensors of a model as a GGUF file of it has them. */
#include "models/llm/llm_source.h"

#include <string.h>

#include "core/mem.h"
#include "models/llm/llm_config_hf.h"

size_t llm_source_cols(const struct llm_source_tensor *t)
{
    return (size_t)t->as.dims[t->as.n_dims - 1];
}

size_t llm_source_row_count(const struct llm_source_tensor *t)
{
    return t->as.n_dims == 2 ? (size_t)t->as.dims[0] : 1;
}

void llm_source_release(struct llm_source *s)
{
    mem_free(s->tensor);
    s->tensor = NULL;
}

/* ---- GGUF ---- */

static const struct llm_tensor *listed(const struct llm_tensor *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

static bool same_shape(const struct llm_tensor *want, const struct tensor *t)
{
    if (want->n_dims != t->n_dims)
        return false;
    for (int i = 0; i < t->n_dims; i++)
        if (want->dims[i] != t->dims[i])
            return false;
    return true;
}

static int check_shape(const struct model_file *m, const struct llm_tensor *want,
                       const struct tensor *t, struct err *e)
{
    if (same_shape(want, t))
        return 0;
    return ERR(e, ERR_FORMAT, "%s: tensor %.60s is %llu x %llu; expected %llu x %llu",
               model_file_path(m), t->name, (unsigned long long)t->dims[0],
               (unsigned long long)t->dims[1], (unsigned long long)want->dims[0],
               (unsigned long long)(want->n_dims == 2 ? want->dims[1] : 1));
}

/* Every tensor of the file, also those that we do not know. */
static int from_gguf(struct llm_source *s, const struct llm_tensor *list, size_t n, struct err *e)
{
    const struct tensor *t = model_file_tensors(s->m, &s->n);
    int rc = 0;

    s->tensor = mem_calloc(s->n, sizeof(*s->tensor));
    if (!s->tensor)
        return ERR(e, ERR_NOMEM, "%s: no memory for its tensors", model_file_path(s->m));
    for (size_t i = 0; i < s->n; i++) {
        const struct llm_tensor *want = listed(list, n, t[i].name);

        s->tensor[i].in = &t[i];
        s->tensor[i].known = want != NULL;
        if (want) {
            s->tensor[i].as = *want;
            TRY(check_shape(s->m, want, &t[i], e));
        }
    }
out:
    return rc;
}

/* ---- safetensors ---- */

/* phi3's gate and up are one matrix; GGUF names it after the second. */
static enum llm_role role_there(const struct llm_source *s, const struct llm_tensor *t)
{
    return s->c.family == LLM_PHI3 && t->role == LLM_UP ? LLM_GATE_UP : t->role;
}

static int bind(struct llm_source *s, struct llm_source_tensor *t, struct err *e)
{
    const char *suffix = t->as.bias ? "bias" : "weight";
    struct llm_tensor there = t->as;
    char name[LLM_NAME_MAX];

    t->known = true;
    if (t->as.role == LLM_ROPE_LONG || t->as.role == LLM_ROPE_SHORT) {
        t->factors = llm_config_hf_factors(s->m, t->as.role == LLM_ROPE_LONG ? "long_factor"
                                                                             : "short_factor");
        if (json_array_size(t->factors) == t->as.dims[0])
            return 0;
        return ERR(e, ERR_FORMAT, "%s: config.json does not have %llu of longrope's factors",
                   model_file_path(s->m), (unsigned long long)t->as.dims[0]);
    }
    llm_name(s->m, &s->c, role_there(s, &t->as), t->as.layer, suffix, name);
    t->in = model_file_tensor(s->m, name);
    if (!t->in)
        return ERR(e, ERR_FORMAT, "%s: no tensor %s", model_file_path(s->m), name);
    t->turned = s->c.family == LLM_GPT2 && t->as.role >= LLM_LAYER_ROLES && t->as.n_dims == 2;
    if (t->turned) {
        there.dims[0] = t->as.dims[1];
        there.dims[1] = t->as.dims[0];
    }
    if (s->c.family == LLM_LLAMA && t->as.role == LLM_Q)
        t->pair_heads = s->c.heads;
    if (s->c.family == LLM_LLAMA && t->as.role == LLM_K)
        t->pair_heads = s->c.kv_heads;
    return check_shape(s->m, &there, t->in, e);
}

static int from_safetensors(struct llm_source *s, const struct llm_tensor *list, size_t n,
                            struct err *e)
{
    int rc = 0;

    s->n = n;
    s->tensor = mem_calloc(n, sizeof(*s->tensor));
    if (!s->tensor)
        return ERR(e, ERR_NOMEM, "%s: no memory for its tensors", model_file_path(s->m));
    for (size_t i = 0; i < n; i++) {
        s->tensor[i].as = list[i];
        TRY(bind(s, &s->tensor[i], e));
    }
out:
    return rc;
}

int llm_source_open(struct llm_source *s, const struct model_file *m, struct err *e)
{
    struct llm_tensor *list = NULL;
    size_t n;
    int rc;

    *s = (struct llm_source){ .m = m };
    TRY(llm_config_read(&s->c, m, e));
    TRY(llm_tensors_list(&s->c, MODEL_GGUF, &list, &n, e));
    TRY(model_file_format(m) == MODEL_GGUF ? from_gguf(s, list, n, e)
                                           : from_safetensors(s, list, n, e));
out:
    mem_free(list);
    if (rc < 0)
        llm_source_release(s);
    return rc;
}

/* ---- rows ---- */

/* Which row of the file is row r: of each head, value j of the first and of the second half follow
 * each other. */
static size_t row_there(const struct llm_source_tensor *t, size_t r)
{
    size_t head = llm_source_row_count(t) / (size_t)t->pair_heads, i = r % head;

    return r - i + i % 2 * (head / 2) + i / 2;
}

/* Column r of what is [in, out] in the file; its types have single values for blocks. */
static void column(const struct llm_source_tensor *t, size_t r, float *x)
{
    size_t cols = llm_source_cols(t), rows = llm_source_row_count(t);
    size_t size = (size_t)dtype_info(t->in->dtype)->bytes;

    for (size_t c = 0; c < cols; c++)
        dtype_to_f32(t->in->dtype, (const char *)t->in->data + (c * rows + r) * size, x + c, 1);
}

void llm_source_rows(const struct llm_source_tensor *t, size_t row0, size_t row1, float *x)
{
    size_t cols = llm_source_cols(t);

    if (t->factors) {
        for (size_t i = 0; i < cols; i++)
            x[i] = (float)json_number_value(json_array_get(t->factors, i));
        return;
    }
    for (size_t r = row0; r < row1; r++, x += cols) {
        size_t there = t->pair_heads > 0 ? row_there(t, r) : r;

        if (t->turned)
            column(t, r, x);
        else
            dtype_to_f32(t->in->dtype,
                         (const char *)t->in->data + there * dtype_row_bytes(t->in->dtype, cols), x,
                         cols);
    }
}
