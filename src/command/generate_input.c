#include "command/generate_input.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/axis.h"
#include "core/mem.h"

const struct cli_option generate_option_table[GENERATE_OPTIONS] = {
    { "model", 'm', "MODEL",
      "a GGUF file, safetensors (file, index or folder), or a name in the models' folder",
      "@files" },
    { "prompt", 'p', "TEXT", "what comes before; - reads it from standard input", NULL },
    { "file", 'f', "FILE", "the prompt is this file's bytes", "@files" },
    { "tokens", 'n', "N", "generate at most N tokens (128)", NULL },
    { "chat", 0, NULL, "the prompt is a user's message: by the model's chat template", NULL },
    { "system", 0, "TEXT", "the system's message of a chat (else the template's own)", NULL },
    { "escapes", 'e', NULL,
      "\\n, \\t, \\x41, \\u00e9 ... in -p, --system and --stop stand for bytes", NULL },
    { "temperature", 0, "T", "0 takes the likeliest token (0)", NULL },
    { "top-k", 0, "K", "draw among the K likeliest tokens; 0: all (0)", NULL },
    { "top-p", 0, "P", "... among the likeliest that together have probability P (1)", NULL },
    { "min-p", 0, "P", "... among those at least P times as likely as the likeliest (0)", NULL },
    { "repeat-penalty", 0, "R", "divide the logits of recent tokens by R; 1: none (1)", NULL },
    { "repeat-last", 0, "N", "how many tokens are recent (64)", NULL },
    { "stop", 0, "TEXT", "end before this text; repeatable", NULL },
    { "ignore-eos", 0, NULL, "go on where the model would end", NULL },
    { "seed", 0, "N", "seed of the draws (1)", NULL },
    { "threads", 0, "N", "threads (one a physical core)", NULL },
    { "ctx", 0, "N", "positions of the context (what prompt and -n need, at most the model's)",
      NULL },
    { "stats", 0, NULL, "print times, memory and the code path on standard error", NULL },
    { "dry-run", 0, NULL, "print the prompt's tokens, a line each, and generate nothing", NULL },
};

enum { PROMPT_MAX_BYTES = 256 << 20 };

/* A finite number; the sampler knows its range. */
static int read_number(const struct cli_args *a, const char *name, double *out, struct err *e)
{
    const char *text = cli_value(a, name);
    char *end = NULL;

    if (!text)
        return 0;
    errno = 0;
    *out = strtod(text, &end);
    if (end == text || *end || errno || !isfinite(*out) || text[0] == ' ')
        return ERR(e, ERR_ARG, "--%s: \"%.40s\" is not a number", name, text);
    return 0;
}

static int read_whole(const struct cli_args *a, const char *name, int64_t lo, int64_t hi,
                      int64_t *out, struct err *e)
{
    const char *text = cli_value(a, name);
    char what[40];

    snprintf(what, sizeof(what), "--%s", name);
    return text ? parse_int(text, lo, hi, what, out, e) : 0;
}

static int read_sampler(const struct cli_args *a, struct llm_sampler_options *o, struct err *e)
{
    int64_t k = 0, last = 64, seed = 1;
    int rc = 0;

    *o = llm_sampler_greedy;
    TRY(read_number(a, "temperature", &o->temperature, e));
    TRY(read_number(a, "top-p", &o->top_p, e));
    TRY(read_number(a, "min-p", &o->min_p, e));
    TRY(read_number(a, "repeat-penalty", &o->repeat_penalty, e));
    TRY(read_whole(a, "top-k", 0, INT32_MAX, &k, e));
    TRY(read_whole(a, "repeat-last", 0, 1 << 20, &last, e));
    TRY(read_whole(a, "seed", 0, INT64_MAX, &seed, e));
    o->top_k = (int)k;
    o->repeat_last = o->repeat_penalty == 1 ? 0 : (int)last;
    o->seed = (uint64_t)seed;
out:
    return rc;
}

/* ---- escapes ---- */

