/* GGUF files made by the Python package gguf (tools/golden-models.py): every type of metadata, the
 * types of tensors that it can make, alignment, byte order, and the vocabulary of a real size. */
#include <stdint.h>
#include <unistd.h>

#include "core/mem.h"
#include "models/format/model_file.h"
#include "models/format/model_writer.h"
#include "test.h"

static const char golden[] = "test/data/models/golden.gguf";

static struct model_file *opened(const char *path)
{
    struct model_file *m = NULL;
    struct err e = { 0 };

    CHECK_EQ(model_file_open(&m, path, &e), 0);
    if (!m) {
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
    return m;
}

static void is_int(const struct model_file *m, const char *key, int64_t want)
{
    int64_t got = ~want;

    CHECK(model_file_int(m, key, &got));
    CHECK_EQ(got, want);
}

static void scalars(const struct model_file *m)
{
    struct span s = { 0 };
    int64_t i;
    double x = 0;
    bool b = false;

    is_int(m, "t.u8", 255);
    is_int(m, "t.i8", -128);
    is_int(m, "t.u16", 65535);
    is_int(m, "t.i16", -32768);
    is_int(m, "t.u32", 4294967295);
    is_int(m, "t.i32", INT32_MIN);
    is_int(m, "t.i64", INT64_MIN);
    CHECK(!model_file_int(m, "t.u64", &i)); /* 2^64 - 1 does not fit */
    CHECK(model_file_float(m, "t.f32", &x) && x == 1.5);
    CHECK(model_file_float(m, "t.f64", &x) && x == 0.1);
    CHECK(model_file_float(m, "t.i16", &x) && x == -32768);
    CHECK(model_file_bool(m, "t.bool", &b) && b);
    CHECK(model_file_string(m, "t.string", &s) && s.n == 8);
    CHECK(s.n == 8 && memcmp(s.p, "h\xc3\xa9 \xf0\x9f\x98\x80", 8) == 0);
    CHECK(!model_file_float(m, "t.bool", &x) && !model_file_int(m, "t.f32", &i));
    CHECK(!model_file_synthetic(m));
}

/* The two elements of an array of integers. */
static void ints(const struct model_file *m, const char *key, enum gguf_type of, int64_t a,
                 int64_t b)
{
    enum gguf_type got = GGUF_ARRAY;
    int64_t x = ~a, y = ~b;
    size_t n = 0;

    CHECK(model_file_array(m, key, &got, &n) && got == of);
    CHECK_EQ(n, 2);
    CHECK(model_file_array_int(m, key, 0, &x) && model_file_array_int(m, key, 1, &y));
    CHECK_EQ(x, a);
    CHECK_EQ(y, b);
    CHECK(!model_file_array_int(m, key, 2, &x));
}

static void arrays(const struct model_file *m)
{
    static const size_t lengths[] = { 0, 1, 7, 300 };
    struct span s = { 0 };
    int64_t i;
    double x = 0;
    bool b = true;
    size_t n = 0;

    CHECK(model_file_array(m, "a.strings", NULL, &n));
    CHECK_EQ(n, 4);
    for (size_t k = 0; k < 4; k++) {
        CHECK(model_file_array_string(m, "a.strings", k, &s));
        CHECK_EQ(s.n, lengths[k]);
    }
    CHECK(!model_file_array_string(m, "a.strings", 4, &s));
    CHECK(!model_file_array_string(m, "a.u8", 0, &s) && !model_file_array(m, "t.u8", NULL, NULL));
    ints(m, "a.u8", GGUF_U8, 0, 255);
    ints(m, "a.i8", GGUF_I8, -128, 127);
    ints(m, "a.u16", GGUF_U16, 0, 65535);
    ints(m, "a.i16", GGUF_I16, -32768, 32767);
    ints(m, "a.u32", GGUF_U32, 0, 4294967295);
    ints(m, "a.i32", GGUF_I32, INT32_MIN, INT32_MAX);
    ints(m, "a.i64", GGUF_I64, INT64_MIN, INT64_MAX);
    CHECK(model_file_array_int(m, "a.u64", 0, &i) && !model_file_array_int(m, "a.u64", 1, &i));
    CHECK(model_file_array_float(m, "a.f32", 1, &x) && x == -2);
    CHECK(model_file_array_float(m, "a.f64", 1, &x) && x == 1e300);
    CHECK(model_file_array_float(m, "a.i8", 0, &x) && x == -128);
    CHECK(model_file_array_float(m, "a.u64", 1, &x) && x == 18446744073709551616.0);
    CHECK(model_file_array_bool(m, "a.bool", 1, &b) && !b);
    CHECK(model_file_array_bool(m, "a.bool", 2, &b) && b);
    CHECK(!model_file_array_bool(m, "a.bool", 3, &b) && !model_file_array_int(m, "a.bool", 0, &i));
}

static float value(int t, size_t i)
{
    return (float)((int)((i * 37 + (size_t)t * 11) % 101) - 50) / 16;
}

/* Every tensor decoded is the formula's value, within the step of its format: the largest of 101
 * values is 50/16, so 4 bits have steps of 0.42, ternary codes know nothing but the scale. */
static void tensors(const struct model_file *m)
{
    static const struct {
        const char *name;
        enum dtype dtype;
        int n_dims;
        uint64_t dims[4];
        double tolerance;
    } want[] = {
        { "f32", DTYPE_F32, 1, { 5, 1, 1, 1 }, 0 },
        { "f16", DTYPE_F16, 2, { 3, 7, 1, 1 }, 0 },
        { "bf16", DTYPE_BF16, 3, { 2, 3, 256, 1 }, 0 },
        { "q4_0", DTYPE_Q4_0, 3, { 2, 3, 256, 1 }, 0.45 },
        { "q4_1", DTYPE_Q4_1, 3, { 2, 3, 256, 1 }, 0.25 },
        { "q5_0", DTYPE_Q5_0, 3, { 2, 3, 256, 1 }, 0.25 },
        { "q5_1", DTYPE_Q5_1, 3, { 2, 3, 256, 1 }, 0.12 },
        { "q8_0", DTYPE_Q8_0, 3, { 2, 3, 256, 1 }, 0.02 },
        { "tq1_0", DTYPE_TQ1_0, 3, { 2, 3, 256, 1 }, 1.7 },
        { "tq2_0", DTYPE_TQ2_0, 3, { 2, 3, 256, 1 }, 1.7 },
    };
    float got[2 * 3 * 256];
    size_t n;

    model_file_tensors(m, &n);
    CHECK_EQ(n, sizeof(want) / sizeof(want[0]));
    for (int t = 0; t < (int)n; t++) {
        const struct tensor *x = model_file_tensor(m, want[t].name);
        size_t values = (size_t)(want[t].dims[0] * want[t].dims[1] * want[t].dims[2]);

        CHECK(x != NULL);
        if (!x)
            continue;
        CHECK_EQ(x->dtype, want[t].dtype);
        CHECK_EQ(x->n_dims, want[t].n_dims);
        CHECK(memcmp(x->dims, want[t].dims, sizeof(x->dims)) == 0);
        CHECK_EQ(x->bytes, dtype_row_bytes(x->dtype, values));
        dtype_to_f32(x->dtype, x->data, got, values);
        for (size_t i = 0; i < values; i++)
            CHECK_NEAR(got[i], value(t, i), want[t].tolerance);
    }
}

static void *read_all(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    void *bytes = malloc(1 << 16);

    if (!f || !bytes)
        TEST_SKIP("%s is not here", path);
    *n = fread(bytes, 1, 1 << 16, f);
    fclose(f);
    return bytes;
}

/* Version 2 has the same layout; with another number the file is refused, by name. */
static void versions(void)
{
    static const struct {
        uint8_t version[4];
        const char *says;
    } bad[] = {
        { { 1 }, "at byte 4: GGUF version 1; 2 and 3 are known" },
        { { 4 }, "GGUF version 4; 2 and 3 are known" },
        { { 0 }, "GGUF version 0;" },
        { { 0, 0, 0, 3 }, "this is a big-endian file" },
    };
    struct model_file *m = NULL;
    uint8_t *bytes;
    size_t n;

    bytes = read_all(golden, &n);
    bytes[4] = 2;
    CHECK_EQ(model_file_open_memory(&m, bytes, n, "v2", NULL), 0);
    if (m)
        tensors(m);
    model_file_close(m);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err e = { 0 };

        memcpy(bytes + 4, bad[i].version, 4);
        CHECK_EQ(model_file_open_memory(&m, bytes, n, "bad", &e), ERR_FORMAT);
        CHECK(strstr(e.msg, bad[i].says) != NULL);
        CHECK(m == NULL);
    }
    free(bytes);
}

