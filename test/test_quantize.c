/* model quantize: types by llama-quantize's rules, errors as large as the types make them, the same
 * model from safetensors and from GGUF, ternary tensors, refusals, no memory. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "core/mem.h"
#include "models/llm/llm.h"
#include "models/llm/llm_quantize.h"
#include "models/llm/llm_synth.h"
#include "models/text/tokenizer.h"

#include "test.h"

static char folder[] = "/tmp/headroom-quantize-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static int next;

    next = (next + 1) % 4;
    snprintf(path[next], sizeof(path[next]), "%s/%s", folder, name);
    return path[next];
}

static struct model_file *opened(const char *path)
{
    struct model_file *m = NULL;
    struct err e = { 0 };

    if (model_file_open(&m, path, &e) < 0)
        fprintf(stderr, "%s\n", e.msg);
    CHECK(m != NULL);
    return m;
}

static void synth(const char *shape, enum model_format format, enum dtype t, const char *path)
{
    struct llm_synth s = {
        .shape = llm_shape(shape), .format = format, .dtype = t, .head = t, .seed = 11
    };
    struct err e = { 0 };

    CHECK_EQ(llm_synth_write(&s, path, &e), 0);
    CHECK_STR(e.msg, "");
}

/* ---- rules ---- */

static void rules(void)
{
    static const struct {
        enum dtype t;
        size_t cols;
        enum dtype fallback, head;
    } rule[] = { { DTYPE_Q4_K, 1536, DTYPE_Q4_K, DTYPE_Q6_K },
                 { DTYPE_Q4_K, 576, DTYPE_Q5_0, DTYPE_Q8_0 },
                 { DTYPE_Q5_K, 896, DTYPE_Q5_1, DTYPE_Q8_0 },
                 { DTYPE_Q6_K, 896, DTYPE_Q8_0, DTYPE_Q8_0 },
                 { DTYPE_Q4_0, 2048, DTYPE_Q4_0, DTYPE_Q6_K },
                 { DTYPE_Q8_0, 2048, DTYPE_Q8_0, DTYPE_Q8_0 },
                 { DTYPE_TQ1_0, 576, DTYPE_TQ2_64, DTYPE_Q8_0 },
                 { DTYPE_TQ2_0, 96, DTYPE_Q4_0, DTYPE_Q8_0 },
                 { DTYPE_Q4_K, 40, DTYPE_F16, DTYPE_F16 },
                 { DTYPE_BF16, 40, DTYPE_BF16, DTYPE_BF16 } };

    for (size_t i = 0; i < sizeof(rule) / sizeof(rule[0]); i++) {
        CHECK_EQ(llm_quantize_fallback(rule[i].t, rule[i].cols), rule[i].fallback);
        CHECK_EQ(llm_quantize_head(rule[i].t, rule[i].cols), rule[i].head);
    }
}

/* ---- each type ---- */

struct seen {
    double worst; /* RMSE over RMS, of the matrices of `type` */
    enum dtype type;
    int encoded, copied;
};

static void note(void *self, const struct llm_quantized *t)
{
    struct seen *s = self;

    if (isnan(t->rmse)) {
        s->copied++;
        return;
    }
    s->encoded++;
    if (t->to == s->type && t->rmse / t->rms > s->worst)
        s->worst = t->rmse / t->rms;
}

static struct model_file *quantized(const struct model_file *in, enum dtype t, const char *path,
                                    struct seen *s)
{
    struct llm_quantize q = { .in = in, .dtype = t, .threads = 2, .done = note, .self = s };
    struct err e = { 0 };

    *s = (struct seen){ .type = t };
    CHECK_EQ(llm_quantize_write(&q, path, &e), 0);
    CHECK_STR(e.msg, "");
    return opened(path);
}

/* A plain uniform quantiser of b bits over +-3.5 standard deviations has an RMSE of
 * 7 / 2^b / sqrt(12); a wrong code, scale or place makes 1.  BitNet's rounding of N(0, 1) leaves
 * E(|x| - m)^2 where it is not 0, x^2 where it is: 0.51 in all. */
