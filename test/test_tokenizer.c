/* test_tokenizer.c - against Hugging Face's tokenizers, over reduced vocabularies of five families
 * (tools/golden-tokens.py made test/data/tokenizers), and what must hold for every text. */
#include "test.h"

#include <jansson.h>
#include <time.h>

#include "core/mem.h"
#include "models/text/tokenizer_parts.h"

static const char *const families[] = { "gpt-2", "qwen2", "phi-3", "llama-bpe", "smollm" };
enum { FAMILIES = 5 };

static json_t *read_json(const char *folder, const char *name)
{
    char path[256];
    json_t *root;

    snprintf(path, sizeof(path), "test/data/tokenizers/%s%s", folder, name);
    root = json_load_file(path, 0, NULL);
    if (!root) {
        fprintf(stderr, "%s is not to be read\n", path);
        exit(1);
    }
    return root;
}

static struct tokenizer *open_json(const char *family)
{
    struct tokenizer *t = NULL;
    struct err e = { 0 };
    json_t *root = read_json(family, ".json");

    if (tokenizer_from_json(&t, root, NULL, family, &e) < 0) {
        fprintf(stderr, "%s: %s\n", family, e.msg);
        exit(1);
    }
    json_decref(root);
    return t;
}

static struct tokenizer *open_gguf(const char *family, struct model_file **m)
{
    struct tokenizer *t = NULL;
    struct err e = { 0 };
    char path[256];

    snprintf(path, sizeof(path), "test/data/tokenizers/%s.gguf", family);
    if (model_file_open(m, path, &e) < 0 || tokenizer_open(&t, *m, &e) < 0) {
        fprintf(stderr, "%s: %s\n", path, e.msg);
        exit(1);
    }
    return t;
}

/* ---- the goldens ---- */

static size_t from_hex(const json_t *hex, char *out, size_t cap)
{
    const char *s = json_string_value(hex);
    size_t n = s ? strlen(s) / 2 : 0;

    CHECK(s && n <= cap);
    for (size_t i = 0; i < n; i++) {
        unsigned int b = 0;

        CHECK(sscanf(s + 2 * i, "%2x", &b) == 1);
        out[i] = (char)b;
    }
    return n;
}

static bool same_ids(const struct tokens *got, const json_t *want)
{
    if (got->n != json_array_size(want))
        return false;
    for (size_t i = 0; i < got->n; i++)
        if (got->id[i] != json_integer_value(json_array_get(want, i)))
            return false;
    return true;
}

static void show(const char *what, const struct tokens *got, const json_t *want)
{
    char *text = json_dumps(want, JSON_ENCODE_ANY | JSON_COMPACT);

    fprintf(stderr, "%s\n  got", what);
    for (size_t i = 0; i < got->n; i++)
        fprintf(stderr, " %d", got->id[i]);
    fprintf(stderr, "\n  want %s\n", text);
    free(text);
    test_failures++;
}

/* How many of the goldens a tokenizer does not meet. */
static int misses(const struct tokenizer *t, const char *family, const json_t *golden, bool tell)
{
    const json_t *rows = json_object_get(json_object_get(golden, "families"), family), *row;
    int missed = 0;
    size_t i;

    CHECK(json_array_size(rows) >= 50);
    json_array_foreach(rows, i, row)
    {
        const json_t *special = json_object_get(row, "special");
        const json_t *hex = json_array_get(json_object_get(golden, "texts"), i);
        const json_t *nfc = json_object_get(row, "nfc");

        for (unsigned flags = 0; flags <= TOKENIZE_SPECIAL; flags += TOKENIZE_SPECIAL) {
            const json_t *want = flags && special ? special : json_object_get(row, "plain");
            struct tokens got = { 0 };
            char text[512];
            size_t n = from_hex(nfc ? nfc : hex, text, sizeof(text));

            CHECK_EQ(tokenizer_encode(t, text, n, flags, &got, NULL), 0);
            if (!same_ids(&got, want)) {
                missed++;
                if (tell)
                    show(json_string_value(hex), &got, want);
            }
            tokens_release(&got);
        }
    }
    return missed;
}

