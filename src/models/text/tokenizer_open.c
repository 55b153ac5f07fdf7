/* tokenizer_open.c - the tokenizer that lies with a model, whatever its format. */
#include "models/text/tokenizer_parts.h"

int tokenizer_open(struct tokenizer **out, const struct model_file *m, struct err *e)
{
    const json_t *root = model_file_json(m, "tokenizer.json");

    if (model_file_format(m) == MODEL_GGUF)
        return tokenizer_from_gguf(out, m, e);
    if (!root)
        return ERR(e, ERR_FORMAT, "%s: no tokenizer.json beside it", model_file_path(m));
    return tokenizer_from_json(out, root, model_file_json(m, "tokenizer_config.json"),
                               "tokenizer.json", e);
}