static void types(void)
{
    static const double limit[DTYPES] = {
        [DTYPE_Q4_0] = 0.12,  [DTYPE_Q4_1] = 0.11,  [DTYPE_Q5_0] = 0.065, [DTYPE_Q5_1] = 0.06,
        [DTYPE_Q8_0] = 0.008, [DTYPE_Q4_K] = 0.1,   [DTYPE_Q5_K] = 0.05,  [DTYPE_Q6_K] = 0.025,
        [DTYPE_F16] = 1e-6,   [DTYPE_F32] = 1e-9,   [DTYPE_BF16] = 3e-3,  [DTYPE_TQ1_0] = 0.54,
        [DTYPE_TQ2_0] = 0.54, [DTYPE_TQ2_64] = 0.54
    };
    struct model_file *in;

    synth("tiny-llama", MODEL_GGUF, DTYPE_F16, in_folder("in.gguf"));
    in = opened(in_folder("in.gguf"));
    for (int t = 0; t < DTYPES; t++) {
        struct seen s;
        struct model_file *out = quantized(in, (enum dtype)t, in_folder("out.gguf"), &s);
        const struct tensor *q = model_file_tensor(out, "blk.1.attn_q.weight");
        const struct tensor *head = model_file_tensor(out, "token_embd.weight");
        struct span architecture;

        CHECK(q && q->dtype == (enum dtype)t);
        CHECK(head && head->dtype == llm_quantize_head((enum dtype)t, 256));
        CHECK(model_file_synthetic(out));
        CHECK(model_file_string(out, "general.architecture", &architecture));
        CHECK(model_file_has(out, "tokenizer.ggml.tokens"));
        if (t != DTYPE_F16)
            CHECK_EQ(s.encoded, 15);
        else
            CHECK_EQ(s.copied, 20);
        if (!(s.worst <= limit[t]))
            fprintf(stderr, "%s: %g\n", dtype_info((enum dtype)t)->name, s.worst);
        CHECK(s.worst <= limit[t]);
        model_file_close(out);
    }
    model_file_close(in);
}

/* ---- the same model from either kind of file ---- */

static float *logits_of(struct model_file *m, int *vocab)
{
    static const int32_t tokens[] = { 72, 101, 108, 108, 111, 32, 119, 256, 3, 250, 77, 12 };
    struct llm_options o = { .path = LLM_REFERENCE, .threads = 1, .context = 64 };
    struct llm_model *model = NULL;
    struct llm *g = NULL;
    struct err e = { 0 };
    float *logits = NULL;

    CHECK_EQ(llm_model_from_file(&model, m, &e), 0);
    CHECK_EQ(model ? llm_new(&g, model, &o, &e) : e.code, 0);
    CHECK_STR(e.msg, "");
    if (g) {
        *vocab = llm_model_config(model)->vocab;
        logits = mem_calloc((size_t)*vocab, sizeof(*logits));
        CHECK_EQ(
            llm_prefill(g, &(struct llm_prompt){ .tokens = tokens, .n = 12, .logits = logits }, &e),
            0);
    }
    llm_free(g);
    llm_model_close(model);
    return logits;
}

static void same_tokens(const struct model_file *a, const struct model_file *b)
{
    static const char text[] = "for (i = 0; i < n; i++) \xe2\x82\xac\n<|endoftext|>";
    struct tokenizer *ta = NULL, *tb = NULL;
    struct tokens x = { 0 }, y = { 0 };

    CHECK_EQ(tokenizer_open(&ta, a, NULL), 0);
    CHECK_EQ(tokenizer_open(&tb, b, NULL), 0);
    CHECK_EQ(tokenizer_encode(ta, text, strlen(text), TOKENIZE_SPECIAL, &x, NULL), 0);
    CHECK_EQ(tokenizer_encode(tb, text, strlen(text), TOKENIZE_SPECIAL, &y, NULL), 0);
    CHECK(x.n > 20 && x.n == y.n && memcmp(x.id, y.id, x.n * sizeof(*x.id)) == 0);
    CHECK_EQ(tokenizer_eos(ta), 256);
    CHECK_EQ(tokenizer_eos(tb), 256);
    CHECK_EQ(tokenizer_kind(ta) && strcmp(tokenizer_kind(ta), tokenizer_kind(tb)) == 0, 1);
    tokens_release(&x);
    tokens_release(&y);
    tokenizer_close(ta);
    tokenizer_close(tb);
}

