/* Synthetic models: read back as what they were asked to be, run by the engine, the same for the
 * same seed; refusals; every allocation failing once. */
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "core/mem.h"
#include "models/llm/llm.h"
#include "models/llm/llm_quantize.h"
#include "models/llm/llm_synth.h"

#include "test.h"

static char folder[] = "/tmp/headroom-synth-XXXXXX";

static struct model_file *open_bytes(void *bytes, size_t n)
{
    struct model_file *m = NULL;
    struct err e = { 0 };

    CHECK_EQ(model_file_open_memory(&m, bytes, n, "synthetic", &e), 0);
    if (!m)
        fprintf(stderr, "%s\n", e.msg);
    return m;
}

/* What a file says of itself is the shape. */
static void same_config(const struct llm_config *a, const struct llm_config *b)
{
    CHECK_EQ(a->family, b->family);
    CHECK_STR(a->name, b->name);
    CHECK(a->layers == b->layers && a->dim == b->dim && a->ff == b->ff && a->vocab == b->vocab);
    CHECK(a->heads == b->heads && a->kv_heads == b->kv_heads && a->head_dim == b->head_dim);
    CHECK(a->context == b->context && a->rot == b->rot && a->window == b->window);
    CHECK(a->eps == b->eps && (a->theta == b->theta || a->rope == ROPE_NONE));
    CHECK(a->layer_norm == b->layer_norm && a->gated == b->gated && a->sub_norm == b->sub_norm);
    CHECK(a->tied == b->tied && a->rope == b->rope && a->act == b->act);
    CHECK(a->rope_original == b->rope_original);
    CHECK_NEAR(a->rope_attn, b->rope_attn, 1e-6);
}

/* The types that were asked for, or their fallbacks; every block valid; spreads as intended. */
static void check_tensors(const struct model_file *m, const struct llm_synth *s)
{
    size_t n;
    const struct tensor *t = model_file_tensors(m, &n);

    for (size_t i = 0; i < n; i++) {
        size_t cols = (size_t)t[i].dims[t[i].n_dims - 1], values = cols;
        bool embedding = strcmp(t[i].name, "token_embd.weight") == 0;
        double sum = 0;
        float *x;

        if (t[i].n_dims == 1 || strcmp(t[i].name, "position_embd.weight") == 0) {
            CHECK_EQ(t[i].dtype, DTYPE_F32);
            continue;
        }
        values *= (size_t)t[i].dims[0];
        CHECK_EQ(
            t[i].dtype,
            llm_quantize_fallback(
                embedding || strcmp(t[i].name, "output.weight") == 0 ? s->head : s->dtype, cols));
        CHECK(dtype_valid(t[i].dtype, t[i].data, values));
        if (strstr(t[i].name, "attn_q") == NULL && !embedding)
            continue;
        x = mem_calloc(values, sizeof(*x));
        dtype_to_f32(t[i].dtype, t[i].data, x, values);
        for (size_t k = 0; k < values; k++)
            sum += (double)x[k] * (double)x[k];
        CHECK_NEAR(sqrt(sum / (double)values * (double)cols), embedding ? 2 : 1, 0.06);
        mem_free(x);
    }
}

/* The engine runs it, and its logits are those of a model: neither all alike nor wild. */
static void check_runs(struct model_file *m)
{
    struct llm_options o = { .threads = 1, .context = 64, .kv_dtype = DTYPE_F16 };
    static const int32_t tokens[] = { 72, 101, 108, 108, 111, 256 };
    struct llm_model *model = NULL;
    struct llm *g = NULL;
    struct err e = { 0 };
    float *logits;
    double sum = 0, square = 0;
    int vocab;

    CHECK_EQ(llm_model_from_file(&model, m, &e), 0);
    CHECK_EQ(model ? llm_new(&g, model, &o, &e) : e.code, 0);
    if (!g) {
        fprintf(stderr, "%s\n", e.msg);
        llm_model_close(model);
        return;
    }
    vocab = llm_model_config(model)->vocab;
    logits = mem_calloc((size_t)vocab, sizeof(*logits));
    CHECK_EQ(llm_prefill(g, &(struct llm_prompt){ .tokens = tokens, .n = 6, .logits = logits }, &e),
             0);
    for (int i = 0; i < vocab; i++) {
        sum += (double)logits[i];
        square += (double)logits[i] * (double)logits[i];
    }
    square = sqrt(square / vocab - sum / vocab * (sum / vocab));
    if (!(square > 0.5 && square < 8))
        fprintf(stderr, "%s: logits spread over %g\n", llm_model_config(model)->name, square);
    CHECK(square > 0.5 && square < 8); /* 2 is what the spreads are made for */
    mem_free(logits);
    llm_free(g);
    llm_model_close(model);
}

