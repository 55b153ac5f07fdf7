/* llm_subject.c - the model that a benchmark of models.llm measures. */
#include "models/llm/llm_subject.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/mem.h"
#include "host/cpu.h"
#include "kernels/gemm/matmul.h"
#include "kernels/gemv/gemv.h"
#include "models/llm/llm_quantize.h"
#include "models/llm/llm_synth.h"

/* Tokens that the reference path checks: each costs it every weight in scalar code.  One more than
 * go through the matrix-vector product, so that a prompt of them takes the path of prompts. */
enum { CHECKED = GEMV_TOKENS + 1 };

const char *const llm_subject_dtype_names[] = { "file",  "f32",   "f16",    "bf16", "q4_0", "q4_1",
                                                "q5_0",  "q5_1",  "q8_0",   "q4_k", "q5_k", "q6_k",
                                                "tq1_0", "tq2_0", "tq2_64", NULL };
const char *const llm_subject_threads_names[] = { "one", "all", NULL };

enum { DTYPE_OF_FILE = 0, DTYPE_FIRST = 1 }; /* then enum dtype */

/* ---- finding and opening ---- */

bool llm_subject_find(const char *models, const char *name, char *path, size_t cap)
{
    static const char *const ends[] = { ".gguf", ".safetensors", "" };

    for (size_t i = 0; models[0] && i < sizeof(ends) / sizeof(ends[0]); i++) {
        int n = snprintf(path, cap, "%s/%s%s", models, name, ends[i]);

        if (n > 0 && (size_t)n < cap && access(path, F_OK) == 0)
            return true;
    }
    path[0] = '\0';
    return false;
}

/* A type of weights, or the file's own. */
struct wanted {
    bool given;
    enum dtype dtype;
};

static struct wanted wanted_of(const struct params *p)
{
    int64_t v = params_has(p, "dtype") ? params_get(p, "dtype") : DTYPE_OF_FILE;

    if (v == DTYPE_OF_FILE)
        return (struct wanted){ .dtype = DTYPE_Q4_1 };
    return (struct wanted){ .given = true, .dtype = (enum dtype)(v - DTYPE_FIRST) };
}

static int make_synthetic(struct llm_subject *s, struct bench_ctx *c, struct wanted w,
                          struct err *e)
{
    const char *name = params_text(c->params, "model");
    struct llm_synth synth = { .shape = llm_shape(name), .seed = c->seed };

    if (!synth.shape)
        return ERR(e, ERR_NOTSUP,
                   "no model \"%s\": there is no %s.gguf in %.80s, and no shape of that name", name,
                   name, c->models[0] ? c->models : "a folder (--models)");
    synth.dtype = w.dtype;
    synth.head = llm_quantize_head(synth.dtype, (size_t)synth.shape->dim);
    s->synthetic = true;
    c->result->origin = ORIGIN_SYNTHETIC;
    snprintf(c->inputs, sizeof(c->inputs), "random weights of %s, seed %llu", name,
             (unsigned long long)c->seed);
    return llm_synth_memory(&synth, &s->bytes, &s->n_bytes, e);
}

/* The weights of `in` in another type; takes `in`. */
static int convert(struct llm_subject *s, struct model_file *in, struct wanted w, struct err *e)
{
    struct llm_quantize q = { .in = in, .requantize = true, .dtype = w.dtype };
    int rc = llm_quantize_memory(&q, &s->bytes, &s->n_bytes, e);

    model_file_close(in);
    return rc;
}

static int make_from_source(struct llm_subject *s, struct bench_ctx *c, struct wanted w,
                            struct err *e)
{
    struct model_file *in = NULL;
    void *source;
    int rc = 0;

    TRY(make_synthetic(s, c, (struct wanted){ .dtype = DTYPE_F16 }, e));
    if (w.dtype == DTYPE_F16)
        return 0;
    source = s->bytes;
    s->bytes = NULL;
    rc = model_file_open_memory(&in, source, s->n_bytes, params_text(c->params, "model"), e);
    if (rc == 0)
        rc = convert(s, in, w, e);
    mem_free(source);
out:
    return rc;
}

