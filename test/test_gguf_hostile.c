/* GGUF headers as nobody should write them: each is refused, by name and place. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "models/format/model_file.h"
#include "test.h"

/* A file being built. */
struct built {
    uint8_t p[65536];
    size_t n;
};

static void u32(struct built *b, uint32_t v)
{
    memcpy(b->p + b->n, &v, sizeof(v));
    b->n += sizeof(v);
}

static void u64(struct built *b, uint64_t v)
{
    memcpy(b->p + b->n, &v, sizeof(v));
    b->n += sizeof(v);
}

static void bytes(struct built *b, const void *p, size_t n)
{
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

static void string(struct built *b, const char *s)
{
    u64(b, strlen(s));
    bytes(b, s, strlen(s));
}

static void head(struct built *b, uint64_t tensors, uint64_t keys)
{
    b->n = 0;
    bytes(b, "GGUF", 4);
    u32(b, 3);
    u64(b, tensors);
    u64(b, keys);
}

static void key(struct built *b, const char *name, uint32_t type)
{
    string(b, name);
    u32(b, type);
}

static void key_u32(struct built *b, const char *name, uint32_t v)
{
    key(b, name, GGUF_U32);
    u32(b, v);
}

struct dims {
    uint32_t n;
    uint64_t d[5]; /* fastest first, as in the file */
};

static void tensor(struct built *b, const char *name, struct dims dims, uint32_t type,
                   uint64_t offset)
{
    string(b, name);
    u32(b, dims.n);
    for (uint32_t i = 0; i < dims.n && i < 5; i++)
        u64(b, dims.d[i]);
    u32(b, type);
    u64(b, offset);
}

static void data(struct built *b, size_t n)
{
    b->n = (b->n + 31) & ~(size_t)31;
    memset(b->p + b->n, 0, n);
    b->n += n;
}

/* In a block of exactly its size, so that the address sanitizer sees the first byte too far. */
static void refused(const struct built *b, const char *says)
{
    struct model_file *m = NULL;
    uint8_t *exact = malloc(b->n ? b->n : 1);
    struct err e = { 0 };
    int rc;

    memcpy(exact, b->p, b->n);
    rc = model_file_open_memory(&m, exact, b->n, "f", &e);
    CHECK_EQ(rc, ERR_FORMAT);
    if (!strstr(e.msg, says))
        fprintf(stderr, "no \"%s\" in \"%s\"\n", says, e.msg);
    CHECK(strstr(e.msg, says) != NULL);
    CHECK(strncmp(e.msg, "f: ", 3) == 0);
    model_file_close(m);
    free(exact);
}

static void accepted(const struct built *b)
{
    struct model_file *m = NULL;
    struct err e = { 0 };

    CHECK_EQ(model_file_open_memory(&m, b->p, b->n, "f", &e), 0);
    if (e.code)
        fprintf(stderr, "%s\n", e.msg);
    model_file_close(m);
}

static void other_files(struct built *b)
{
    static const struct {
        const char *begins, *says;
    } other[] = {
        { "PK\3\4 and more", "looks like a zip archive" },
        { "\x80\2}q\0", "a Python pickle" },
        { "version https://git-lfs.github.com/spec/v1\n", "the model itself was not downloaded" },
        { "<!DOCTYPE html>", "a web page" },
        { "tjgg....", "GGJT" },
        { "FUGG....", "bytes of each word swapped" },
        { "hello", "neither GGUF (which begins with \"GGUF\") nor safetensors" },
        { "GG", "neither GGUF" },
    };

    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        b->n = 0;
        bytes(b, other[i].begins, strlen(other[i].begins));
        refused(b, other[i].says);
    }
    b->n = 0;
    bytes(b, "GGUF\3\0", 6);
    refused(b, "at byte 4: the version needs 4 bytes, the file has 2 left");
}

