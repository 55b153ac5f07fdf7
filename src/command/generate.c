/* generate.c - `headroom generate`: text from a model, on standard output as it comes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/generate_input.h"
#include "command/model_place.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/size.h"
#include "models/llm/generation.h"
#include "models/text/chat.h"

/* One call of the command. */
struct session {
    const struct cli_env *env;
    struct generate_input in;
    struct llm_model *model;
    struct tokenizer *tokenizer;
    struct tokens prompt;
    struct llm *llm;
    struct llm_sampler *sampler;
    struct generation g;
    char last; /* byte of what was printed */
    uint64_t began_ns, loaded_ns, start_ns, first_ns, last_ns;
};

static int print_text(void *self, const char *p, size_t n, struct err *e)
{
    struct session *s = self;

    if (n > 0) {
        fwrite(p, 1, n, stdout);
        s->last = p[n - 1];
        if (fflush(stdout) != 0)
            return ERR(e, ERR_IO, "standard output: %m");
    }
    return *s->env->stop ? ERR(e, ERR_INTERRUPT, "interrupted") : 0;
}

static void note_time(void *self, size_t index, int32_t id)
{
    struct session *s = self;

    (void)id;
    s->last_ns = clock_now_ns();
    if (index == 0)
        s->first_ns = s->last_ns;
}

static int encode_chat(struct session *s, struct err *e)
{
    const struct chat_message m[] = { { "system", s->in.system }, { "user", s->in.prompt } };
    enum chat_template t;
    int skip = s->in.system ? 0 : 1, rc = 0;

    TRY(chat_template_of(llm_model_file(s->model), &t, e));
    TRY(chat_encode(s->tokenizer, t, m + skip, 2 - skip, true, &s->prompt, e));
out:
    return rc;
}

/* A prompt of no tokens begins as texts do: with the token for that, or the one that ends them. */
static int encode_prompt(struct session *s, struct err *e)
{
    int32_t first = tokenizer_bos(s->tokenizer);
    int rc = 0;

    if (s->in.chat)
        return encode_chat(s, e);
    TRY(tokenizer_encode(s->tokenizer, s->in.prompt, s->in.n, TOKENIZE_ADD | TOKENIZE_SPECIAL,
                         &s->prompt, e));
    if (s->prompt.n > 0)
        return 0;
    first = first >= 0 ? first : tokenizer_eos(s->tokenizer);
    if (first < 0)
        return ERR(e, ERR_ARG, "the prompt has no tokens, and this model none that begins a text");
    TRY(tokens_push(&s->prompt, first, e));
out:
    return rc;
}

/* Enough for prompt and answer, at most what the model was trained for. */
static int choose_context(const struct session *s, int *out, struct err *e)
{
    size_t most = (size_t)llm_model_config(s->model)->context;
    size_t want = s->prompt.n + s->in.max_tokens;

    if (s->in.context)
        most = want = (size_t)s->in.context;
    *out = (int)(want < most ? want : most);
    if (s->prompt.n > most)
        return ERR(e, ERR_NOMEM, "the prompt has %zu tokens, more than the context's %zu positions",
                   s->prompt.n, most);
    return 0;
}

static int load(struct session *s, struct err *e)
{
    struct llm_options o = { .threads = s->in.threads, .sequences = 1, .kv_dtype = DTYPE_F16 };
    char place[MODEL_PLACE_TEXT];
    int rc = 0;

    TRY(llm_model_open(&s->model, model_place(s->env, s->in.model, place), e));
    TRY(tokenizer_open(&s->tokenizer, llm_model_file(s->model), e));
    TRY(encode_prompt(s, e));
    TRY(choose_context(s, &o.context, e));
    if (s->in.dry_run)
        return 0;
    TRY(llm_sampler_new(&s->sampler, &s->in.sampler, llm_model_config(s->model)->vocab, e));
    TRY(llm_new(&s->llm, s->model, &o, e));
out:
    return rc;
}

static void show_tokens(const struct session *s)
{
    for (size_t i = 0; i < s->prompt.n; i++) {
        char piece[256];
        size_t n = tokenizer_piece(s->tokenizer, s->prompt.id[i], true, piece, sizeof(piece));

        printf("%d ", s->prompt.id[i]);
        for (size_t k = 0; k < n && k < sizeof(piece); k++)
            if ((unsigned char)piece[k] < 0x20 || piece[k] == '\\' || piece[k] == 0x7f)
                printf("\\x%02x", (unsigned char)piece[k]);
            else
                putchar(piece[k]);
        putchar('\n');
    }
}

/* ---- what it took ---- */

static double rate(double n, uint64_t ns)
{
    return ns > 0 ? n / ((double)ns * 1e-9) : 0;
}

static void show_speed(const struct session *s)
{
    uint64_t decode_ns = s->last_ns - s->first_ns;
    struct llm_cost cost;

    fprintf(stderr, "prompt     %zu tokens, %.1f tok/s, first token after %.1f ms\n", s->prompt.n,
            rate((double)s->prompt.n, s->first_ns - s->start_ns),
            (double)(s->first_ns - s->start_ns) * 1e-6);
    if (s->g.n_tokens < 2) {
        fprintf(stderr, "decode     %zu token, no time between two\n", s->g.n_tokens);
        return;
    }
    llm_decode_cost(s->llm, 1, (double)s->prompt.n + (double)s->g.n_tokens / 2, &cost);
    fprintf(
        stderr, "decode     %zu tokens, %.1f tok/s, %.3f ms a token, %.2f GB/s of memory read\n",
        s->g.n_tokens, rate((double)(s->g.n_tokens - 1), decode_ns),
        (double)decode_ns * 1e-6 / (double)(s->g.n_tokens - 1),
        rate((double)(s->g.n_tokens - 1) * (cost.weight_bytes + cost.kv_read_bytes), decode_ns) *
            1e-9);
}