/* Fills s->path, or s->bytes. */
static int make_or_find(struct llm_subject *s, struct bench_ctx *c, struct wanted w, struct err *e)
{
    struct model_file *in = NULL;
    int rc = 0;

    if (!llm_subject_find(c->models, params_text(c->params, "model"), s->path, sizeof(s->path)))
        return s->from_source ? make_from_source(s, c, w, e) : make_synthetic(s, c, w, e);
    if (w.given) {
        TRY(model_file_open(&in, s->path, e));
        TRY(convert(s, in, w, e));
    }
out:
    return rc;
}

static void describe(const struct llm_subject *s, struct bench_ctx *c)
{
    const struct llm_config *cfg = llm_model_config(s->model);
    struct result *r = c->result;

    result_property_text(r, "model", "%s", cfg->name);
    result_property_text(r, "family", "%s", llm_family_name(cfg->family));
    result_property_text(r, "weights", "%s", llm_model_types(s->model));
    result_property(r, "parameters", (double)llm_model_parameters(s->model), "");
    result_property(r, "file_size", (double)model_file_bytes(llm_model_file(s->model)), "bytes");
}

static int open_as(struct llm_subject *s, struct bench_ctx *c, struct wanted w, struct err *e)
{
    struct model_file *file = NULL;
    const char *name = params_text(c->params, "model");
    int rc = 0;

    TRY(make_or_find(s, c, w, e));
    if (s->bytes)
        TRY(model_file_open_memory(&file, s->bytes, s->n_bytes, name, e));
    else
        TRY(model_file_open(&file, s->path, e));
    if (model_file_synthetic(file)) {
        s->synthetic = true;
        c->result->origin = ORIGIN_SYNTHETIC;
    }
    TRY(llm_model_from_file(&s->model, file, e));
    TRY(tokenizer_open(&s->tokenizer, llm_model_file(s->model), e));
out:
    return rc;
}

int llm_subject_open(struct llm_subject *s, struct bench_ctx *c, struct err *e)
{
    int rc = open_as(s, c, wanted_of(c->params), e);

    if (rc < 0)
        return rc;
    if (!c->inputs[0])
        snprintf(c->inputs, sizeof(c->inputs), "the weights of %.60s, running text",
                 params_text(c->params, "model"));
    describe(s, c);
    return 0;
}

int llm_subject_open_source(struct llm_subject *s, struct bench_ctx *c, struct err *e)
{
    char path[sizeof(s->path)];
    bool real = llm_subject_find(c->models, params_text(c->params, "model"), path, sizeof(path));

    return open_as(s, c, (struct wanted){ .given = !real, .dtype = DTYPE_F16 }, e);
}

void llm_subject_close(struct llm_subject *s)
{
    tokenizer_close(s->tokenizer);
    llm_model_close(s->model);
    mem_free(s->bytes);
    mem_free(s->expected);
    *s = (struct llm_subject){ 0 };
}

/* ---- inputs ---- */

/* A vocabulary may lack what the text needs, or have more tokens than the model has logits. */
static int check_tokens(const struct llm_subject *s, const struct tokens *t, struct err *e)
{
    const struct llm_config *cfg = llm_model_config(s->model);

    if (t->n == 0)
        return ERR(e, ERR_FORMAT, "%.60s: its vocabulary has no token for any of an English text",
                   cfg->name);
    for (size_t i = 0; i < t->n; i++)
        if (t->id[i] >= cfg->vocab)
            return ERR(e, ERR_FORMAT, "%.60s: its tokenizer gives token %d; the model has %d",
                       cfg->name, t->id[i], cfg->vocab);
    return 0;
}

int llm_subject_tokens(const struct llm_subject *s, size_t n, int32_t *out, struct err *e)
{
    struct tokens t = { 0 };
    const char *text = llm_subject_text();
    int rc = 0;

    TRY(tokenizer_encode(s->tokenizer, text, strlen(text), TOKENIZE_ADD, &t, e));
    TRY(check_tokens(s, &t, e));
    for (size_t i = 0; i < n; i++)
        out[i] = t.id[i % t.n];
out:
    tokens_release(&t);
    return rc;
}

