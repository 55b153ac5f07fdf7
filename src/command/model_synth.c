/* model_synth.c - `headroom model synth`: a model of true shape with random weights. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command/model_actions.h"
#include "core/axis.h"
#include "core/size.h"
#include "models/llm/llm_quantize.h"
#include "models/llm/llm_synth.h"

static int find_shape(const char *name, const struct llm_config **out, struct err *e)
{
    char names[200];
    size_t n = 0;

    *out = llm_shape(name);
    if (*out)
        return 0;
    for (int i = 0; llm_shape_name(i) && n < sizeof(names); i++)
        if (strncmp(llm_shape_name(i), "tiny-", 5) != 0)
            n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i > 0 ? ", " : "",
                                  llm_shape_name(i));
    return ERR(e, ERR_ARG, "model synth: no shape \"%.30s\": %s, or tiny-gpt2, ...", name, names);
}

static int read_format(const char *text, enum model_format *out, struct err *e)
{
    *out = text && strcmp(text, "safetensors") == 0 ? MODEL_SAFETENSORS : MODEL_GGUF;
    if (!text || *out == MODEL_SAFETENSORS || strcmp(text, "gguf") == 0)
        return 0;
    return ERR(e, ERR_ARG, "model synth: --format is gguf or safetensors, not \"%.40s\"", text);
}

static int read_types(const struct cli_args *a, struct llm_synth *s, struct err *e)
{
    const char *type = cli_value(a, "type"), *head = cli_value(a, "head");
    int rc;

    if (!type)
        return ERR(e, ERR_ARG, "model synth: which type?  (--type Q4_0, F16, ...)");
    TRY(dtype_parse(type, &s->dtype, e));
    s->head = llm_quantize_head(s->dtype, (size_t)s->shape->dim);
    if (head)
        TRY(dtype_parse(head, &s->head, e));
out:
    return rc;
}

static void show(const struct llm_synth *s, const char *path)
{
    char size[SIZE_TEXT];
    struct stat st;

    printf("%s: synthetic %s, %s (head %s), seed %llu", path, s->shape->name,
           dtype_info(s->dtype)->name,
           dtype_info(llm_quantize_fallback(s->head, (size_t)s->shape->dim))->name,
           (unsigned long long)s->seed);
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        printf(", %s", size_text(size, (uint64_t)st.st_size));
    printf("\n");
}

int model_synth(const struct cli_args *a, const struct cli_env *env, const char *const *word,
                int n_words, struct err *e)
{
    const char *path = cli_value(a, "output"), *vocab = cli_value(a, "vocab");
    const char *seed = cli_value(a, "seed");
    struct model_file *from = NULL;
    struct llm_synth s = { .format = MODEL_GGUF };
    int64_t n = 1;
    int rc;

    (void)env;
    if (n_words == 0)
        return ERR(e, ERR_ARG, "model synth: which shape?  (smollm2-135m, qwen2.5-0.5b, ...)");
    TRY(find_shape(word[0], &s.shape, e));
    TRY(read_types(a, &s, e));
    TRY(read_format(cli_value(a, "format"), &s.format, e));
    if (seed)
        TRY(parse_int(seed, 0, INT64_MAX, "--seed", &n, e));
    if (!path)
        return ERR(e, ERR_ARG, "model synth: where to?  (-o FILE)");
    if (vocab)
        TRY(model_file_open(&from, vocab, e));
    s.seed = (uint64_t)n;
    s.vocabulary = from;
    TRY(llm_synth_write(&s, path, e));
    show(&s, path);
out:
    model_file_close(from);
    return rc;
}