static void show_stats(const struct session *s)
{
    static const char *const ends[] = { "end token", "length", "stop text", "context full" };
    const struct llm_config *c = llm_model_config(s->model);
    char file[SIZE_TEXT], own[SIZE_TEXT];

    fprintf(stderr, "model      %s, %s, %s, %.1f million parameters%s\n", c->name,
            llm_family_name(c->family), llm_model_types(s->model),
            (double)llm_model_parameters(s->model) * 1e-6,
            model_file_synthetic(llm_model_file(s->model)) ? ", synthetic weights" : "");
    fprintf(stderr, "load       %.1f ms\n", (double)(s->loaded_ns - s->began_ns) * 1e-6);
    if (s->g.n_tokens > 0)
        show_speed(s);
    fprintf(stderr, "memory     %s of file mapped, %s of cache and scratch\n",
            size_text(file, model_file_bytes(llm_model_file(s->model))),
            size_text(own, llm_memory_bytes(s->llm)));
    fprintf(stderr, "path       %s; activations %s; %d threads\n", llm_path_text(s->llm),
            llm_activations_text(s->llm), llm_threads(s->llm));
    fprintf(stderr, "tokenizer  %s\n", tokenizer_kind(s->tokenizer));
    fprintf(stderr, "ended      %s; hash of the last logits %016" PRIx64 "\n",
            *s->env->stop ? "interrupted" : ends[s->g.end], s->g.logits_hash);
}

/* ---- ---- */

static int generate(struct session *s, struct err *e)
{
    int rc = 0;

    s->began_ns = clock_now_ns();
    TRY(load(s, e));
    s->loaded_ns = clock_now_ns();
    if (s->in.dry_run) {
        show_tokens(s);
        return 0;
    }
    s->g = (struct generation){ .llm = s->llm,
                                .tokenizer = s->tokenizer,
                                .sampler = s->sampler,
                                .prompt = s->prompt.id,
                                .n_prompt = s->prompt.n,
                                .max_tokens = s->in.max_tokens,
                                .stop = s->in.stop,
                                .n_stop = s->in.n_stop,
                                .ignore_eos = s->in.ignore_eos,
                                .text = print_text,
                                .token = note_time,
                                .self = s };
    s->start_ns = clock_now_ns();
    rc = generation_run(&s->g, e);
    if (s->env->stdout_tty && s->last && s->last != '\n')
        putchar('\n');
    if (s->in.stats)
        show_stats(s);
    TRY(rc);
    /* Zeros where a file has shrunk look like weights. */
    TRY(model_file_check(llm_model_file(s->model), e));
out:
    return rc;
}

static int exit_code(const struct session *s, int rc, const struct err *e)
{
    if (*s->env->stop && (rc == 0 || rc == ERR_INTERRUPT))
        return EXIT_SIGNAL + *s->env->stop;
    if (rc < 0 && ferror(stdout))
        return EXIT_NO_RUN; /* main says it when it closes standard output */
    if (rc < 0)
        return cli_fail(e);
    if (!s->in.dry_run && s->g.end == GENERATION_CONTEXT) {
        fprintf(stderr, "headroom: the context of %zu positions is full (--ctx)\n",
                llm_length(s->llm, 0));
        return EXIT_WARNING;
    }
    return EXIT_FINE;
}

static int run(const struct cli_args *a, const struct cli_env *env)
{
    struct session s = { .env = env };
    struct err e = { 0 };
    int rc = 0, code;

    TRY(generate_input_read(a, &s.in, &e));
    TRY(generate(&s, &e));
out:
    code = exit_code(&s, rc, &e);
    llm_free(s.llm);
    llm_sampler_free(s.sampler);
    tokens_release(&s.prompt);
    tokenizer_close(s.tokenizer);
    llm_model_close(s.model);
    generate_input_release(&s.in);
    return code;
}

const struct command command_generate = {
    .name = "generate",
    .summary = "text from a language model",
    .description =
        "Loads a model (GPT-2, Llama-like as SmolLM2, Qwen2, Phi-3, BitNet) and prints what it "
        "writes behind the prompt, without the prompt, as it comes.\n"
        "The likeliest token is taken unless --temperature is above 0; then the cuts apply in the "
        "order top-k, top-p, min-p.  The same seed draws the same tokens.\n"
        "Special tokens written in a prompt (\"<|im_start|>\") are those tokens; with --chat they "
        "are text, and the model's own template is put around.  An empty prompt begins with the "
        "model's token for that.  Bytes that are no UTF-8 are passed to the model as they are.\n"
        "Exit code 1: the context was full before the end.  Ctrl-C ends it (130); what was printed "
        "stays.",
    .options = generate_option_table,
    .n_options = GENERATE_OPTIONS,
    .run = run,
};
