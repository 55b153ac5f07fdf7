/* test_llm_config.c - what a file says about its model, and what is refused by name. */
#include "models/llm/llm_config.h"

#include <unistd.h>

#include "core/mem.h"
#include "models/format/model_writer.h"
#include "models/llm/llm.h"
#include "test.h"

/* A copy of test/data/llm/NAME.gguf with one thing changed. */
struct edit {
    const char *drop_key, *drop_tensor;
    const char *int_key;
    int64_t int_value;
    const char *float_key;
    double float_value;
    const char *text_key, *text;
    const char *add_tensor;  /* a vector of 8 */
    const char *turn_tensor; /* its dimensions change places */
};

static bool is(struct span s, const char *text)
{
    return text && s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static int copy_keys(struct model_writer *w, const struct model_file *m, const struct edit *ed,
                     struct err *e)
{
    int rc = 0;

    for (size_t i = 0; i < model_file_keys(m); i++) {
        enum gguf_type type;
        struct span key = model_file_key(m, i, &type);

        if (!is(key, ed->drop_key) && !is(key, ed->int_key) && !is(key, ed->float_key) &&
            !is(key, ed->text_key))
            TRY(model_writer_copy(w, m, i, e));
    }
    if (ed->int_key)
        TRY(model_writer_int(w, ed->int_key, GGUF_U32, ed->int_value, e));
    if (ed->float_key)
        TRY(model_writer_float(w, ed->float_key, ed->float_value, e));
    if (ed->text_key)
        TRY(model_writer_string(w, ed->text_key, (struct span){ ed->text, strlen(ed->text) }, e));
out:
    return rc;
}

static int copy_tensors(struct model_writer *w, const struct model_file *m, const struct edit *ed,
                        struct err *e)
{
    static const float ones[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    static const uint64_t eight[] = { 8 };
    size_t n;
    const struct tensor *t = model_file_tensors(m, &n);
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t turned[] = { t[i].dims[1], t[i].dims[0] };
        bool turn = ed->turn_tensor && strcmp(t[i].name, ed->turn_tensor) == 0;

        if (!ed->drop_tensor || strcmp(t[i].name, ed->drop_tensor) != 0)
            TRY(model_writer_tensor(w, t[i].name, t[i].dtype, t[i].n_dims,
                                    turn ? turned : t[i].dims, e));
    }
    if (ed->add_tensor)
        TRY(model_writer_tensor(w, ed->add_tensor, DTYPE_F32, 1, eight, e));
    TRY(model_writer_begin_memory(w, e));
    for (size_t i = 0; i < n; i++)
        if (!ed->drop_tensor || strcmp(t[i].name, ed->drop_tensor) != 0)
            TRY(model_writer_write(w, t[i].data, t[i].bytes, e));
    if (ed->add_tensor)
        TRY(model_writer_write(w, ones, sizeof(ones), e));
out:
    return rc;
}

/* Open the edited copy; gives what opening gave, and the configuration. */
static int open_edited(const char *name, const struct edit *ed, struct llm_config *c, struct err *e)
{
    char path[128];
    struct model_file *m = NULL, *edited = NULL;
    struct model_writer *w = NULL;
    struct llm_model *model = NULL;
    void *bytes = NULL;
    size_t n;
    int rc = 0;

    snprintf(path, sizeof(path), "test/data/llm/%s.gguf", name);
    TRY(model_file_open(&m, path, e));
    TRY(model_writer_new(&w, MODEL_GGUF, e));
    TRY(copy_keys(w, m, ed, e));
    TRY(copy_tensors(w, m, ed, e));
    TRY(model_writer_take(w, &bytes, &n, e));
    TRY(model_file_open_memory(&edited, bytes, n, "edited", e));
    TRY(llm_model_from_file(&model, edited, e));
    *c = *llm_model_config(model);
out:
    llm_model_close(model);
    model_writer_free(w);
    model_file_close(m);
    mem_free(bytes);
    return rc;
}

static void refused(const char *name, struct edit ed, int code, const char *text)
{
    struct llm_config c;
    struct err e = { 0 };
    int rc = open_edited(name, &ed, &c, &e);

    if (rc != code || !strstr(e.msg, text)) {
        fprintf(stderr, "%s: expected %d with \"%s\", got %d with \"%s\"\n", name, code, text, rc,
                e.msg);
        test_failures++;
    }
}

static struct llm_config accepted(const char *name, struct edit ed)
{
    struct llm_config c = { 0 };
    struct err e = { 0 };

    if (open_edited(name, &ed, &c, &e) < 0) {
        fprintf(stderr, "%s: %s\n", name, e.msg);
        test_failures++;
    }
    return c;
}

/* The same model, from both formats. */
static void check_same(const char *name)
{
    char folder[128];
    struct model_file *m;
    struct llm_config gguf = accepted(name, (struct edit){ 0 }), hf;
    struct err e = { 0 };

    snprintf(folder, sizeof(folder), "test/data/llm/%s", name);
    CHECK_EQ(model_file_open(&m, folder, &e), 0);
    CHECK_EQ(llm_config_read(&hf, m, &e), 0);
    model_file_close(m);
    CHECK_STR(gguf.name, name);
    CHECK_STR(hf.name, name);
    CHECK(gguf.rope == hf.rope || (gguf.rope == ROPE_PAIR && hf.rope == ROPE_HALF));
    hf.rope = gguf.rope; /* llama's rows are permuted for it */
    CHECK_NEAR((double)gguf.rope_attn, (double)hf.rope_attn, 1e-6);
    gguf.rope_attn = hf.rope_attn;
#define SAME(field) CHECK_NEAR((double)gguf.field, (double)hf.field, 0)
    SAME(family);
    SAME(layers);
    SAME(dim);
    SAME(ff);
    SAME(heads);
    SAME(kv_heads);
    SAME(head_dim);
    SAME(vocab);
    SAME(context);
    SAME(rot);
    SAME(window);
    SAME(eps);
    SAME(theta);
    SAME(layer_norm);
    SAME(gated);
    SAME(sub_norm);
    SAME(tied);
    SAME(rope);
    SAME(act);
    SAME(rope_original);
#undef SAME
}

static void check_values(void)
{
    struct llm_config c = accepted("llama", (struct edit){ 0 });

    CHECK_EQ(c.family, LLM_LLAMA);
    CHECK_EQ(c.layers, 2);
    CHECK_EQ(c.dim, 32);
    CHECK_EQ(c.ff, 64);
    CHECK_EQ(c.heads, 4);
    CHECK_EQ(c.kv_heads, 2);
    CHECK_EQ(c.head_dim, 8);
    CHECK_EQ(c.vocab, 64);
    CHECK_EQ(c.context, 128);
    CHECK_NEAR((double)c.theta, 1e5, 0);
    CHECK_NEAR((double)c.eps, 1e-5, 1e-12);
    CHECK(c.tied && c.gated && !c.layer_norm && !c.sub_norm);
    CHECK_EQ(c.rope, ROPE_PAIR);
    c = accepted("phi3-long", (struct edit){ 0 });
    CHECK_EQ(c.rope_original, 32);
    CHECK_NEAR((double)c.rope_attn, sqrt(1 + log(4) / log(32)), 1e-6);
    CHECK(!c.tied);
    c = accepted("bitnet", (struct edit){ 0 });
    CHECK(c.sub_norm && c.act == ACTIVATION_RELU2);
    /* Absent keys have the value of their definition. */
    c = accepted("llama", (struct edit){ .drop_key = "llama.rope.freq_base" });
    CHECK_NEAR((double)c.theta, 1e4, 0);
    c = accepted("llama", (struct edit){ .drop_key = "llama.rope.dimension_count" });
    CHECK_EQ(c.rot, 8);
    /* What changes nothing. */
    accepted("llama", (struct edit){ .text_key = "llama.rope.scaling.type", .text = "none" });
    accepted("llama", (struct edit){ .int_key = "llama.expert_count", .int_value = 0 });
}

static void check_refusals(void)
{
    refused("llama", (struct edit){ .text_key = "general.architecture", .text = "mamba" },
            ERR_NOTSUP, "the architecture \"mamba\" is not supported");
    refused("llama", (struct edit){ .drop_key = "general.architecture" }, ERR_FORMAT,
            "general.architecture");
    refused("llama", (struct edit){ .drop_key = "llama.block_count" }, ERR_FORMAT,
            "no key llama.block_count");
    refused("llama", (struct edit){ .text_key = "llama.block_count", .text = "two" }, ERR_FORMAT,
            "llama.block_count is not a whole number");
    refused("llama", (struct edit){ .int_key = "llama.block_count", .int_value = 3 }, ERR_FORMAT,
            "no tensor blk.2.attn_norm.weight");
    refused("llama", (struct edit){ .int_key = "llama.block_count", .int_value = 1 }, ERR_NOTSUP,
            "blk.1.");
    refused("llama", (struct edit){ .int_key = "llama.block_count", .int_value = 0 }, ERR_FORMAT,
            "layers is 0");
    refused("llama", (struct edit){ .int_key = "llama.attention.head_count", .int_value = 0 },
            ERR_FORMAT, "attention heads is 0");
    refused("llama", (struct edit){ .int_key = "llama.attention.head_count_kv", .int_value = 3 },
            ERR_FORMAT, "cannot share 3");
    refused("llama", (struct edit){ .int_key = "llama.rope.dimension_count", .int_value = 10 },
            ERR_FORMAT, "RoPE turns 10 values of a head of 8");
    refused("llama", (struct edit){ .int_key = "llama.expert_count", .int_value = 8 }, ERR_NOTSUP,
            "a mixture of 8 experts");
    refused("llama", (struct edit){ .text_key = "llama.rope.scaling.type", .text = "yarn" },
            ERR_NOTSUP, "RoPE scaling \"yarn\"");
    refused("llama",
            (struct edit){ .float_key = "llama.rope.scaling.factor",
                           .float_value = 2,
                           .text_key = "llama.rope.scaling.type",
                           .text = "linear" },
            ERR_NOTSUP, "RoPE scaling \"linear\" by 2");
    refused("llama",
            (struct edit){ .float_key = "llama.attn_logit_softcapping", .float_value = 50 },
            ERR_NOTSUP, "we do not know the key llama.attn_logit_softcapping");
    refused("llama", (struct edit){ .float_key = "llama.logit_scale", .float_value = 2 },
            ERR_NOTSUP, "llama.logit_scale");
    refused("llama", (struct edit){ .float_key = "llama.rope.freq_base", .float_value = NAN },
            ERR_FORMAT, "RoPE's base");
    refused(
        "llama",
        (struct edit){ .float_key = "llama.attention.layer_norm_rms_epsilon", .float_value = -1 },
        ERR_FORMAT, "epsilon");
    refused("phi3-long",
            (struct edit){ .int_key = "phi3.rope.scaling.original_context_length", .int_value = 0 },
            ERR_FORMAT, "original_context_length is 0");
}

static void check_tensors(void)
{
    refused("llama", (struct edit){ .drop_tensor = "token_embd.weight" }, ERR_FORMAT,
            "no tensor token_embd.weight");
    refused("llama", (struct edit){ .drop_tensor = "blk.1.attn_k.weight" }, ERR_FORMAT,
            "no tensor blk.1.attn_k.weight");
    refused("llama", (struct edit){ .turn_tensor = "blk.1.attn_k.weight" }, ERR_FORMAT,
            "tensor blk.1.attn_k.weight has 2 dimensions, 32 x 16; expected 2, 16 x 32");
    refused("llama", (struct edit){ .add_tensor = "rope_freqs.weight" }, ERR_NOTSUP,
            "no tensor rope_freqs.weight here");
    refused("llama", (struct edit){ .add_tensor = "blk.0.attn_q_norm.weight" }, ERR_NOTSUP,
            "attn_q_norm");
    refused("qwen2", (struct edit){ .drop_tensor = "blk.0.attn_q.bias" }, ERR_FORMAT,
            "no tensor blk.0.attn_q.bias");
    refused("gpt2", (struct edit){ .drop_tensor = "blk.0.ffn_up.bias" }, ERR_FORMAT,
            "no tensor blk.0.ffn_up.bias");
    refused("gpt2", (struct edit){ .drop_tensor = "position_embd.weight" }, ERR_FORMAT,
            "no tensor position_embd.weight");
    refused("bitnet", (struct edit){ .drop_tensor = "blk.0.ffn_sub_norm.weight" }, ERR_FORMAT,
            "no tensor blk.0.ffn_sub_norm.weight");
    refused("phi3-long", (struct edit){ .drop_tensor = "rope_factors_short.weight" }, ERR_FORMAT,
            "no tensor rope_factors_short.weight");
}

/* ---- config.json ---- */

/* The folder of a golden with a line of its config.json replaced. */
static void refused_json(const char *name, const char *from, const char *to, int code,
                         const char *text)
{
    char folder[] = "/tmp/headroom-config-XXXXXX", path[256], source[256], line[512];
    struct llm_model *m = NULL;
    struct err e = { 0 };
    FILE *in, *out;
    int rc, found = 0;

    CHECK(mkdtemp(folder) != NULL && getcwd(line, sizeof(line)) != NULL);
    snprintf(source, sizeof(source), "%.150s/test/data/llm/%s/model.safetensors", line, name);
    snprintf(path, sizeof(path), "%s/model.safetensors", folder);
    CHECK_EQ(symlink(source, path), 0);
    snprintf(source, sizeof(source), "test/data/llm/%s/config.json", name);
    snprintf(path, sizeof(path), "%s/config.json", folder);
    in = fopen(source, "r");
    out = fopen(path, "w");
    CHECK(in && out);
    while (in && fgets(line, sizeof(line), in)) {
        bool here = strstr(line, from) != NULL;

        found += here;
        fputs(here ? to : line, out);
    }
    CHECK_EQ(found, 1);
    fclose(in);
    fclose(out);
    rc = llm_model_open(&m, folder, &e);
    if (rc != code || !strstr(e.msg, text)) {
        fprintf(stderr, "%s, %s: expected %d with \"%s\", got %d with \"%s\"\n", name, to, code,
                text, rc, e.msg);
        test_failures++;
    }
    llm_model_close(m);
    unlink(path);
    snprintf(path, sizeof(path), "%s/model.safetensors", folder);
    unlink(path);
    rmdir(folder);
}

static void check_json(void)
{
    refused_json("llama", "\"model_type\"", "\"model_type\": \"mamba\",", ERR_NOTSUP,
                 "the model type \"mamba\"");
    refused_json("llama", "\"hidden_act\"", "\"hidden_act\": \"gelu\",", ERR_NOTSUP,
                 "the activation \"gelu\"");
    refused_json("gpt2", "\"activation_function\"", "\"activation_function\": \"silu\",",
                 ERR_NOTSUP, "the activation \"silu\"");
    refused_json("llama", "\"hidden_size\"", "", ERR_FORMAT, "no \"hidden_size\"");
    refused_json("llama", "\"hidden_size\"", "\"hidden_size\": 3.5,", ERR_FORMAT,
                 "\"hidden_size\" in config.json is not a whole number");
    refused_json("llama", "\"hidden_size\"", "\"hidden_size\": 64,", ERR_FORMAT, "tensor model.");
    refused_json("llama", "\"tie_word_embeddings\"", "\"tie_word_embeddings\": false,", ERR_FORMAT,
                 "no tensor lm_head.weight");
    refused_json("llama", "\"rope_type\"", "\"rope_type\": \"llama3\"", ERR_NOTSUP,
                 "RoPE scaling \"llama3\"");
    refused_json("qwen2", "\"use_sliding_window\"", "\"use_sliding_window\": true,", ERR_NOTSUP,
                 "a sliding window in some layers only");
    refused_json("bitnet", "\"model_type\"",
                 "\"model_type\": \"bitnet\", \"quantization_config\": {\"quant_method\": "
                 "\"bitnet\"},",
                 ERR_NOTSUP, "quantised safetensors (\"bitnet\")");
    refused_json("gpt2", "\"scale_attn_by_inverse_layer_idx\"",
                 "\"scale_attn_by_inverse_layer_idx\": true,", ERR_NOTSUP,
                 "scale_attn_by_inverse_layer_idx");
    refused_json("phi3-long", "9.0", "9.0, 1.0", ERR_FORMAT, "expected 4");
}

int main(void)
{
    static const char *const names[] = { "gpt2", "llama", "qwen2", "phi3", "phi3-long", "bitnet" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        check_same(names[i]);
    check_values();
    check_refusals();
    check_tensors();
    check_json();
    TEST_DONE();
}
