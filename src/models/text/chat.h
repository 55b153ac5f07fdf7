/* chat.h - a conversation as the text that a model was trained on.
 *
 * The templates of the families that the engine runs are built in; which one a file has is told by
 * what is written in its chat_template, which is never evaluated: another template is ERR_NOTSUP
 * with its first line.  Compared with Hugging Face's apply_chat_template in the tests. */
#ifndef MODELS_TEXT_CHAT_H
#define MODELS_TEXT_CHAT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "models/format/model_file.h"
#include "models/text/tokenizer.h"

struct chat_message {
    const char *role; /* "system", "user", "assistant" */
    const char *content;
};

enum chat_template {
    CHAT_NONE,          /* the file has none */
    CHAT_CHATML,        /* <|im_start|>role ... <|im_end|>: SmolLM */
    CHAT_CHATML_QWEN2,  /* with a system message where none is given: "You are a helpful ..." */
    CHAT_CHATML_QWEN25, /* "You are Qwen ..." */
    CHAT_CHATML_SMOLLM2,
    CHAT_PHI3_FIRST, /* Phi-3-mini of April 2024: no system message, begins with <s> */
    CHAT_PHI3,       /* since then, and 3.5 */
    CHAT_LLAMA3,
    CHAT_BITNET,
    CHAT_TEMPLATES
};

int chat_template_of(const struct model_file *m, enum chat_template *out, struct err *e);
/* The same from the template itself. */
int chat_template_tell(const char *source, size_t n, enum chat_template *out, struct err *e);
const char *chat_template_name(enum chat_template t); /* "ChatML (Qwen2.5)" */

/* The text of n messages (1 or more), then (answer) the opening of the assistant's turn; owned by
 * the caller (mem_free).  Special tokens are in it by name, also the one that begins a text.
 * ERR_ARG: a role other than the three, or one that the template has no place for; ERR_NOTSUP:
 * CHAT_NONE. */
int chat_render(enum chat_template t, const struct chat_message *messages, int n, bool answer,
                char **text, struct err *e);

/* The tokens of the same.  What stands in a content is text, also where it looks like a special
 * token. */
int chat_encode(const struct tokenizer *tk, enum chat_template t,
                const struct chat_message *messages, int n, bool answer, struct tokens *out,
                struct err *e);

#endif