static void shape_and_type(const char *name, enum dtype t)
{
    struct llm_synth s = { .shape = llm_shape(name), .dtype = t, .seed = 7 };
    struct llm_config c;
    struct model_file *m;
    struct err e = { 0 };
    void *bytes = NULL;
    size_t n = 0;

    s.head = llm_quantize_head(t, (size_t)s.shape->dim);
    CHECK_EQ(llm_synth_memory(&s, &bytes, &n, &e), 0);
    m = bytes ? open_bytes(bytes, n) : NULL;
    if (m) {
        CHECK(model_file_synthetic(m));
        CHECK_EQ(llm_config_read(&c, m, &e), 0);
        same_config(s.shape, &c);
        check_tensors(m, &s);
        check_runs(m);
    }
    mem_free(bytes);
}

static void all_shapes(void)
{
    int tiny = 0;

    for (int i = 0; llm_shape_name(i); i++) {
        const struct llm_config *c = llm_shape(llm_shape_name(i));

        CHECK_STR(c->name, llm_shape_name(i));
        if (strncmp(c->name, "tiny-", 5) != 0)
            continue;
        shape_and_type(c->name, i % 2 ? DTYPE_Q4_1 : DTYPE_BF16);
        tiny++;
    }
    CHECK(tiny >= 6);
    CHECK(llm_shape("tiny") == NULL);
    for (int t = 0; t < DTYPES; t++)
        shape_and_type(t % 2 ? "tiny-llama" : "tiny-qwen2", (enum dtype)t);
}

/* A model that makes next to no work. */
static const struct llm_config smallest = { .family = LLM_LLAMA,
                                            .name = "smallest",
                                            .layers = 1,
                                            .dim = 64,
                                            .ff = 64,
                                            .heads = 2,
                                            .kv_heads = 1,
                                            .head_dim = 32,
                                            .rot = 32,
                                            .vocab = 257,
                                            .context = 64,
                                            .eps = 1e-5F,
                                            .theta = 1e4F,
                                            .gated = true,
                                            .tied = true,
                                            .rope = ROPE_PAIR,
                                            .act = ACTIVATION_SILU,
                                            .rope_attn = 1 };

static void seeds(void)
{
    struct llm_synth s = { .shape = &smallest, .dtype = DTYPE_Q8_0, .head = DTYPE_F16, .seed = 1 };
    void *a = NULL, *b = NULL, *c = NULL;
    size_t n, m, k;

    CHECK_EQ(llm_synth_memory(&s, &a, &n, NULL), 0);
    CHECK_EQ(llm_synth_memory(&s, &b, &m, NULL), 0);
    s.seed = 2;
    CHECK_EQ(llm_synth_memory(&s, &c, &k, NULL), 0);
    CHECK(n == m && n == k && memcmp(a, b, n) == 0);
    CHECK(memcmp(a, c, n) != 0);
    mem_free(a);
    mem_free(b);
    mem_free(c);
}