static void counts(struct built *b)
{
    head(b, 0, UINT64_MAX);
    refused(b, "at byte 16: 18446744073709551615 keys do not fit into a file of 24 bytes");
    head(b, UINT64_MAX / 2, 0);
    refused(b, "at byte 8: 9223372036854775807 tensors do not fit");
    head(b, 1, 0);
    refused(b, "1 tensors do not fit");
    head(b, 0, 1);
    u64(b, UINT64_MAX);
    u64(b, 0);
    refused(b, "at byte 32: the name of a key needs 18446744073709551615 bytes");
    head(b, 0, 1);
    key(b, "k", GGUF_STRING);
    u64(b, (uint64_t)1 << 63);
    refused(b, "a string needs 9223372036854775808 bytes, the file has 0 left");
    head(b, 0, 1);
    key(b, "k", GGUF_ARRAY);
    u32(b, GGUF_U64);
    u64(b, ((uint64_t)1 << 61) + 1); /* times 8 wraps to 8 */
    u64(b, 0);
    refused(b, "key \"k\": 2305843009213693953 elements do not fit");
    head(b, 0, 1);
    key(b, "k", GGUF_ARRAY);
    u32(b, GGUF_U64);
    u64(b, 2);
    u64(b, 0);
    refused(b, "key \"k\": 2 elements do not fit");
    head(b, 0, 1);
    key(b, "k", GGUF_ARRAY);
    u32(b, GGUF_STRING);
    u64(b, 2);
    u64(b, 0);
    refused(b, "key \"k\": 2 strings do not fit");
}

static void keys(struct built *b)
{
    head(b, 0, 1);
    key(b, "k", 13);
    u64(b, 0);
    refused(b, "at byte 33: key \"k\": type 13; 0 to 12 are known");
    head(b, 0, 1);
    key(b, "k", GGUF_ARRAY);
    u32(b, GGUF_ARRAY);
    u64(b, 0);
    refused(b, "key \"k\": arrays in an array are not read");
    head(b, 0, 1);
    key(b, "k", GGUF_ARRAY);
    u32(b, 99);
    u64(b, 0);
    refused(b, "key \"k\": an array of type 99");
    head(b, 0, 1);
    key(b, "k", GGUF_BOOL);
    bytes(b, "\2", 1);
    refused(b, "key \"k\": a bool is 0 or 1, not 2");
    head(b, 0, 1);
    key(b, "k", GGUF_ARRAY);
    u32(b, GGUF_BOOL);
    u64(b, 3);
    bytes(b, "\0\1\3", 3);
    refused(b, "at byte 51: key \"k\": a bool is 0 or 1, not 3");
    head(b, 0, 2);
    key_u32(b, "same", 1);
    key_u32(b, "same", 2);
    refused(b, "at byte 52: key \"same\": is there twice");
    head(b, 0, 1);
    key_u32(b, "", 1);
    u32(b, 0);
    refused(b, "at byte 24: the name of a key has 0 bytes");
    head(b, 0, 1);
    key_u32(b, "a\xff", 1);
    refused(b, "the name of a key is not UTF-8");
    head(b, 0, 1);
    key_u32(b, "\xed\xa0\x80", 1); /* a surrogate */
    refused(b, "the name of a key is not UTF-8");
    head(b, 0, 1);
    u64(b, 3);
    bytes(b, "a\0b", 3);
    u32(b, GGUF_U32);
    u32(b, 1);
    refused(b, "the name of a key is not UTF-8");
    /* A terminal is not for the file to steer. */
    head(b, 0, 1);
    key(b, "\x1b[2Jk\"", 77);
    u64(b, 0);
    refused(b, "key \"?[2Jk?\": type 77");
    head(b, 0, 2);
    key_u32(b, "split.count", 3);
    key_u32(b, "split.no", 1);
    refused(b, "is one of 3 parts");
}

static void alignment(struct built *b)
{
    static const uint32_t bad[] = { 0, 1, 4, 33, 96, 1u << 21, 1u << 31 };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        head(b, 0, 1);
        key_u32(b, "general.alignment", bad[i]);
        refused(b, "\"general.alignment\" must be a power of two from 8 to 1048576");
    }
    head(b, 0, 1);
    key(b, "general.alignment", GGUF_STRING);
    string(b, "32");
    refused(b, "\"general.alignment\" must be a power of two");
    head(b, 1, 1);
    key_u32(b, "general.alignment", 64);
    tensor(b, "t", (struct dims){ 1, { 4 } }, 0, 32);
    data(b, 64);
    refused(b, "tensor \"t\": its offset 32 is no multiple of the alignment, 64");
    head(b, 0, 1);
    key_u32(b, "general.alignment", 8);
    accepted(b);
}

