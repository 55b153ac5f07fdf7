/* safetensors made by the Python package of that name (tools/golden-models.py), by us, and by
 * nobody who means well; shards with an index; folders. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "models/format/model_file.h"
#include "models/format/model_writer.h"
#include "test.h"

static const char data[] = "test/data/models/";
static char folder[] = "/tmp/headroom-safetensors-XXXXXX";

static const char *path_of(const char *base, const char *name)
{
    static char path[4][160];
    static int at;

    at = (at + 1) % 4;
    snprintf(path[at], sizeof(path[at]), "%s%s", base, name);
    return path[at];
}

static float value(int t, size_t i)
{
    return (float)((int)((i * 37 + (size_t)t * 11) % 101) - 50) / 16;
}

static void holds(const struct model_file *m, const char *name, int t, enum dtype dtype,
                  size_t values)
{
    const struct tensor *x = model_file_tensor(m, name);
    float got[64];

    CHECK(x != NULL);
    if (!x)
        return;
    CHECK_EQ(x->dtype, dtype);
    CHECK_EQ(x->bytes, dtype_row_bytes(dtype, values));
    dtype_to_f32(dtype, x->data, got, values);
    for (size_t i = 0; i < values; i++)
        CHECK_NEAR(got[i], value(t, i), 0);
}

static void golden(void)
{
    static const char *const order[] = { "a", "none", "scalar", "c", "b" };
    struct model_file *m = NULL;
    const struct tensor *t;
    struct err e = { 0 };
    size_t n;

    CHECK_EQ(model_file_open(&m, path_of(data, "golden.safetensors"), &e), 0);
    if (!m) {
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
    CHECK_EQ(model_file_format(m), MODEL_SAFETENSORS);
    holds(m, "a", 0, DTYPE_F32, 15);
    holds(m, "b", 1, DTYPE_F16, 7);
    holds(m, "c", 2, DTYPE_BF16, 8);
    t = model_file_tensors(m, &n);
    CHECK_EQ(n, 5);
    for (size_t i = 0; i < n && i < 5; i++)
        CHECK_STR(t[i].name, order[i]);
    CHECK(t[0].n_dims == 2 && t[0].dims[0] == 3 && t[0].dims[1] == 5 && t[0].dims[2] == 1);
    CHECK(t[2].n_dims == 1 && t[2].dims[0] == 1 && *(const float *)t[2].data == 2.5f);
    CHECK_EQ(t[1].bytes, 0);
    CHECK_EQ(model_file_left_out(m), 2); /* the mask and the positions */
    CHECK(!model_file_tensor(m, "mask"));
    CHECK(model_file_synthetic(m));
    CHECK(model_file_json(m, "config.json") == NULL && model_file_keys(m) == 0);
    CHECK(!model_file_has(m, "general.architecture"));
    model_file_close(m);
}

static void check_sharded(const char *path)
{
    struct model_file *m = NULL;
    struct err e = { 0 };
    const json_t *config;
    size_t n;

    CHECK_EQ(model_file_open(&m, path, &e), 0);
    if (!m) {
        fprintf(stderr, "%s\n", e.msg);
        test_failures++;
        return;
    }
    CHECK_EQ(model_file_shards(m), 2);
    model_file_tensors(m, &n);
    CHECK_EQ(n, 3);
    holds(m, "x.weight", 3, DTYPE_F32, 16);
    holds(m, "x.bias", 4, DTYPE_F32, 4);
    holds(m, "y.weight", 5, DTYPE_F16, 8);
    CHECK_EQ(model_file_tensor(m, "x.bias")->shard, 0);
    CHECK_EQ(model_file_tensor(m, "y.weight")->shard, 1);
    CHECK_EQ(model_file_left_out(m), 1);
    CHECK_EQ(model_file_bytes(m), 248 + 200);
    CHECK(!model_file_synthetic(m));
    CHECK_STR(json_string_value(json_object_get(model_file_metadata(m), "format")), "pt");
    config = model_file_json(m, "config.json");
    CHECK_EQ(json_integer_value(json_object_get(config, "hidden_size")), 4);
    CHECK(json_is_object(model_file_json(m, "tokenizer.json")));
    CHECK(model_file_json(m, "tokenizer_config.json") == NULL);
    CHECK(model_file_json(m, "another.json") == NULL);
    model_file_close(m);
}

