/* perplexity.c - `headroom perplexity`: how well a model predicts a text. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/model_place.h"
#include "core/atomic_file.h"
#include "core/axis.h"
#include "core/mem.h"
#include "models/llm/llm_perplexity.h"
#include "models/text/tokenizer.h"
#include "json/jsonio.h"

enum { CONTEXT = 512, CONTEXT_MIN = 4, TEXT_MAX = 1 << 30 };

static const struct cli_option options[] = {
    { "model", 'm', "MODEL",
      "a GGUF file, safetensors (file, index or folder), or a name in the models' folder",
      "@files" },
    { "file", 'f', "FILE", "the text", "@files" },
    { "ctx", 0, "N", "tokens of a window, half of which count (default 512)", NULL },
    { "kl-save", 0, "FILE", "keep the predictions, for --kl", "@files" },
    { "kl", 0, "FILE", "hold the predictions against those that --kl-save kept", "@files" },
    { "reference", 0, NULL, "compute in F32 with plain code (slow)", NULL },
    { "threads", 't', "N", "threads (default: one a core)", NULL },
    { "json", 0, NULL, "print JSON alone on standard output", NULL },
};

struct session {
    const struct cli_env *env;
    const char *model_path, *text_path, *save_path, *base_path;
    int context, threads;
    bool reference, json;

    struct llm_model *model;
    struct tokenizer *tokenizer;
    struct llm *llm;
    struct tokens tokens;
    struct llm_logits_writer *save;
    struct llm_logits_reader *base;
    struct llm_perplexity result;
};

/* ---- the options ---- */

static int read_number(const struct cli_args *a, const char *name, int lo, int hi, int *out,
                       struct err *e)
{
    const char *text = cli_value(a, name);
    int64_t value = *out;
    char what[32];
    int rc = 0;

    snprintf(what, sizeof(what), "--%s", name);
    if (text)
        TRY(parse_int(text, lo, hi, what, &value, e));
    *out = (int)value;
out:
    return rc;
}

static int read_options(struct session *s, const struct cli_args *a, struct err *e)
{
    int rc = 0;

    s->model_path = cli_value(a, "model");
    s->text_path = cli_value(a, "file");
    s->save_path = cli_value(a, "kl-save");
    s->base_path = cli_value(a, "kl");
    s->reference = cli_flag(a, "reference");
    s->json = cli_flag(a, "json");
    s->context = CONTEXT;
    if (!s->model_path || !s->text_path)
        return ERR(e, ERR_ARG, "perplexity: wants a model (-m MODEL) and a text (-f FILE)");
    if (s->save_path && s->base_path && strcmp(s->save_path, s->base_path) == 0)
        return ERR(e, ERR_ARG, "--kl-save would write over what --kl reads: %s", s->base_path);
    TRY(read_number(a, "ctx", CONTEXT_MIN, 1 << 24, &s->context, e));
    TRY(read_number(a, "threads", 1, 1 << 16, &s->threads, e));
out:
    return rc;
}

/* ---- the work ---- */

static int read_text(struct session *s, struct err *e)
{
    char *text = NULL;
    size_t n;
    int rc = 0;

    TRY(atomic_file_read(s->text_path, TEXT_MAX, &text, &n, e));
    TRY(tokenizer_encode(s->tokenizer, text, n, TOKENIZE_ADD, &s->tokens, e));
out:
    mem_free(text);
    return rc;
}

/* The begin-of-sequence token where the model wants one: what it puts before a text. */
static int32_t begin_token(const struct session *s)
{
    int32_t bos = tokenizer_bos(s->tokenizer);

    return bos >= 0 && s->tokens.n > 0 && s->tokens.id[0] == bos ? bos : -1;
}

static int show_progress(void *self, size_t window, size_t windows, double perplexity,
                         struct err *e)
{
    const struct session *s = self;

    if (s->env->stderr_tty)
        fprintf(stderr, "\rwindow %zu of %zu: %.4f ", window, windows, perplexity);
    if (*s->env->stop)
        return ERR(e, ERR_INTERRUPT, "interrupted");
    return 0;
}

static int open_logits(struct session *s, const struct llm_perplexity_job *j, struct err *e)
{
    const struct llm_logits_of of = llm_perplexity_logits(j);
    int rc = 0;

    if (s->base_path)
        TRY(llm_logits_open(&s->base, s->base_path, &of, e));
    if (s->save_path)
        TRY(llm_logits_create(&s->save, s->save_path, &of, e));
out:
    return rc;
}

static int measure(struct session *s, struct err *e)
{
    struct llm_options o = { .path = s->reference ? LLM_REFERENCE : LLM_FAST,
                             .threads = s->threads,
                             .context = s->context,
                             .kv_dtype = DTYPE_F16 };
    struct llm_perplexity_job j = { .context = s->context, .progress = show_progress, .self = s };
    char place[MODEL_PLACE_TEXT];
    int rc = 0;

    TRY(llm_model_open(&s->model, model_place(s->env, s->model_path, place), e));
    TRY(tokenizer_open(&s->tokenizer, llm_model_file(s->model), e));
    TRY(read_text(s, e));
    TRY(llm_new(&s->llm, s->model, &o, e));
    j.llm = s->llm;
    j.tokens = s->tokens.id;
    j.n = s->tokens.n;
    j.bos = begin_token(s);
    TRY(open_logits(s, &j, e));
    j.save = s->save;
    j.base = s->base;
    rc = llm_perplexity_run(&j, &s->result, e);
    if (s->env->stderr_tty)
        fprintf(stderr, "\n");
    if (rc == 0 && s->save)
        TRY(llm_logits_commit(s->save, e));
out:
    return rc;
}

