/* chat.h - a conversation as the text that a model was trained on.
 *
 * The templates of the families that the engine runs are built in (ChatML as in Qwen2.5 and
 * SmolLM, Phi-3, Llama-3, BitNet); which one a file has is told from its chat_template, never
 * evaluated: another template is ERR_NOTSUP with its first line.  Compared with Hugging Face's
 * apply_chat_template in the tests. */
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

enum chat_template { CHAT_NONE, CHAT_CHATML_QWEN, CHAT_CHATML_SMOLLM, CHAT_PHI3, CHAT_LLAMA3 };

int chat_template_of(const struct model_file *m, enum chat_template *out, struct err *e);
const char *chat_template_name(enum chat_template t);

/* The text of n messages, then (answer) the opening of the assistant's turn; owned by the caller
 * (mem_free).  Special tokens are in it by name: encode with TOKENIZE_SPECIAL.  A default system
 * message is added where the template does. */
int chat_render(enum chat_template t, const struct chat_message *messages, int n, bool answer,
                char **text, struct err *e);

/* The tokens of the same.  What stands in a content is text, also where it looks like a special
 * token. */
int chat_encode(const struct tokenizer *tk, enum chat_template t,
                const struct chat_message *messages, int n, bool answer, struct tokens *out,
                struct err *e);

#endif