/* ---- what we write ---- */

static void written(void)
{
    struct model_writer *w;
    struct model_file *m = NULL;
    struct err e = { 0 };
    uint16_t half[7];
    float x[15];
    void *bytes;
    size_t n;

    for (size_t i = 0; i < 15; i++)
        x[i] = value(0, i);
    dtype_from_f32(DTYPE_F16,
                   (float[]){ value(1, 0), value(1, 1), value(1, 2), value(1, 3), value(1, 4),
                              value(1, 5), value(1, 6) },
                   half, 7);
    CHECK_EQ(model_writer_new(&w, MODEL_SAFETENSORS, &e), 0);
    CHECK_EQ(model_writer_string(w, MODEL_SYNTHETIC_KEY, (struct span){ "true", 4 }, &e), 0);
    CHECK_EQ(model_writer_string(w, "bad", (struct span){ "\xff", 1 }, NULL), ERR_ARG);
    CHECK_EQ(model_writer_tensor(w, "b", DTYPE_F16, 1, (uint64_t[]){ 7 }, &e), 0);
    CHECK_EQ(model_writer_tensor(w, "a \"q\"\n", DTYPE_F32, 2, (uint64_t[]){ 3, 5 }, &e), 0);
    CHECK_EQ(model_writer_begin_memory(w, &e), 0);
    CHECK_EQ(model_writer_write(w, half, sizeof(half), &e), 0);
    CHECK_EQ(model_writer_write(w, x, sizeof(x), &e), 0);
    CHECK_EQ(model_writer_take(w, &bytes, &n, &e), 0);
    model_writer_free(w);
    CHECK_EQ(((const uint8_t *)bytes)[0] % 8, 0); /* the header is padded */
    CHECK_EQ(model_file_open_memory(&m, bytes, n, "memory", &e), 0);
    if (m) {
        holds(m, "b", 1, DTYPE_F16, 7);
        holds(m, "a \"q\"\n", 0, DTYPE_F32, 15);
        CHECK(model_file_synthetic(m));
    }
    model_file_close(m);
    mem_free(bytes);
}

/* ---- what nobody should write ---- */

static void memory(const char *json, size_t n_data, uint64_t claimed, int want, const char *says)
{
    size_t n = strlen(json);
    uint8_t *bytes = malloc(8 + n + n_data);
    struct model_file *m = NULL;
    struct err e = { 0 };

    if (claimed == 0)
        claimed = n;
    memcpy(bytes, &claimed, 8);
    memcpy(bytes + 8, json, n);
    memset(bytes + 8 + n, 0, n_data);
    CHECK_EQ(model_file_open_memory(&m, bytes, 8 + n + n_data, "f", &e), want);
    if (!strstr(e.msg, says))
        fprintf(stderr, "no \"%s\" in \"%s\"\n", says, e.msg);
    CHECK(strstr(e.msg, says) != NULL);
    model_file_close(m);
    free(bytes);
}

static void refused(const char *json, size_t n_data, const char *says)
{
    char padded[1024];

    snprintf(padded, sizeof(padded), "%s%*s", json, (int)(-strlen(json) & 7), "");
    memory(padded, n_data, 0, ERR_FORMAT, says);
}

