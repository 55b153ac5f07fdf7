/* inspection.h - what `headroom model inspect` finds out about a file, and its two ways to say it.
 */
#ifndef COMMAND_INSPECTION_H
#define COMMAND_INSPECTION_H

#include <stdint.h>

#include <jansson.h>

#include "core/err.h"
#include "kernels/dtype/dtype.h"
#include "models/format/model_file.h"
#include "models/llm/llm.h"
#include "models/text/chat.h"
#include "models/text/tokenizer.h"
#include "report/style.h"

struct inspection_total {
    size_t tensors;
    uint64_t values, bytes;
};

struct inspection {
    struct model_file *file;
    struct inspection_total type[DTYPES], all;
    struct llm_model *model; /* NULL: cannot be run, because of no_model */
    struct err no_model;
    struct tokenizer *tokenizer; /* NULL: none that we have, because of no_tokenizer */
    struct err no_tokenizer;
    enum chat_template chat; /* CHAT_NONE: none that we have; no_chat where there is one */
    struct err no_chat;
};

/* A file that cannot be read is an error; one that can be read and not run is not. */
int inspection_make(struct inspection *x, const char *path, struct err *e);
void inspection_release(struct inspection *x);

void inspection_print(const struct inspection *x, const struct terminal_style *style);
/* Everything, arrays included.  Owned by the caller (json_decref), or NULL without memory. */
json_t *inspection_json(const struct inspection *x);

const char *gguf_type_name(enum gguf_type t);

#endif