int llm_subject_engine(struct llm **out, const struct llm_subject *s, struct bench_ctx *c,
                       size_t context, int sequences, struct err *e)
{
    const struct llm_config *cfg = llm_model_config(s->model);
    struct llm_options o = { .path = LLM_FAST,
                             .threads = params_get(c->params, "threads") == 0 ? 1 : 0,
                             .sequences = sequences,
                             .kv_dtype = DTYPE_F16 };
    struct result *r = c->result;
    int rc = 0;

    if (context > (size_t)cfg->context)
        return ERR(e, ERR_NOTSUP, "%.60s has %d positions, fewer than %zu", cfg->name, cfg->context,
                   context);
    o.context = (int)(context > CHECKED ? context : CHECKED) * sequences;
    TRY(llm_new(out, s->model, &o, e));
    snprintf(c->variant, sizeof(c->variant), "%s", llm_path_text(*out));
    result_property_text(r, "path", "%s", llm_path_text(*out));
    result_property_text(r, "activations", "%s", llm_activations_text(*out));
    result_property(r, "threads", llm_threads(*out), "");
    result_property(r, "kv_per_position", (double)llm_kv_bytes(*out), "bytes");
    result_property(r, "engine_memory", (double)llm_memory_bytes(*out), "bytes");
out:
    return rc;
}

/* ---- the check ---- */

/* Squared relative error that one multiplication with int8 activations may add: values up to
 * `peak` times their root mean square in steps of peak / 127, each off by a twelfth of a step
 * squared on average. */
static double quantised_error(double peak)
{
    double step = peak / 127;

    return step * step / 12;
}

/* What the logits of the fast path may differ by, as a part of their norm.  Errors of the phases
 * one after another (four a layer and the head) add up as their squares. */
static double tolerance_of(const struct llm *g)
{
    const struct llm_config *cfg = llm_model_config(llm_of(g));
    const char *acts = llm_activations_text(g);
    double one = 1e-7; /* F32, and a KV cache in F16: (2^-11)^2 / 3 */

    if (strstr(acts, "per 256"))
        one = quantised_error(16); /* one value of 256 alone has all */
    else if (strstr(acts, "per 32"))
        one = quantised_error(sqrt(32));
    else if (strstr(acts, "int8"))
        one = quantised_error(8);
    return sqrt((4.0 * cfg->layers + 1) * one);
}

/* || a - b || / || b - mean(b) ||: a constant added to all logits changes nothing. */
static double relative_error(const float *a, const float *b, size_t n)
{
    double mean = 0, difference = 0, norm = 0;

    for (size_t i = 0; i < n; i++)
        mean += (double)b[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        norm += ((double)b[i] - mean) * ((double)b[i] - mean);
    }
    return sqrt(difference / norm);
}

/* As `like` has them, with plain code: its context says which factors longrope takes. */
static int compute_expected(struct llm_subject *s, const struct llm *like,
                            const struct llm_prompt *p, struct err *e)
{
    const struct llm_config *cfg = llm_model_config(s->model);
    struct llm_options o = { .path = LLM_REFERENCE, .context = CHECKED, .kv_dtype = DTYPE_F32 };
    struct llm_prompt again = *p;
    struct llm *g = NULL;
    int rc = 0;

    if (cfg->rope_original > 0 && llm_context(like) > (size_t)cfg->rope_original)
        o.context = cfg->rope_original + 1;
    s->expected = mem_calloc((size_t)cfg->vocab, sizeof(*s->expected));
    if (!s->expected)
        return ERR(e, ERR_NOMEM, "no memory for %d logits", cfg->vocab);
    TRY(llm_new(&g, s->model, &o, e));
    again.logits = s->expected;
    TRY(llm_prefill(g, &again, e));
out:
    llm_free(g);
    return rc;
}