/* Cut anywhere, it is refused: nothing behind the cut is read. */
static void cut_short(void)
{
    uint8_t *bytes;
    size_t n;

    bytes = read_all(golden, &n);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *exact = malloc(cut ? cut : 1); /* for the address sanitizer */
        struct model_file *m = NULL;
        struct err e = { 0 };
        int rc;

        memcpy(exact, bytes, cut);
        rc = model_file_open_memory(&m, exact, cut, "cut", &e);
        /* What is padding behind the last tensor may be missing. */
        CHECK(rc == ERR_FORMAT || (rc == 0 && n - cut < 32));
        CHECK(rc == 0 || (e.code == rc && strncmp(e.msg, "cut: ", 5) == 0));
        model_file_close(m);
        free(exact);
    }
    free(bytes);
}

/* Without memory at any point it fails cleanly (and under the address sanitizer, leaks nothing). */
static void without_memory(void)
{
    struct model_file *m;
    int rc = ERR_NOMEM;

    for (uint64_t n = 1; rc == ERR_NOMEM && n < 1000; n++) {
        struct err e = { 0 };

        mem_fail_at(n);
        rc = model_file_open(&m, golden, &e);
        mem_fail_at(0);
        CHECK(rc == 0 || (rc == ERR_NOMEM && e.msg[0] && m == NULL));
    }
    CHECK_EQ(rc, 0);
    model_file_close(m);
}

