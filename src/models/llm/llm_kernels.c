/* llm_kernels.c - the code that an engine runs: a variant of every kernel, chosen once. */
#include "models/llm/llm_kernels.h"

#include <stdio.h>
#include <string.h>

/* The named variant where there is one that this CPU runs, else the preferred. */
#define CHOOSE(best, ...) ((name ? best(__VA_ARGS__, name) : NULL) ?: best(__VA_ARGS__, NULL))

static void choose_fast(struct llm_kernels *k, const struct cpu_info *cpu, const char *name)
{
    k->norm = CHOOSE(norm_best, cpu);
    k->rope = CHOOSE(rope_best, cpu);
    k->activation = CHOOSE(activation_best, cpu);
    k->attention = CHOOSE(attention_best, cpu);
}

static void choose_scalar(struct llm_kernels *k)
{
    int n;

    k->norm = &norm_variants(&n)[0];
    k->rope = &rope_variants(&n)[0];
    k->activation = &activation_variants(&n)[0];
    k->attention = &attention_variants(&n)[0];
}

struct chooser {
    struct llm_kernels *k;
    const struct cpu_info *cpu;
    const char *name;
};

static void choose_matrix(void *self, const struct weight *w)
{
    const struct chooser *c = self;
    const char *name = c->name;

    if (c->k->gemv[w->dtype])
        return;
    c->k->gemv[w->dtype] = CHOOSE(gemv_best, w->dtype, c->cpu);
    c->k->matmul[w->dtype] = CHOOSE(matmul_best, w->dtype, c->cpu);
}

/* Append "what", with a separator before all but the first; never twice the same. */
static void append(char *text, size_t cap, const char *what)
{
    size_t n = strlen(text);

    if (!strstr(text, what))
        snprintf(text + n, cap - n, "%s%s", n > 0 ? ", " : "", what);
}

static void describe(struct llm_kernels *k)
{
    char part[96];

    for (int t = 0; t < DTYPES; t++) {
        if (!k->gemv[t])
            continue;
        snprintf(part, sizeof(part), "%s %s/%s", dtype_info((enum dtype)t)->name, k->gemv[t]->name,
                 k->matmul[t]->name);
        append(k->path, sizeof(k->path), part);
        append(k->activations, sizeof(k->activations), act_kind_name(k->gemv[t]->act));
    }
    snprintf(part, sizeof(part), "attention %s", k->attention->name);
    append(k->path, sizeof(k->path), part);
}

void llm_kernels_choose(struct llm_kernels *k, const struct llm_model *m,
                        const struct cpu_info *cpu, enum llm_path path, const char *name)
{
    *k = (struct llm_kernels){ .reference = path == LLM_REFERENCE };
    if (k->reference) {
        choose_scalar(k);
        snprintf(k->path, sizeof(k->path), "reference");
        snprintf(k->activations, sizeof(k->activations), "%s", act_kind_name(ACT_F32));
        return;
    }
    choose_fast(k, cpu, name);
    llm_model_each_matrix(m, choose_matrix, &(struct chooser){ .k = k, .cpu = cpu, .name = name });
    describe(k);
}

enum act_kind llm_kernels_act(const struct llm_kernels *k, enum dtype t, bool many)
{
    if (k->reference)
        return ACT_F32;
    return many ? k->matmul[t]->act : k->gemv[t]->act;
}