/* Rows that are paired otherwise and matrices that are turned: the logits tell.  They are the sums
 * of the same products in another order: 256 terms of F32 each, over two layers. */
static void either_format(const char *shape)
{
    struct seen s;
    struct model_file *in, *out;
    int vocab = 0;
    float *a, *b;
    double worst = 0;

    synth(shape, MODEL_SAFETENSORS, DTYPE_F32, in_folder(shape));
    in = opened(in_folder(shape));
    out = quantized(in, DTYPE_F32, in_folder("out.gguf"), &s);
    CHECK(model_file_synthetic(out));
    same_tokens(in, out);
    a = logits_of(in, &vocab);
    b = logits_of(out, &vocab);
    for (int i = 0; a && b && i < vocab; i++)
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    if (!(worst <= 1e-4))
        fprintf(stderr, "%s: logits differ by %g\n", shape, worst);
    CHECK(a && b && worst <= 1e-4);
    mem_free(a);
    mem_free(b);
}

/* ---- ternary ---- */

static void ternary(void)
{
    struct seen s;
    struct model_file *in, *first, *second;
    const struct tensor *x, *y, *z;
    float a[256], b[256], c[256];
    double sum = 0;
    float unit;

    synth("tiny-bitnet", MODEL_GGUF, DTYPE_F32, in_folder("in.gguf"));
    in = opened(in_folder("in.gguf"));
    first = quantized(in, DTYPE_TQ2_0, in_folder("first.gguf"), &s);
    x = model_file_tensor(in, "blk.0.attn_k.weight");
    y = model_file_tensor(first, "blk.0.attn_k.weight");
    for (uint64_t i = 0; i < x->bytes / sizeof(float); i++)
        sum += fabs((double)((const float *)x->data)[i]);
    unit = f16_to_f32(f32_to_f16((float)(sum / ((double)x->bytes / sizeof(float)))));
    dtype_to_f32(DTYPE_F32, x->data, a, 256);
    dtype_to_f32(DTYPE_TQ2_0, y->data, b, 256);
    for (int i = 0; i < 256; i++)
        CHECK(b[i] == (fabsf(a[i]) < unit * 0.4998F   ? 0
                       : fabsf(a[i]) > unit * 0.5002F ? copysignf(unit, a[i])
                                                      : b[i]));
    /* What is ternary already keeps its values. */
    {
        struct llm_quantize q = { .in = first, .dtype = DTYPE_TQ1_0, .requantize = true };

        CHECK_EQ(llm_quantize_write(&q, in_folder("second.gguf"), NULL), 0);
    }
    second = opened(in_folder("second.gguf"));
    z = model_file_tensor(second, "blk.0.attn_k.weight");
    CHECK_EQ(z->dtype, DTYPE_TQ1_0);
    dtype_to_f32(DTYPE_TQ1_0, z->data, c, 256);
    CHECK(memcmp(b, c, sizeof(b)) == 0);
    model_file_close(in);
    model_file_close(first);
    model_file_close(second);
}

/* ---- refusals ---- */