/* No two rows are alike: a token must not have another's logits. */
static void rows_differ(void)
{
    struct llm_synth s = {
        .shape = llm_shape("tiny-llama"), .dtype = DTYPE_Q4_0, .head = DTYPE_Q8_0, .seed = 3
    };
    const struct tensor *t;
    struct model_file *m;
    void *bytes = NULL;
    size_t n, row;

    CHECK_EQ(llm_synth_memory(&s, &bytes, &n, NULL), 0);
    m = open_bytes(bytes, n);
    t = model_file_tensor(m, "token_embd.weight");
    row = (size_t)(t->bytes / t->dims[0]);
    for (size_t i = 0; i < t->dims[0]; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(memcmp((const char *)t->data + i * row, (const char *)t->data + k * row, row) !=
                  0);
    model_file_close(m);
    mem_free(bytes);
}

static void vocabularies(void)
{
    struct llm_synth s = { .shape = &smallest, .dtype = DTYPE_F16, .head = DTYPE_F16, .seed = 1 };
    struct llm_config larger = smallest;
    struct model_file *m, *copy;
    struct err e = { 0 };
    struct span token;
    void *bytes = NULL, *again = NULL;
    enum gguf_type of;
    size_t n, count;
    int64_t id;

    CHECK_EQ(llm_synth_memory(&s, &bytes, &n, NULL), 0);
    m = open_bytes(bytes, n);
    CHECK(model_file_array(m, "tokenizer.ggml.tokens", &of, &count) && count == 257);
    CHECK(model_file_array_string(m, "tokenizer.ggml.tokens", 'A', &token) && token.n == 1);
    CHECK(model_file_array_string(m, "tokenizer.ggml.tokens", ' ', &token) && token.n == 2 &&
          memcmp(token.p, "\xc4\xa0", 2) == 0); /* U+0120 */
    CHECK(model_file_array_string(m, "tokenizer.ggml.tokens", 173, &token) && token.n == 2 &&
          memcmp(token.p, "\xc5\x83", 2) == 0); /* U+0143, the last of the 68 */
    CHECK(model_file_int(m, "tokenizer.ggml.eos_token_id", &id) && id == 256);
    /* Another's vocabulary, with tokens to fill up; and one that has too many. */
    larger.vocab = 300;
    s.shape = &larger;
    s.vocabulary = m;
    CHECK_EQ(llm_synth_memory(&s, &again, &n, &e), 0);
    copy = open_bytes(again, n);
    CHECK(model_file_array(copy, "tokenizer.ggml.tokens", &of, &count) && count == 300);
    CHECK(model_file_array_string(copy, "tokenizer.ggml.tokens", 299, &token) &&
          memcmp(token.p, "<|unused299|>", token.n) == 0);
    CHECK(model_file_array_int(copy, "tokenizer.ggml.token_type", 299, &id) && id == 5);
    model_file_close(copy);
    mem_free(again);
    larger.vocab = 256;
    CHECK_EQ(llm_synth_memory(&s, &again, &n, &e), ERR_ARG);
    CHECK(strstr(e.msg, "257 tokens") && strstr(e.msg, "room for 256"));
    model_file_close(m);
    mem_free(bytes);
}

static void refusals(void)
{
    struct llm_synth s = {
        .shape = &smallest, .format = MODEL_SAFETENSORS, .dtype = DTYPE_Q4_0, .head = DTYPE_F16
    };
    struct err e = { 0 };

    CHECK_EQ(llm_synth_write(&s, folder, &e), ERR_ARG);
    CHECK(strstr(e.msg, "not Q4_0"));
    s.format = MODEL_GGUF;
    e = (struct err){ 0 };
    CHECK_EQ(llm_synth_write(&s, "/nowhere/at/all.gguf", &e), ERR_IO);
    CHECK(strstr(e.msg, "/nowhere/at"));
}

static void without_memory(void)
{
    struct llm_synth s = { .shape = &smallest, .dtype = DTYPE_Q8_0, .head = DTYPE_Q8_0, .seed = 1 };
    uint64_t fails = 0;
    void *bytes = NULL;
    size_t n;
    int rc;

    do {
        mem_fail_at(++fails);
        rc = llm_synth_memory(&s, &bytes, &n, NULL);
        CHECK(rc == 0 || rc == ERR_NOMEM);
    } while (rc < 0 && fails < 10000);
    mem_fail_at(0);
    CHECK(fails > 20 && rc == 0);
    mem_free(bytes);
}

int main(void)
{
    if (!mkdtemp(folder))
        TEST_SKIP("no folder in /tmp");
    all_shapes();
    seeds();
    rows_differ();
    vocabularies();
    refusals();
    without_memory();
    rmdir(folder);
    TEST_DONE();
}
