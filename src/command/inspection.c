/* inspection.c - what can be known about a model's file. */
#include "command/inspection.h"

#include <string.h>

#include "core/mem.h"

static void count_tensors(struct inspection *x)
{
    size_t n;
    const struct tensor *t = model_file_tensors(x->file, &n);

    for (size_t i = 0; i < n; i++) {
        struct inspection_total *into[] = { &x->type[t[i].dtype], &x->all };
        uint64_t values = 1;

        for (int d = 0; d < t[i].n_dims; d++)
            values *= t[i].dims[d]; /* the reader has seen that this does not wrap */
        for (int k = 0; k < 2; k++) {
            into[k]->tensors++;
            into[k]->values += values;
            into[k]->bytes += t[i].bytes;
        }
    }
}

/* Also what is there but damaged is a reason, not a failure: the file itself could be read.  Want
 * of memory and a file that went away meanwhile are failures. */
static int only_reasons(int rc, const struct err *why, struct err *e)
{
    if (rc == ERR_NOMEM || rc == ERR_IO)
        return ERR(e, rc, "%s", why->msg);
    return 0;
}

int inspection_make(struct inspection *x, const char *path, struct err *e)
{
    int rc;

    *x = (struct inspection){ 0 };
    TRY(model_file_open(&x->file, path, e));
    count_tensors(x);
    rc = llm_model_open(&x->model, path, &x->no_model);
    TRY(only_reasons(rc, &x->no_model, e));
    rc = tokenizer_open(&x->tokenizer, x->file, &x->no_tokenizer);
    TRY(only_reasons(rc, &x->no_tokenizer, e));
    rc = chat_template_of(x->file, &x->chat, &x->no_chat);
    if (rc < 0)
        x->chat = CHAT_NONE;
    TRY(only_reasons(rc, &x->no_chat, e));
    TRY(model_file_check(x->file, e));
out:
    return rc;
}

void inspection_release(struct inspection *x)
{
    tokenizer_close(x->tokenizer);
    llm_model_close(x->model);
    model_file_close(x->file);
    *x = (struct inspection){ 0 };
}

const char *gguf_type_name(enum gguf_type t)
{
    static const char *const names[] = {
        [GGUF_U8] = "u8",      [GGUF_I8] = "i8",   [GGUF_U16] = "u16", [GGUF_I16] = "i16",
        [GGUF_U32] = "u32",    [GGUF_I32] = "i32", [GGUF_F32] = "f32", [GGUF_BOOL] = "bool",
        [GGUF_U64] = "u64",    [GGUF_I64] = "i64", [GGUF_F64] = "f64", [GGUF_STRING] = "string",
        [GGUF_ARRAY] = "array"
    };

    return names[t];
}
