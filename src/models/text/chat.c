#include "models/text/chat.h"

#include <string.h>

#include "core/mem.h"
#include "models/text/utf8.h"

/* A message is: before_role role behind_role content behind. */
struct form {
    const char *name;
    const char *bos;           /* begins the text */
    const char *system;        /* where no message is the system's: this one */
    const char *before_role;   /* special */
    const char *behind_role;   /* special but for its white space */
    const char *behind;        /* of a message: special */
    const char *answer;        /* opens the assistant's turn */
    const char *end;           /* where no answer is opened */
    bool trim;                 /* white space around a content is taken off */
    bool no_system;            /* there is no place for a system message */
    bool skip_empty_system;    /* one that is empty is none */
    bool capital;              /* "User", not "user" */
    bool assistant_after_user; /* a user's message ends with the opening of the answer, which
                                  the assistant's own then does without */
};

#define CHATML(named, default_system)                                                       \
    {                                                                                       \
        .name = named, .system = default_system, .before_role = "<|im_start|>",             \
        .behind_role = "\n", .behind = "<|im_end|>\n", .answer = "<|im_start|>assistant\n", \
    }

static const struct form forms[CHAT_TEMPLATES] = {
    [CHAT_NONE] = { .name = "none" },
    [CHAT_CHATML] = CHATML("ChatML", NULL),
    [CHAT_CHATML_QWEN2] = CHATML("ChatML (Qwen2)", "You are a helpful assistant"),
    [CHAT_CHATML_QWEN25] = CHATML("ChatML (Qwen2.5)", "You are Qwen, created by Alibaba Cloud. "
                                                      "You are a helpful assistant."),
    [CHAT_CHATML_SMOLLM2] =
        CHATML("ChatML (SmolLM2)", "You are a helpful AI assistant named SmolLM, "
                                   "trained by Hugging Face"),
    [CHAT_PHI3_FIRST] = { .name = "Phi-3 (first)",
                          .bos = "<s>",
                          .before_role = "<|",
                          .behind_role = "|>\n",
                          .behind = "<|end|>\n",
                          .answer = "<|assistant|>\n",
                          .no_system = true,
                          .assistant_after_user = true },
    [CHAT_PHI3] = { .name = "Phi-3",
                    .before_role = "<|",
                    .behind_role = "|>\n",
                    .behind = "<|end|>\n",
                    .answer = "<|assistant|>\n",
                    .end = "<|endoftext|>",
                    .skip_empty_system = true },
    [CHAT_LLAMA3] = { .name = "Llama-3",
                      .bos = "<|begin_of_text|>",
                      .before_role = "<|start_header_id|>",
                      .behind_role = "<|end_header_id|>\n\n",
                      .behind = "<|eot_id|>",
                      .answer = "<|start_header_id|>assistant<|end_header_id|>\n\n",
                      .trim = true },
    [CHAT_BITNET] = { .name = "BitNet",
                      .bos = "<|begin_of_text|>",
                      .before_role = "",
                      .behind_role = ": ",
                      .behind = "<|eot_id|>",
                      .answer = "Assistant: ",
                      .trim = true,
                      .capital = true },
};

const char *chat_template_name(enum chat_template t)
{
    return forms[t].name;
}

/* ---- which one a file has ---- */

static bool has(const char *p, size_t n, const char *what)
{
    return memmem(p, n, what, strlen(what)) != NULL;
}

/* Each is told by what only it says; what it must not say belongs to templates that look alike and
 * do more: thinking, today's date. */
int chat_template_tell(const char *p, size_t n, enum chat_template *out, struct err *e)
{
    static const struct {
        enum chat_template t;
        const char *says[3], *not_says;
    } tells[] = {
        { CHAT_CHATML_QWEN25,
          { "<|im_start|>", "You are Qwen, created by Alibaba Cloud. You are a" },
          "think" },
        { CHAT_CHATML_SMOLLM2,
          { "<|im_start|>", "named SmolLM, trained by Hugging Face<|im_end|>" },
          "think" },
        { CHAT_CHATML_QWEN2, { "<|im_start|>", "You are a helpful assistant<|im_end|>" }, "think" },
        { CHAT_CHATML, { "<|im_start|>' + message['role'] + '" }, "system" },
        { CHAT_PHI3, { "<|user|>", "<|end|>", "<|system|>" }, "tool" },
        { CHAT_PHI3_FIRST, { "{{ bos_token }}{% for", "{{'<|user|>' + '", "'<|end|>'" }, "system" },
        { CHAT_LLAMA3, { "<|start_header_id|>", "<|eot_id|>" }, "Date" },
        { CHAT_BITNET,
          { "message['role'] | capitalize + ': '", "<|eot_id|>", "bos_token" },
          "tool" },
    };
    const char *line = memchr(p, '\n', n);

    for (size_t i = 0; i < sizeof(tells) / sizeof(tells[0]); i++) {
        bool fits = !has(p, n, tells[i].not_says);

        for (int k = 0; k < 3 && tells[i].says[k]; k++)
            fits = fits && has(p, n, tells[i].says[k]);
        if (fits) {
            *out = tells[i].t;
            return 0;
        }
    }
    n = line ? (size_t)(line - p) : n;
    return ERR(e, ERR_NOTSUP, "a chat template that is not built in: \"%.*s\"",
               (int)(n < 120 ? n : 120), p);
}

/* tokenizer_config.json has it as a text, or as a list of named ones. */
static const json_t *of_config(const json_t *config)
{
    const json_t *x = json_object_get(config, "chat_template"), *one;
    size_t i;

    if (!json_is_array(x))
        return x;
    json_array_foreach(x, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));

        if (name && strcmp(name, "default") == 0)
            return json_object_get(one, "template");
    }
    return NULL;
}