/* 150,000 tokens and as many merges, as Qwen2.5's: the index takes each to its own. */
static void large_vocabulary(void)
{
    enum { TOKENS = 150000 };
    char text[64], path[] = "/tmp/headroom-gguf-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "wb");
    struct model_file *m;
    uint64_t word;
    uint32_t type;
    size_t n = 0;

    fwrite("GGUF\3\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0t", 1, 33, f);
    type = GGUF_ARRAY;
    fwrite(&type, 4, 1, f);
    type = GGUF_STRING;
    fwrite(&type, 4, 1, f);
    word = TOKENS;
    fwrite(&word, 8, 1, f);
    for (int i = 0; i < TOKENS; i++) {
        word = (uint64_t)snprintf(text, sizeof(text), "%*d", i % 20 + 6, i);
        fwrite(&word, 8, 1, f);
        fwrite(text, 1, word, f);
    }
    fclose(f);
    m = opened(path);
    CHECK(model_file_array(m, "t", NULL, &n));
    CHECK_EQ(n, TOKENS);
    for (size_t i = TOKENS - 1; i < TOKENS; i -= 7) {
        struct span s = { 0 };

        snprintf(text, sizeof(text), "%*zu", (int)(i % 20) + 6, i);
        CHECK(model_file_array_string(m, "t", i, &s));
        CHECK(s.n == strlen(text) && memcmp(s.p, text, s.n) == 0);
    }
    model_file_close(m);
    unlink(path);
}

int main(void)
{
    struct model_file *m = opened(golden);
    struct err e = { 0 };

    scalars(m);
    arrays(m);
    tensors(m);
    CHECK_EQ(model_file_check(m, NULL), 0);
    CHECK_EQ(model_file_shards(m), 1);
    CHECK(model_file_json(m, "config.json") == NULL && model_file_metadata(m) == NULL);
    model_file_close(m);
    m = opened("test/data/models/golden-64.gguf");
    tensors(m);
    model_file_close(m);
    CHECK_EQ(model_file_open(&m, "test/data/models/golden-big-endian.gguf", &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "golden-big-endian.gguf: at byte 4: version 50331648 when read as") !=
          NULL);
    versions();
    cut_short();
    without_memory();
    large_vocabulary();
    TEST_DONE();
}