int llm_subject_check(struct llm_subject *s, struct llm *g, struct bench_ctx *c, struct err *e)
{
    size_t vocab = (size_t)llm_model_config(s->model)->vocab;
    float *logits = mem_calloc(vocab, sizeof(*logits));
    int32_t tokens[CHECKED];
    struct llm_prompt p = { .tokens = tokens, .n = CHECKED, .logits = logits };
    double decoded;
    int rc = 0;

    if (!logits) {
        rc = ERR(e, ERR_NOMEM, "no memory for %zu logits", vocab);
        goto out;
    }
    TRY(llm_subject_tokens(s, CHECKED, tokens, e));
    if (!s->expected)
        TRY(compute_expected(s, g, &p, e));
    llm_truncate(g, 0, 0);
    TRY(llm_prefill(g, &p, e));
    c->check.error = relative_error(logits, s->expected, vocab);
    llm_truncate(g, 0, 0);
    for (size_t i = 0; i < CHECKED; i++) { /* the same by decoding */
        const struct llm_step step = { .token = tokens[i] };

        TRY(llm_decode(g, &step, 1, logits, e));
    }
    llm_truncate(g, 0, 0);
    decoded = relative_error(logits, s->expected, vocab);
    if (!(decoded <= c->check.error)) /* NaN too */
        c->check.error = decoded;
    c->check.tolerance = tolerance_of(g);
    snprintf(c->check.reference, sizeof(c->check.reference),
             "logits after %d tokens on the reference path (F32, scalar)", CHECKED);
    result_property_text(c->result, "logits_hash", "%016llx",
                         (unsigned long long)llm_logits_hash(logits, vocab));
    if (!(c->check.error <= c->check.tolerance))
        rc = ERR(e, ERR_MISMATCH, "the logits are %.3g of their norm away from the reference's",
                 c->check.error);
out:
    mem_free(logits);
    return rc;
}

/* ---- limits ---- */

/* The type of most of the bytes. */
static enum dtype main_dtype(const struct llm_subject *s)
{
    uint64_t bytes[DTYPES] = { 0 };
    size_t n;
    const struct tensor *t = model_file_tensors(llm_model_file(s->model), &n);
    int best = 0;

    for (size_t i = 0; i < n; i++)
        bytes[t[i].dtype] += t[i].bytes;
    for (int i = 1; i < DTYPES; i++)
        if (bytes[i] > bytes[best])
            best = i;
    return (enum dtype)best;
}

bool llm_subject_in_caches(double bytes)
{
    return bytes < 8 * (double)cpu_last_cache_bytes(cpu_here());
}

int llm_subject_limits(const struct llm_subject *s, struct bench_ctx *c, struct limits *out,
                       const struct llm_cost *cost, double items, bool prompt, struct err *e)
{
    const char *threads = params_text(c->params, "threads");
    double bytes = cost->weight_bytes + cost->kv_read_bytes;
    enum dtype main = main_dtype(s);
    char settings[160];
    const char *math = "fp32";
    int rc = 0;

    /* Reading these very weights; and, where they cannot be in a cache, the memory itself. */
    snprintf(settings, sizeof(settings), "model=%s dtype=%s threads=%s",
             params_text(c->params, "model"),
             params_has(c->params, "dtype") ? params_text(c->params, "dtype") : "file", threads);
    TRY(limit_measured(c, out, "models.llm.touch", settings, 1e9 * items / bytes, e));
    if (cpu_last_cache_bytes(cpu_here()) > 0 && !llm_subject_in_caches(bytes)) {
        snprintf(settings, sizeof(settings), "op=read level=dram threads=%s", threads);
        TRY(limit_measured(c, out, "silicon.memory", settings, 1e9 * items / bytes, e));
    }
    if (prompt)
        math = matmul_best(main, cpu_here(), NULL)->math;
    else if (act_kind_of(main) != ACT_F32)
        math = "int8";
    snprintf(settings, sizeof(settings), "dtype=%s path=best threads=%s", math, threads);
    TRY(limit_measured(c, out, "silicon.compute", settings, 1e9 * items / cost->flops, e));
out:
    return rc;
}

void llm_subject_cost(struct bench_ctx *c, const struct llm_cost *cost, double items)
{
    struct result *r = c->result;

    result_property(r, "bytes_per_token",
                    (cost->weight_bytes + cost->kv_read_bytes + cost->kv_write_bytes) / items,
                    "bytes");
    result_property(r, "kv_bytes_per_token", (cost->kv_read_bytes + cost->kv_write_bytes) / items,
                    "bytes");
    result_property(r, "flops_per_token", cost->flops / items, "FLOP");
}