#define T(dtype, shape, offsets) \
    "{\"t\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void hostile(void)
{
    memory("{}", 0, 0, 0, "");
    memory("{}", 0, 3, ERR_FORMAT, "its header would have 3 bytes; the file has 10");
    memory("{}", 0, UINT64_MAX, ERR_FORMAT, "would have 18446744073709551615 bytes");
    memory("{}", 0, 200000000, ERR_FORMAT, "100000000 is the limit");
    memory("{}", 4, 0, ERR_FORMAT, "4 bytes behind the last tensor");
    refused("{\"t\":", 0, "not valid JSON: line 1");
    refused("{\"t\":1}", 0, "tensor \"t\": not described by an object");
    refused("{\"t\":{},\"t\":{}}", 0, "duplicate object key");
    refused(T("F32", "[4]", "[0,16]") " x", 16, "not valid JSON");
    refused("{\"t\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "no text \"dtype\"");
    refused(T("F8_E4M3", "[4]", "[0,4]"), 4, "its type F8_E4M3 is not supported");
    refused(T("U8", "[4]", "[0,4]"), 4, "its type U8 is not supported");
    refused(T("X\\u001b[2J", "[4]", "[0,4]"), 4, "its type X?[2J is not supported");
    refused(T("F32", "4", "[0,16]"), 16, "\"shape\" must be a list of at most 4 dimensions");
    refused(T("F32", "[1,1,1,1,4]", "[0,16]"), 16, "a list of at most 4 dimensions");
    refused(T("F32", "[-4]", "[0,16]"), 16, "\"shape\" holds what is no size");
    refused(T("F32", "[4.0]", "[0,16]"), 16, "\"shape\" holds what is no size");
    refused(T("F32", "[4294967296,4294967296]", "[0,16]"), 16, "does not fit 64 bits");
    refused(T("F32", "[4611686018427387904]", "[0,0]"), 0, "does not fit 64 bits");
    refused(T("F32", "[99999999999999999999]", "[0,0]"), 0, "not valid JSON");
    refused(T("F32", "[4]", "16"), 16, "\"data_offsets\" must be two places");
    refused(T("F32", "[4]", "[0,16,16]"), 16, "\"data_offsets\" must be two places");
    refused(T("F32", "[4]", "[-16,0]"), 16, "\"data_offsets\" must be two places");
    refused(T("F32", "[4]", "[16,0]"), 16, "its data, 16 to 0, are not inside the file's");
    refused(T("F32", "[4]", "[0,16]"), 15, "its data, 0 to 16, are not inside the file's, 0 to 15");
    refused(T("F32", "[4]", "[0,12]"), 12, "12 bytes of data; its shape and type make 16");
    refused(T("F32", "[4]", "[4,20]"), 20, "the format has no holes");
    refused("{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            "\"u\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            8, "tensors \"t\" and \"u\" overlap");
    refused("{\"__metadata__\":1}", 0, "__metadata__ is not an object");
    refused("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__: \"a\" is not a text");
    refused("{\"\":{}}", 0, "it has no name");
    refused("{\"a\\u0000b\":{}}", 0, "not valid JSON");
    memory("{\"t\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]}} ", 8, 0, ERR_FORMAT,
           "its data begin at the odd byte");
}

/* ---- shards ---- */

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(path_of(folder, name), "w");

    fputs(text, f);
    fclose(f);
}

static void copy(const char *from, const char *to)
{
    FILE *in = fopen(path_of(data, from), "rb"), *out = fopen(path_of(folder, to), "wb");
    char bytes[1024];
    size_t n = fread(bytes, 1, sizeof(bytes), in);

    fwrite(bytes, 1, n, out);
    fclose(in);
    fclose(out);
}

static void index_says(const char *index, int want, const char *says)
{
    struct model_file *m = NULL;
    struct err e = { 0 };

    write_text("/model.safetensors.index.json", index);
    CHECK_EQ(model_file_open(&m, folder, &e), want);
    if (!strstr(e.msg, says))
        fprintf(stderr, "no \"%s\" in \"%s\"\n", says, e.msg);
    CHECK(strstr(e.msg, says) != NULL);
    model_file_close(m);
}