/* ---- the answer ---- */

static void print_text(const struct session *s)
{
    const struct llm_perplexity *r = &s->result;

    printf("model        %s, %s%s\n", llm_model_config(s->model)->name, llm_model_types(s->model),
           model_file_synthetic(llm_model_file(s->model)) ? ", synthetic weights" : "");
    printf("text         %s: %zu tokens, %zu windows of %d, %zu tokens count\n", s->text_path,
           s->tokens.n, r->windows, s->context, r->scored);
    printf("path         %s; activations %s; %d threads\n", llm_path_text(s->llm),
           llm_activations_text(s->llm), llm_threads(s->llm));
    printf("perplexity   %.4f +- %.4f\n", r->perplexity.value, r->perplexity.error);
    if (!s->base)
        return;
    printf("KL           %.6f +- %.6f (largest %.4f), from %s\n", r->kl.value, r->kl.error,
           r->kl_max, s->base_path);
    printf("same top     %.2f +- %.2f %%\n", 100 * r->same_top.value, 100 * r->same_top.error);
}

static void put_mean(json_t *all, const char *name, const struct llm_mean *m, bool *lost)
{
    json_t *pair = json_object();

    jsonio_put(pair, "value", jsonio_new_real(m->value), lost);
    jsonio_put(pair, "error", jsonio_new_real(m->error), lost);
    jsonio_put(all, name, pair, lost);
}

static int print_json(const struct session *s, struct err *e)
{
    const struct llm_perplexity *r = &s->result;
    json_t *all;
    bool lost = false;

    jsonio_init();
    all = json_object();
    jsonio_put(all, "model", jsonio_new_text(llm_model_config(s->model)->name), &lost);
    jsonio_put(all, "types", jsonio_new_text(llm_model_types(s->model)), &lost);
    jsonio_put(all, "synthetic", json_boolean(model_file_synthetic(llm_model_file(s->model))),
               &lost);
    jsonio_put(all, "text", jsonio_new_text(s->text_path), &lost);
    jsonio_put(all, "tokens", jsonio_new_count(s->tokens.n), &lost);
    jsonio_put(all, "context", jsonio_new_count((uint64_t)s->context), &lost);
    jsonio_put(all, "windows", jsonio_new_count(r->windows), &lost);
    jsonio_put(all, "scored", jsonio_new_count(r->scored), &lost);
    jsonio_put(all, "path", jsonio_new_text(llm_path_text(s->llm)), &lost);
    jsonio_put(all, "activations", jsonio_new_text(llm_activations_text(s->llm)), &lost);
    jsonio_put(all, "threads", jsonio_new_count((uint64_t)llm_threads(s->llm)), &lost);
    put_mean(all, "nll", &r->nll, &lost);
    put_mean(all, "perplexity", &r->perplexity, &lost);
    if (s->base) {
        put_mean(all, "kl", &r->kl, &lost);
        jsonio_put(all, "kl_max", jsonio_new_real(r->kl_max), &lost);
        put_mean(all, "same_top", &r->same_top, &lost);
    }
    all = jsonio_done(all, lost);
    if (!all)
        return ERR(e, ERR_NOMEM, "no memory for the answer");
    json_dumpf(all, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(all);
    return 0;
}

static void release(struct session *s)
{
    llm_logits_writer_free(s->save);
    llm_logits_close(s->base);
    tokens_release(&s->tokens);
    llm_free(s->llm);
    tokenizer_close(s->tokenizer);
    llm_model_close(s->model);
}

static int perplexity_run(const struct cli_args *a, const struct cli_env *env)
{
    struct session s = { .env = env };
    struct err e = { 0 };
    int rc = 0;

    TRY(read_options(&s, a, &e));
    TRY(measure(&s, &e));
    if (s.json)
        TRY(print_json(&s, &e));
    else
        print_text(&s);
out:
    release(&s);
    if (rc == ERR_INTERRUPT)
        return EXIT_SIGNAL + (int)*env->stop;
    return rc < 0 ? cli_fail(&e) : EXIT_FINE;
}

const struct command command_perplexity = {
    .name = "perplexity",
    .arguments = "-m MODEL -f FILE",
    .summary = "how well a model predicts a text, and how far it is from another file of it",
    .description =
        "Predicts every token of the text from those before it and prints the perplexity: exp of "
        "the mean of -log p.  Windows, what counts in them and the error are llama.cpp's, so that "
        "figures compare.\n"
        "\n"
        "--kl-save keeps the predictions of one file (of F16 weights, say), and --kl holds those "
        "of another against them: the mean Kullback-Leibler divergence, and the share of positions "
        "with the same most likely token.  Speed of a quantised file says little without them.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = 0,
    .run = perplexity_run,
};