static void check_decoded(const struct tokenizer *t, const json_t *golden)
{
    const json_t *rows = json_object_get(json_object_get(golden, "families"), "phi-3"), *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        const json_t *ids = json_object_get(row, "special"), *hex = json_object_get(row, "decoded");
        struct tokens in = { 0 };
        char want[512], *got = NULL;
        size_t n, n_got = 0, k;
        const json_t *id;

        if (!hex)
            continue;
        n = from_hex(hex, want, sizeof(want));
        json_array_foreach(ids ? ids : json_object_get(row, "plain"), k, id)
        {
            CHECK_EQ(tokens_push(&in, (int32_t)json_integer_value(id), NULL), 0);
        }
        CHECK_EQ(tokenizer_decode(t, in.id, in.n, true, &got, &n_got, NULL), 0);
        CHECK_EQ(n_got, n);
        CHECK(n_got == n && memcmp(got, want, n) == 0);
        tokens_release(&in);
        mem_free(got);
    }
}

/* Bytes that the vocabulary has a token for come back as they were. */
static void check_round_trip(const struct tokenizer *t, const json_t *golden, const char *family)
{
    const json_t *hex;
    size_t i;

    json_array_foreach(json_object_get(golden, "texts"), i, hex)
    {
        struct tokens ids = { 0 };
        char text[512], want[512], *back = NULL;
        size_t n = from_hex(hex, text, sizeof(text)), n_want = 0, n_back = 0;

        for (size_t k = 0; k < n; k++)
            if (t->v.byte[(unsigned char)text[k]] >= 0)
                want[n_want++] = text[k];
        CHECK_EQ(tokenizer_encode(t, text, n, i % 2 ? TOKENIZE_SPECIAL : 0, &ids, NULL), 0);
        CHECK_EQ(tokenizer_decode(t, ids.id, ids.n, true, &back, &n_back, NULL), 0);
        if (n_back != n_want || memcmp(back, want, n_want) != 0) {
            fprintf(stderr, "%s: text %zu came back as \"%s\"\n", family, i, back);
            test_failures++;
        }
        tokens_release(&ids);
        mem_free(back);
    }
}

static void test_goldens(void)
{
    json_t *golden = read_json("golden", ".json");

    for (int f = 0; f < FAMILIES; f++) {
        struct model_file *m = NULL;
        struct tokenizer *json = open_json(families[f]), *gguf = open_gguf(families[f], &m);

        CHECK_EQ(misses(json, families[f], golden, true), 0);
        CHECK_EQ(misses(gguf, families[f], golden, true), 0);
        if (json->spm)
            check_decoded(json, golden);
        else
            check_round_trip(json, golden, families[f]);
        CHECK_EQ(tokenizer_size(json), tokenizer_size(gguf));
        CHECK_STR(tokenizer_kind(json), tokenizer_kind(gguf));
        tokenizer_close(json);
        tokenizer_close(gguf);
        model_file_close(m);
    }
    json_decref(golden);
}

/* The goldens see a rule that is wrong: another pre-tokenizer, the last
 * merge first, white space that stays. */
static void test_planted(void)
{
    json_t *golden = read_json("golden", ".json");
    struct tokenizer *t = open_json("qwen2");

    pre_tokenizer_free(t->split);
    CHECK_EQ(pre_tokenizer_new(&t->split, PRE_GPT2, NULL), 0);
    CHECK(misses(t, "qwen2", golden, false) > 0);
    tokenizer_close(t);
    t = open_json("gpt-2");
    for (size_t i = 0; i < t->merges.slots; i++)
        t->merges.slot[i].rank = 1000 - t->merges.slot[i].rank;
    CHECK(misses(t, "gpt-2", golden, false) > 0);
    tokenizer_close(t);
    t = open_json("phi-3");
    for (int32_t i = 0; i < t->v.n; i++)
        t->v.piece[i].rstrip = false;
    CHECK(misses(t, "phi-3", golden, false) > 0);
    tokenizer_close(t);
    json_decref(golden);
}

/* ---- what does not end ---- */

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Much of one thing: quadratic work would take many minutes, so the bound is generous. */
static void test_long(void)
{
    static const char *const units[] = {
        " ", "a", "\n", " \n", "<", "'", "1", "\xc3\xa9", "\xff", "<|im_end|>", "!", "\xe2\x96\x81"
    };
    size_t total = HEADROOM_INSTRUMENTED ? 50000 : 300000;
    char *text = mem_calloc(total, 1);

    for (int f = 0; f < FAMILIES; f++) {
        struct tokenizer *t = open_json(families[f]);

        for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
            struct tokens ids = { 0 };
            size_t n = strlen(units[u]);
            double t0 = seconds();

            for (size_t i = 0; i < total; i++)
                text[i] = units[u][i % n];
            CHECK_EQ(tokenizer_encode(t, text, total, TOKENIZE_SPECIAL, &ids, NULL), 0);
            CHECK(ids.n <= total + 1 && (ids.n > 0 || t->v.byte[(unsigned char)text[0]] < 0));
            CHECK(seconds() - t0 < 60);
            tokens_release(&ids);
        }
        tokenizer_close(t);
    }
    mem_free(text);
}