#define X "\"x.weight\":\"one\",\"x.bias\":\"one\""
#define Y "\"y.weight\":\"two\",\"y.mask\":\"two\""

static void shards(void)
{
    struct err e = { 0 };
    struct model_file *m;

    copy("sharded/model-00001-of-00002.safetensors", "/one");
    copy("sharded/model-00002-of-00002.safetensors", "/two");
    index_says("{\"weight_map\":{" X "," Y "}}", 0, "");
    index_says(" \n{\"a\":1}", ERR_FORMAT, "JSON without an object \"weight_map\"");
    index_says("{\"weight_map\":[]}", ERR_FORMAT, "without an object \"weight_map\"");
    index_says("{\"weight_map\":{}}", ERR_FORMAT, "weight_map is empty");
    index_says("{\"weight_map\":{\"a\":1}}", ERR_FORMAT, "\"a\" is not in a file beside the index");
    index_says("{\"weight_map\":{\"a\":\"../one\"}}", ERR_FORMAT, "\"a\" is not in a file beside");
    index_says("{\"weight_map\":{\"a\":\"..\"}}", ERR_IO, "is a folder");
    index_says("{\"weight_map\":{\"a\":\"nowhere\"}}", ERR_IO, "nowhere: No such file");
    index_says("{\"weight_map\":{\"x.weight\":\"one\"}}", ERR_FORMAT,
               "one: tensor \"x.bias\": the index does not have it here");
    index_says("{\"weight_map\":{" X ",\"y.weight\":\"one\"}}", ERR_FORMAT,
               "tensor \"y.weight\" is not in one");
    index_says("{\"weight_map\":{" X ",\"i\":\"model.safetensors.index.json\"}}", ERR_FORMAT,
               "not a safetensors file");
    index_says("{\"weight_map\":{" X "," Y "}", ERR_FORMAT, "not valid JSON");
    write_text("/config.json", "{nothing");
    index_says("{\"weight_map\":{" X "," Y "}}", ERR_FORMAT, "config.json: not valid JSON");
    unlink(path_of(folder, "/config.json"));
    mkfifo(path_of(folder, "/tokenizer.json"), 0600);
    index_says("{\"weight_map\":{" X "," Y "}}", ERR_IO, "tokenizer.json: is a pipe");
    unlink(path_of(folder, "/tokenizer.json"));
    unlink(path_of(folder, "/model.safetensors.index.json"));
    copy("golden.safetensors", "/a.safetensors");
    CHECK_EQ(model_file_open(&m, folder, NULL), 0); /* the only one */
    model_file_close(m);
    copy("golden.gguf", "/b.gguf");
    CHECK_EQ(model_file_open(&m, folder, &e), ERR_IO);
    CHECK(strstr(e.msg, "a folder with several models") != NULL);
}

static void without_memory(const char *path)
{
    struct model_file *m;
    int rc = ERR_NOMEM;

    for (uint64_t n = 1; rc == ERR_NOMEM && n < 2000; n++) {
        struct err e = { 0 };

        mem_fail_at(n);
        rc = model_file_open(&m, path, &e);
        mem_fail_at(0);
        CHECK(rc == 0 || (rc == ERR_NOMEM && e.msg[0] && m == NULL));
    }
    CHECK_EQ(rc, 0);
    model_file_close(m);
}

int main(void)
{
    static const char *const made[] = { "/one", "/two", "/a.safetensors", "/b.gguf" };

    if (!mkdtemp(folder))
        TEST_SKIP("no folder in /tmp");
    golden();
    check_sharded(path_of(data, "sharded"));
    check_sharded(path_of(data, "sharded/model.safetensors.index.json"));
    written();
    hostile();
    shards();
    without_memory(path_of(data, "golden.safetensors"));
    without_memory(path_of(data, "sharded"));
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        unlink(path_of(folder, made[i]));
    rmdir(folder);
    TEST_DONE();
}