static size_t put_character(char *out, uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

/* \xHH, \uHHHH or \UHHHHHHHH at p: how many characters it has, 0 when it is none. */
static size_t read_hex(const char *p, size_t n, uint32_t *value)
{
    size_t digits = p[1] == 'x' ? 2 : p[1] == 'u' ? 4 : 8;
    char text[9] = "";

    if (n < 2 + digits)
        return 0;
    memcpy(text, p + 2, digits);
    if (strspn(text, "0123456789abcdefABCDEF") != digits)
        return 0;
    *value = (uint32_t)strtoul(text, NULL, 16);
    if (p[1] != 'x' && (*value > 0x10ffff || (*value >= 0xd800 && *value < 0xe000)))
        return 0;
    return 2 + digits;
}

int generate_unescape(char *text, size_t *n, struct err *e)
{
    static const char names[] = "ntr\\\"'0", bytes[] = "\n\t\r\\\"'";
    size_t made = 0;

    for (size_t at = 0; at < *n;) {
        const char *plain = NULL;
        uint32_t value = 0;
        size_t used = 0;

        if (text[at] != '\\') {
            text[made++] = text[at++];
            continue;
        }
        if (at + 1 < *n && text[at + 1])
            plain = strchr(names, text[at + 1]);
        if (plain) {
            text[made++] = bytes[plain - names];
            at += 2;
            continue;
        }
        if (at + 1 < *n && strchr("xuU", text[at + 1]) && text[at + 1])
            used = read_hex(text + at, *n - at, &value);
        if (used == 0)
            return ERR(e, ERR_ARG, "-e: \"%.*s\" is no escape (a backslash is \\\\)",
                       (int)(*n - at < 10 ? *n - at : 10), text + at);
        if (used == 4)
            text[made++] = (char)value;
        else
            made += put_character(text + made, value);
        at += used;
    }
    text[made] = '\0';
    *n = made;
    return 0;
}

/* ---- the prompt ---- */

static int read_stream(FILE *f, const char *name, struct generate_input *in, struct err *e)
{
    size_t cap = 0;

    for (;;) {
        if (in->n + 1 >= cap) {
            char *grown;

            cap = cap ? cap * 2 : 4096;
            grown = in->n < PROMPT_MAX_BYTES ? mem_realloc(in->prompt, cap, 1) : NULL;
            if (!grown)
                return ERR(e, ERR_NOMEM, "%.120s: a prompt of more than %zu bytes", name, in->n);
            in->prompt = grown;
        }
        in->n += fread(in->prompt + in->n, 1, cap - in->n - 1, f);
        in->prompt[in->n] = '\0';
        if (ferror(f))
            return ERR(e, errno == EINTR ? ERR_INTERRUPT : ERR_IO, "%.120s: %s", name,
                       strerror(errno));
        if (feof(f))
            return 0;
    }
}

static int read_file(const char *path, struct generate_input *in, struct err *e)
{
    FILE *f = fopen(path, "rb");
    int rc;

    if (!f)
        return ERR(e, ERR_IO, "--file %.120s: %s", path, strerror(errno));
    rc = read_stream(f, path, in, e);
    fclose(f);
    return rc;
}

static int read_prompt(const struct cli_args *a, struct generate_input *in, struct err *e)
{
    const char *text = cli_value(a, "prompt"), *path = cli_value(a, "file");
    int rc = 0;

    if (!text == !path)
        return ERR(e, ERR_ARG,
                   text ? "both --prompt and --file: which one?"
                        : "no prompt: -p TEXT, -p - (standard input) or -f FILE");
    if (path)
        return read_file(path, in, e);
    if (strcmp(text, "-") == 0)
        return read_stream(stdin, "standard input", in, e);
    in->prompt = mem_strdup(text);
    if (!in->prompt)
        return ERR(e, ERR_NOMEM, "the prompt");
    in->n = strlen(text);
    if (cli_flag(a, "escapes"))
        TRY(generate_unescape(in->prompt, &in->n, e));
out:
    return rc;
}

/* A text of an option, unescaped where that is asked for; owned by in->unescaped[slot] then. */
static int option_text(struct generate_input *in, const char **text, int slot, struct err *e)
{
    char *p = mem_strdup(*text);
    size_t n = strlen(*text);
    int rc = 0;

    if (!p)
        return ERR(e, ERR_NOMEM, "an option's text");
    in->unescaped[slot] = p;
    *text = p;
    TRY(generate_unescape(p, &n, e));
    if (strlen(p) != n)
        rc = ERR(e, ERR_ARG, "--system and --stop cannot hold a NUL byte");
out:
    return rc;
}

static int read_texts(const struct cli_args *a, struct generate_input *in, struct err *e)
{
    const char *stop[CLI_WORDS_MAX];
    int n = cli_values(a, "stop", stop, CLI_WORDS_MAX), rc = 0;
    bool escapes = cli_flag(a, "escapes");

    in->system = cli_value(a, "system");
    if (in->system && !in->chat)
        return ERR(e, ERR_ARG, "--system is for --chat");
    if (in->system && escapes)
        TRY(option_text(in, &in->system, GENERATE_STOPS_MAX, e));
    if (n > GENERATE_STOPS_MAX)
        return ERR(e, ERR_ARG, "--stop: more than %d of them", GENERATE_STOPS_MAX);
    for (int i = 0; i < n; i++) {
        in->stop[in->n_stop++] = stop[i];
        if (!stop[i][0])
            return ERR(e, ERR_ARG, "--stop: the text is empty");
        if (escapes)
            TRY(option_text(in, &in->stop[i], i, e));
    }
out:
    return rc;
}

int generate_input_read(const struct cli_args *a, struct generate_input *in, struct err *e)
{
    int64_t tokens = 128, threads = 0, context = 0;
    int rc = 0;

    *in = (struct generate_input){ .model = cli_value(a, "model"),
                                   .chat = cli_flag(a, "chat"),
                                   .stats = cli_flag(a, "stats"),
                                   .dry_run = cli_flag(a, "dry-run"),
                                   .ignore_eos = cli_flag(a, "ignore-eos") };
    if (!in->model || !in->model[0])
        return ERR(e, ERR_ARG, "no model: -m FILE");
    TRY(read_whole(a, "tokens", 0, INT32_MAX, &tokens, e));
    TRY(read_whole(a, "threads", 1, 4096, &threads, e));
    TRY(read_whole(a, "ctx", 1, 1 << 28, &context, e));
    in->max_tokens = (size_t)tokens;
    in->threads = (int)threads;
    in->context = (int)context;
    TRY(read_sampler(a, &in->sampler, e));
    TRY(read_texts(a, in, e));
    TRY(read_prompt(a, in, e));
    if (in->chat && memchr(in->prompt, '\0', in->n))
        rc = ERR(e, ERR_ARG, "a chat's message cannot hold a NUL byte");
out:
    return rc;
}

void generate_input_release(struct generate_input *in)
{
    mem_free(in->prompt);
    for (int i = 0; i <= GENERATE_STOPS_MAX; i++)
        mem_free(in->unescaped[i]);
}