/* ---- ends, names, spaces ---- */

static void test_ends(void)
{
    struct model_file *m = NULL;
    struct tokenizer *t = open_gguf("phi-3", &m);
    struct tokens ids = { 0 };
    char piece[8];

    CHECK_STR(tokenizer_kind(t), "SPM");
    CHECK_EQ(tokenizer_bos(t), 1);
    CHECK_EQ(tokenizer_find(t, "<s>"), 1);
    CHECK_EQ(tokenizer_find(t, "<s"), -1);
    CHECK_EQ(tokenizer_find(t, ""), -1);
    CHECK(tokenizer_ends(t, tokenizer_find(t, "<|end|>")));
    CHECK(tokenizer_ends(t, tokenizer_find(t, "<|endoftext|>")));
    CHECK(!tokenizer_ends(t, tokenizer_find(t, "<|user|>")));
    CHECK(!tokenizer_ends(t, -1) && !tokenizer_ends(t, tokenizer_size(t)));
    CHECK_EQ(tokenizer_encode(t, "", 0, TOKENIZE_ADD, &ids, NULL), 0);
    CHECK(ids.n == 1 && ids.id[0] == 1);
    CHECK(tokenizer_space_after(t, -1) && tokenizer_space_after(t, 1));
    CHECK(!tokenizer_space_after(t, vocabulary_find(&t->v, "a", 1)));
    /* A piece that does not fit says how long it is, and writes no further. */
    memset(piece, 'x', sizeof(piece));
    CHECK_EQ(tokenizer_piece(t, tokenizer_find(t, "<|assistant|>"), true, piece, 4), 13);
    CHECK(memcmp(piece, "<|asxxxx", 8) == 0);
    CHECK_EQ(tokenizer_piece(t, tokenizer_find(t, "<|assistant|>"), false, piece, 4), 0);
    CHECK_EQ(tokenizer_piece(t, -1, true, piece, 4), 0);
    CHECK_EQ(tokenizer_piece(t, tokenizer_size(t), true, piece, 4), 0);
    tokens_release(&ids);
    tokenizer_close(t);
    model_file_close(m);
    t = open_gguf("llama-bpe", &m);
    CHECK_EQ(tokenizer_encode(t, "", 0, TOKENIZE_ADD, &ids, NULL), 0);
    CHECK(ids.n == 1 && ids.id[0] == tokenizer_find(t, "<|begin_of_text|>"));
    CHECK(!tokenizer_space_after(t, -1));
    tokens_release(&ids);
    tokenizer_close(t);
    model_file_close(m);
}

/* ---- streaming ---- */

static void test_stream(void)
{
    static const char text[] =
        "a\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x98\x80z\xff\xe4\xbd-\xf0\x9f\xc3\xa9\xed\xa0\x80";
    size_t n = sizeof(text) - 1;

    /* However it is cut, what comes out is the text, and cut only between characters. */
    for (size_t step = 1; step <= n; step++) {
        struct utf8_stream s = { 0 };
        char out[128];
        size_t made = 0;

        for (size_t at = 0; at < n; at += step)
            made += utf8_stream_push(&s, text + at, at + step < n ? step : n - at, out + made);
        made += utf8_stream_end(&s, out + made);
        CHECK_EQ(made, n);
        CHECK(memcmp(out, text, n) == 0);
    }
    struct utf8_stream s = { 0 };
    char out[16];

    CHECK_EQ(utf8_stream_push(&s, "\xf0", 1, out), 0);
    CHECK_EQ(utf8_stream_push(&s, "\x9f\x98", 2, out), 0);
    CHECK_EQ(utf8_stream_push(&s, "\x80", 1, out), 4);
    CHECK_EQ(utf8_stream_push(&s, "\xe4\xbd", 2, out), 0);
    CHECK_EQ(utf8_stream_push(&s, "\xc3", 1, out), 2); /* broken, and the next begins */
    CHECK_EQ(utf8_stream_end(&s, out), 1);
    CHECK_EQ(utf8_stream_end(&s, out), 0);
}

/* ---- files that are not right ---- */