static void refusals(void)
{
    struct err e = { 0 };
    struct model_file *in;
    struct llm_quantize q = { .dtype = DTYPE_Q4_0, .threads = 1 };
    struct seen s;

    synth("tiny-qwen2", MODEL_GGUF, DTYPE_F16, in_folder("in.gguf"));
    in = opened(in_folder("in.gguf"));
    q.in = in;
    CHECK_EQ(symlink("in.gguf", in_folder("link.gguf")), 0);
    CHECK_EQ(llm_quantize_write(&q, in_folder("link.gguf"), &e), ERR_ARG);
    CHECK(strstr(e.msg, "is the model that is read"));
    model_file_close(quantized(in, DTYPE_Q8_0, in_folder("out.gguf"), &s));
    model_file_close(in);
    q.in = in = opened(in_folder("out.gguf"));
    e = (struct err){ 0 };
    CHECK_EQ(llm_quantize_write(&q, in_folder("again.gguf"), &e), ERR_ARG);
    CHECK(strstr(e.msg, "Q8_0 already") && strstr(e.msg, "--requantize"));
    CHECK(access(in_folder("again.gguf"), F_OK) != 0);
    q.requantize = true;
    CHECK_EQ(llm_quantize_write(&q, in_folder("again.gguf"), NULL), 0);
    e = (struct err){ 0 };
    CHECK_EQ(llm_quantize_write(&q, "/nowhere/at/all.gguf", &e), ERR_IO);
    model_file_close(in);
}

/* One weight of 44 million: NaN, and one that F16's scale cannot hold. */
static void bad_weights(void)
{
    static const float bad[] = { NAN, -INFINITY, 1e30F };

    for (int i = 0; i < 3; i++) {
        struct llm_synth s = { .shape = llm_shape("tiny-gpt2"), .dtype = DTYPE_F32 };
        struct llm_quantize q = { .dtype = DTYPE_Q4_1, .threads = 2 };
        const struct tensor *t;
        struct model_file *m;
        struct err e = { 0 };
        void *bytes;
        size_t n;

        CHECK_EQ(llm_synth_memory(&s, &bytes, &n, NULL), 0);
        CHECK_EQ(model_file_open_memory(&m, bytes, n, "poisoned", NULL), 0);
        t = model_file_tensor(m, "blk.1.ffn_up.weight");
        memcpy((char *)bytes + ((const char *)t->data - (const char *)bytes) + 4 * 12345, &bad[i],
               sizeof(float));
        q.in = m;
        CHECK_EQ(llm_quantize_write(&q, in_folder("bad.gguf"), &e), ERR_FORMAT);
        CHECK(strstr(e.msg, "poisoned: tensor blk.1.ffn_up.weight") && strstr(e.msg, "Q4_1"));
        CHECK(access(in_folder("bad.gguf"), F_OK) != 0);
        model_file_close(m);
        mem_free(bytes);
    }
}

static void without_memory(void)
{
    struct model_file *in = opened(in_folder("tiny-llama"));
    struct llm_quantize q = { .in = in, .dtype = DTYPE_F16, .threads = 1 };
    uint64_t fails = 0;
    int rc;

    do {
        mem_fail_at(++fails);
        rc = llm_quantize_write(&q, in_folder("none.gguf"), NULL);
        CHECK(rc == 0 || rc == ERR_NOMEM);
    } while (rc < 0 && fails < 20000);
    mem_fail_at(0);
    CHECK(rc == 0 && fails > 20);
    model_file_close(in);
}

static void remove_all(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *x;
    char name[512];

    while (d && (x = readdir(d)) != NULL)
        if (x->d_name[0] != '.') {
            snprintf(name, sizeof(name), "%s/%s", path, x->d_name);
            if (x->d_type == DT_DIR)
                remove_all(name);
            unlink(name);
        }
    if (d)
        closedir(d);
    rmdir(path);
}

int main(void)
{
    if (!mkdtemp(folder))
        TEST_SKIP("no folder in /tmp");
    rules();
    types();
    for (int i = 0; llm_shape_name(i); i++)
        if (strncmp(llm_shape_name(i), "tiny-", 5) == 0)
            either_format(llm_shape_name(i));
    ternary();
    refusals();
    bad_weights();
    without_memory();
    remove_all(folder);
    TEST_DONE();
}
