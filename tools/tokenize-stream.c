/* tokenize-stream.c - many texts through one tokenizer: `tokenize-stream VOCABULARY`, a GGUF file, a
 * folder of safetensors or a tokenizer.json.  For tools/golden-tokens.py.
 *
 * In: u32 flags (TOKENIZE_*), u32 bytes, the text; repeated.  Out: u32 n, n times i32; little
 * endian, as the machines we run on are. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "models/text/tokenizer_parts.h"

static int open_any(const char *path, struct tokenizer **t, struct err *e)
{
    size_t n = strlen(path);
    struct model_file *m; /* lives as long as the program */
    int rc = 0;

    if (n > 5 && strcmp(path + n - 5, ".json") == 0) {
        json_error_t why;
        json_t *root = json_load_file(path, 0, &why);

        if (!root)
            return ERR(e, ERR_FORMAT, "%s: %s", path, why.text);
        return tokenizer_from_json(t, root, NULL, path, e);
    }
    TRY(model_file_open(&m, path, e));
    TRY(tokenizer_open(t, m, e));
out:
    return rc;
}

int main(int argc, char **argv)
{
    struct tokenizer *t = NULL;
    struct tokens out = { 0 };
    struct err e = { 0 };
    uint32_t head[2];
    char *text = NULL;

    if (argc != 2 || open_any(argv[1], &t, &e) < 0) {
        fprintf(stderr, "tokenize-stream: %s\n", argc == 2 ? e.msg : "one vocabulary, please");
        return 1;
    }
    while (fread(head, sizeof(head), 1, stdin) == 1) {
        char *p = mem_realloc(text, head[1] + 1u, 1);

        if (!p || fread(p, 1, head[1], stdin) != head[1])
            return 1;
        text = p;
        out.n = 0;
        if (tokenizer_encode(t, text, head[1], head[0], &out, &e) < 0) {
            fprintf(stderr, "tokenize-stream: %s\n", e.msg);
            return 1;
        }
        fwrite(&(uint32_t){ (uint32_t)out.n }, sizeof(uint32_t), 1, stdout);
        fwrite(out.id, sizeof(*out.id), out.n, stdout);
    }
    tokens_release(&out);
    tokenizer_close(t);
    mem_free(text);
    return fflush(stdout) == 0 ? 0 : 1;
}