int chat_template_of(const struct model_file *m, enum chat_template *out, struct err *e)
{
    const json_t *text = of_config(model_file_json(m, "tokenizer_config.json"));
    struct span s = { json_string_value(text), json_string_length(text) };

    *out = CHAT_NONE;
    if (!s.p && !model_file_string(m, "tokenizer.chat_template", &s))
        return 0;
    return chat_template_tell(s.p, s.n, out, e);
}

/* ---- the text, in parts ---- */

struct parts {
    struct text_part *p;
    size_t n, cap;
};

static int add(struct parts *to, const char *p, size_t n, bool special, struct err *e)
{
    if (to->n == to->cap) {
        size_t cap = to->cap ? to->cap * 2 : 32;
        struct text_part *grown = mem_realloc(to->p, cap, sizeof(*grown));

        if (!grown)
            return ERR(e, ERR_NOMEM, "a conversation of %zu parts", cap);
        to->p = grown;
        to->cap = cap;
    }
    to->p[to->n++] = (struct text_part){ p, n, special };
    return 0;
}

static int add_markup(struct parts *to, const char *text, struct err *e)
{
    return text && text[0] ? add(to, text, strlen(text), true, e) : 0;
}

/* What Python's str.strip takes off: White_Space, and four control characters. */
static bool stripped(uint32_t cp)
{
    return utf8_space(cp) || (cp >= 0x1c && cp <= 0x1f);
}

static void trim(const char **text, size_t *n)
{
    const char *p = *text;
    size_t from = 0, to = 0, k;

    for (size_t at = 0; at < *n; at += k) {
        uint32_t cp = 0;

        k = utf8_get(p + at, *n - at, &cp);
        if (k == 0 || !stripped(cp)) {
            k = k ? k : 1;
            to = at + k;
        } else if (to == 0) {
            from = at + k;
        }
    }
    *text = p + from;
    *n = to > from ? to - from : 0;
}

enum role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLES };

static int role_of(const struct form *f, const struct chat_message *m, enum role *out,
                   struct err *e)
{
    static const char *const names[ROLES] = { "system", "user", "assistant" };

    for (int i = 0; i < ROLES; i++)
        if (strcmp(m->role, names[i]) == 0) {
            *out = (enum role)i;
            if (i == ROLE_SYSTEM && f->no_system)
                return ERR(e, ERR_ARG, "this model's chat template has no system message");
            return 0;
        }
    return ERR(e, ERR_ARG, "a message of \"%.40s\"; there are system, user, assistant", m->role);
}

static int add_message(struct parts *to, const struct form *f, enum role role, const char *content,
                       struct err *e)
{
    static const char *const plain[ROLES] = { "system", "user", "assistant" };
    static const char *const capital[ROLES] = { "System", "User", "Assistant" };
    size_t n = strlen(content);
    int rc = 0;

    if (f->skip_empty_system && role == ROLE_SYSTEM && n == 0)
        return 0;
    if (f->trim)
        trim(&content, &n);
    if (!(f->assistant_after_user && role == ROLE_ASSISTANT)) {
        TRY(add_markup(to, f->before_role, e));
        TRY(add_markup(to, f->capital ? capital[role] : plain[role], e));
        TRY(add_markup(to, f->behind_role, e));
    }
    TRY(add(to, content, n, false, e));
    TRY(add_markup(to, f->behind, e));
    if (f->assistant_after_user && role == ROLE_USER)
        TRY(add_markup(to, f->answer, e));
out:
    return rc;
}

static int add_all(struct parts *to, const struct form *f, const struct chat_message *messages,
                   int n, bool answer, struct err *e)
{
    enum role role = ROLE_USER;
    int rc = 0;

    if (!f->answer)
        return ERR(e, ERR_NOTSUP, "this model has no chat template");
    if (n < 1)
        return ERR(e, ERR_ARG, "a conversation without a message");
    TRY(add_markup(to, f->bos, e));
    for (int i = 0; i < n; i++) {
        TRY(role_of(f, &messages[i], &role, e));
        if (i == 0 && f->system && role != ROLE_SYSTEM)
            TRY(add_message(to, f, ROLE_SYSTEM, f->system, e));
        TRY(add_message(to, f, role, messages[i].content, e));
    }
    if (!f->assistant_after_user)
        TRY(add_markup(to, answer ? f->answer : f->end, e));
out:
    return rc;
}

int chat_render(enum chat_template t, const struct chat_message *messages, int n, bool answer,
                char **text, struct err *e)
{
    struct parts parts = { 0 };
    size_t total = 0;
    char *p = NULL;
    int rc = 0;

    TRY(add_all(&parts, &forms[t], messages, n, answer, e));
    for (size_t i = 0; i < parts.n; i++)
        total += parts.p[i].n;
    p = mem_calloc(total + 1, 1);
    if (!p)
        TRY(ERR(e, ERR_NOMEM, "a conversation of %zu bytes", total));
    *text = p;
    for (size_t i = 0; i < parts.n; i++) {
        memcpy(p, parts.p[i].p, parts.p[i].n);
        p += parts.p[i].n;
    }
out:
    mem_free(parts.p);
    return rc;
}

int chat_encode(const struct tokenizer *tk, enum chat_template t,
                const struct chat_message *messages, int n, bool answer, struct tokens *out,
                struct err *e)
{
    struct parts parts = { 0 };
    int rc = 0;

    TRY(add_all(&parts, &forms[t], messages, n, answer, e));
    TRY(tokenizer_encode_parts(tk, parts.p, parts.n, 0, out, e));
out:
    mem_free(parts.p);
    return rc;
}
