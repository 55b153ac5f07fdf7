/* test_tokenizer_vendor.c - the full vocabularies of four families against the test vectors of
 * llama.cpp, which Hugging Face's tokenizers made.  tools/vendor-vocabularies brings them. */
#include "test.h"

#include "models/text/tokenizer.h"

#define FOLDER    "build-vendor/vocabularies/ggml-vocab-"
#define SEPARATOR "\n__ggml_vocab_test__\n"

static char *read_text(const char *family, const char *suffix)
{
    enum { CAP = 1 << 16 };
    char path[256], *text = calloc(CAP, 1);
    FILE *f;

    snprintf(path, sizeof(path), FOLDER "%s.gguf%s", family, suffix);
    f = fopen(path, "rb");
    if (!f || !text)
        TEST_SKIP("%s is not here (tools/vendor-vocabularies brings it)", path);
    CHECK(fread(text, 1, CAP - 1, f) > 0);
    fclose(f);
    return text;
}

/* Whether the tokens are the numbers of this line; moves on to the next. */
static int same(const struct tokens *got, const char **line)
{
    int equal = 1;
    size_t n = 0;

    while (**line && **line != '\n') {
        char *end;
        long id = strtol(*line, &end, 10);

        if (end == *line)
            break;
        equal &= n < got->n && got->id[n] == id;
        n++;
        *line = end;
        while (**line == ' ')
            ++*line;
    }
    *line += **line == '\n';
    return equal && n == got->n;
}

static void test_family(const char *family)
{
    char *inputs = read_text(family, ".inp"), *outputs = read_text(family, ".out"), path[256];
    const char *line = outputs, *text = inputs;
    struct model_file *m = NULL;
    struct tokenizer *t = NULL;
    struct err e = { 0 };
    int cases = 0;

    snprintf(path, sizeof(path), FOLDER "%s.gguf", family);
    if (model_file_open(&m, path, &e) < 0 || tokenizer_open(&t, m, &e) < 0) {
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
    while (*line) {
        const char *end = strstr(text, SEPARATOR);
        size_t n = end ? (size_t)(end - text) : strlen(text);
        struct tokens got = { 0 };

        CHECK_EQ(tokenizer_encode(t, text, n, 0, &got, NULL), 0);
        if (!same(&got, &line)) {
            fprintf(stderr, "%s, text %d: \"%.*s\"\n", family, cases, (int)n, text);
            test_failures++;
        }
        tokens_release(&got);
        cases++;
        if (!end)
            break;
        text = end + strlen(SEPARATOR);
    }
    printf("%s: %d texts\n", family, cases);
    CHECK(cases >= 40);
    tokenizer_close(t);
    model_file_close(m);
    free(inputs);
    free(outputs);
}

int main(void)
{
    test_family("gpt-2");
    test_family("qwen2");
    test_family("phi-3");
    test_family("llama-bpe");
    TEST_DONE();
}