static void shapes(struct built *b)
{
    static const struct {
        struct dims dims;
        uint32_t type;
        const char *says;
    } bad[] = {
        { { 0, { 0 } }, 0, "tensor \"t\": 0 dimensions, 1 to 4 are known" },
        { { 5, { 1, 1, 1, 1, 1 } }, 0, "tensor \"t\": 5 dimensions" },
        { { UINT32_MAX, { 1 } }, 0, "4294967295 dimensions" },
        { { 2, { 4, 0 } }, 0, "a dimension is 0" },
        { { 1, { 0 } }, 0, "a dimension is 0" },
        { { 3, { 4, (uint64_t)1 << 32, (uint64_t)1 << 32 } }, 0, "product of its dimensions" },
        { { 2, { (uint64_t)1 << 62, 1 } }, 0, "its size does not fit 64 bits" },
        { { 2, { 32, (uint64_t)1 << 60 } }, 2, "its size does not fit 64 bits" },
        { { 1, { 33 } }, 2, "rows of 33 values are no multiple of Q4_0's block of 32" },
        { { 2, { 576, 4 } }, 12, "rows of 576 values are no multiple of Q4_K's block of 256" },
        { { 1, { 128 } }, 36, "tensor \"t\": its type 36, I2_S (bitnet.cpp), is not supported" },
        { { 1, { 32 } }, 39, "its type 39, MXFP4, is not supported" },
        { { 1, { 32 } }, 40, "its type 40, NVFP4, is not supported" },
        { { 1, { 64 } }, 42, "its type 42, Q2_0, is not supported" },
        { { 1, { 32 } }, 31, "Q4_0_4_4 (no longer in ggml)" },
        { { 1, { 32 } }, 4, "Q4_2 (no longer in ggml)" },
        { { 1, { 4 } }, 26, "its type 26, I32, is not supported" },
        { { 1, { 4 } }, 4000, "its type 4000, unknown, is not supported" },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        head(b, 1, 0);
        tensor(b, "t", bad[i].dims, bad[i].type, 0);
        data(b, 1024);
        refused(b, bad[i].says);
    }
}

static void two(struct built *b, const char *second, uint64_t at, size_t n)
{
    head(b, 2, 0);
    tensor(b, "one", (struct dims){ 1, { 12 } }, 0, 0); /* 48 bytes */
    tensor(b, second, (struct dims){ 1, { 8 } }, 0, at);
    data(b, n);
}

static void places(struct built *b)
{
    two(b, "two", 64, 96);
    accepted(b);
    two(b, "two", 64, 95);
    refused(b, "tensor \"two\" has 32 bytes at byte 64 of the data, which has 95: the file is cut");
    two(b, "two", 96, 96);
    refused(b, "tensor \"two\" has 32 bytes at byte 96 of the data, which has 96");
    two(b, "two", UINT64_MAX - 31, 96);
    refused(b, "tensor \"two\" has 32 bytes at byte 18446744073709551584");
    two(b, "two", 65, 128);
    refused(b, "tensor \"two\": its offset 65 is no multiple of the alignment, 32");
    two(b, "two", 32, 128);
    refused(b, "tensors \"one\" and \"two\" overlap: the second begins at byte 128");
    two(b, "two", 0, 128);
    refused(b, "overlap");
    two(b, "one", 64, 128);
    refused(b, "two tensors are called \"one\"");
    two(b, "", 64, 128);
    refused(b, "the name of a tensor has 0 bytes");
    two(b, "t\xc0\x80", 64, 128);
    refused(b, "the name of a tensor is not UTF-8");
    head(b, 1, 0);
    tensor(b, "one", (struct dims){ 1, { 12 } }, 0, 0);
    refused(b, "which has 0"); /* without padding, without data */
}

int main(void)
{
    static struct built b;

    other_files(&b);
    counts(&b);
    keys(&b);
    alignment(&b);
    shapes(&b);
    places(&b);
    TEST_DONE();
}