static int open_changed(const char *family, const char *where, json_t *value, struct err *e)
{
    json_t *root = read_json(family, ".json"), *model = json_object_get(root, "model");
    bool of_model = strncmp(where, "model.", 6) == 0;
    struct tokenizer *t = NULL;
    int rc;

    json_object_set_new(of_model ? model : root, where + (of_model ? 6 : 0), value);
    *e = (struct err){ 0 };
    rc = tokenizer_from_json(&t, root, NULL, "x.json", e);
    CHECK((rc < 0) == (t == NULL));
    tokenizer_close(t);
    json_decref(root);
    return rc;
}

static void test_refused(void)
{
    struct err e;

    CHECK_EQ(open_changed("gpt-2", "model.type", json_string("Unigram"), &e), ERR_NOTSUP);
    CHECK(strstr(e.msg, "Unigram"));
    CHECK_EQ(open_changed("gpt-2", "model.dropout", json_real(0.1), &e), ERR_NOTSUP);
    CHECK_EQ(open_changed("gpt-2", "model.end_of_word_suffix", json_string("</w>"), &e),
             ERR_NOTSUP);
    CHECK_EQ(open_changed("gpt-2", "model", json_null(), &e), ERR_FORMAT);
    CHECK_EQ(open_changed("gpt-2", "model.merges", json_null(), &e), ERR_FORMAT);
    CHECK_EQ(open_changed("gpt-2", "model.merges", json_pack("[s]", "nospace"), &e), ERR_FORMAT);
    CHECK_EQ(open_changed("gpt-2", "model.merges", json_pack("[[ss]]", "Q", "\xc4\xa0zzz"), &e),
             ERR_FORMAT);
    CHECK_EQ(open_changed("gpt-2", "model.merges", json_pack("[i]", 3), &e), ERR_FORMAT);
    CHECK_EQ(open_changed("gpt-2", "model.vocab", json_object(), &e), ERR_FORMAT);
    CHECK_EQ(open_changed("gpt-2", "model.vocab", json_pack("{si}", "a", -1), &e), ERR_FORMAT);
    CHECK_EQ(open_changed("gpt-2", "model.vocab", json_pack("{sI}", "a", 1LL << 40), &e),
             ERR_FORMAT);
    CHECK_EQ(open_changed("gpt-2", "pre_tokenizer", json_pack("{ss}", "type", "Metaspace"), &e),
             ERR_NOTSUP);
    CHECK(strstr(e.msg, "Metaspace"));
    CHECK_EQ(open_changed("gpt-2", "normalizer", json_pack("{ss}", "type", "Lowercase"), &e),
             ERR_NOTSUP);
    CHECK_EQ(open_changed("phi-3", "normalizer", json_null(), &e), ERR_NOTSUP);
    CHECK_EQ(open_changed("qwen2", "pre_tokenizer",
                          json_pack("{sss[{sss{ss}ss}{ss}]}", "type", "Sequence", "pretokenizers",
                                    "type", "Split", "pattern", "Regex", "x+", "behavior",
                                    "Isolated", "type", "ByteLevel"),
                          &e),
             ERR_NOTSUP);
    CHECK(strstr(e.msg, "x+"));
}

/* ---- memory that is not there ---- */

static int open_and_use(const json_t *root, struct err *e)
{
    static const char text[] = "Hello <|im_end|> w\xc3\xb6rld 123\xff";
    struct tokens ids = { 0 };
    struct tokenizer *t = NULL;
    char *back = NULL;
    size_t n = 0;
    int rc = 0;

    TRY(tokenizer_from_json(&t, root, NULL, "x", e));
    TRY(tokenizer_encode(t, text, sizeof(text) - 1, TOKENIZE_SPECIAL, &ids, e));
    TRY(tokenizer_decode(t, ids.id, ids.n, true, &back, &n, e));
    CHECK(n > 10);
out:
    mem_free(back);
    tokens_release(&ids);
    tokenizer_close(t);
    return rc;
}

static void test_no_memory(void)
{
    for (int f = 0; f < FAMILIES; f++) {
        json_t *root = read_json(families[f], ".json");
        uint64_t n = 0;
        int rc;

        do {
            struct err e = { 0 };

            mem_fail_at(++n);
            rc = open_and_use(root, &e);
            mem_fail_at(0);
            CHECK(rc == 0 || (rc == ERR_NOMEM && e.msg[0]));
        } while (rc < 0 && n < 1000);
        CHECK(rc == 0 && n > 10);
        json_decref(root);
    }
}

int main(void)
{
    test_goldens();
    test_planted();
    test_ends();
    test_stream();
    test_refused();
    test_long();
    test_no_memory();
    TEST_DONE();
}
