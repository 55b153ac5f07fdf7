/* Model files written by us, read back: metadata, places of tensors, and what is refused. */
#include "models/format/model_writer.h"

#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "test.h"

static char folder[] = "/tmp/headroom-writer-XXXXXX";

static struct span text(const char *s)
{
    return (struct span){ s, strlen(s) };
}

static int n_files(void)
{
    DIR *d = opendir(folder);
    int n = 0;

    while (d && readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static struct model_writer *begun(enum model_format format)
{
    struct model_writer *w;

    CHECK_EQ(model_writer_new(&w, format, NULL), 0);
    return w;
}

/* Three tensors whose sizes are no multiples of the alignment. */
static void announce(struct model_writer *w, enum dtype second)
{
    struct err e = { 0 };

    CHECK_EQ(model_writer_tensor(w, "a", DTYPE_F32, 1, (uint64_t[]){ 3 }, &e), 0);
    CHECK_EQ(model_writer_tensor(w, "b", second, 2, (uint64_t[]){ 2, 32 }, &e), 0);
    CHECK_EQ(model_writer_tensor(w, "c", DTYPE_BF16, 3, (uint64_t[]){ 2, 1, 5 }, &e), 0);
}

static size_t put_bytes(struct model_writer *w, size_t n, size_t piece)
{
    uint8_t *bytes = malloc(n);

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    for (size_t at = 0; at < n; at += piece)
        CHECK_EQ(model_writer_write(w, bytes + at, at + piece < n ? piece : n - at, NULL), 0);
    free(bytes);
    return n;
}

static void check_bytes(const struct model_file *m)
{
    const struct tensor *t;
    uint8_t want = 1;
    size_t n;

    t = model_file_tensors(m, &n);
    CHECK_EQ(n, 3);
    for (size_t i = 0; i < n; i++)
        for (uint64_t k = 0; k < t[i].bytes; k++, want = (uint8_t)(want + 7))
            CHECK_EQ(((const uint8_t *)t[i].data)[k], want);
}

static void check_keys(const struct model_file *m)
{
    enum gguf_type type;
    struct span s;
    double real;
    int64_t i;
    bool on;

    CHECK_EQ(model_file_format(m), MODEL_GGUF);
    CHECK_EQ(model_file_keys(m), 5);
    CHECK(model_file_int(m, "i8", &i) && i == -5);
    CHECK(model_file_int(m, "u64", &i) && i == INT64_MAX);
    CHECK(model_file_float(m, "f", &real) && real == 0.5);
    CHECK(model_file_float(m, "i8", &real) && real == -5);
    CHECK(model_file_string(m, "s", &s) && s.n == 3 && memcmp(s.p, "\xe2\x82\xac", 3) == 0);
    CHECK(model_file_bool(m, MODEL_SYNTHETIC_KEY, &on) && on);
    CHECK(model_file_synthetic(m));
    CHECK(!model_file_int(m, "s", &i) && !model_file_bool(m, "i8", &on));
    CHECK(!model_file_string(m, "nothing", &s) && !model_file_has(m, "nothing"));
    s = model_file_key(m, 0, &type);
    CHECK(type == GGUF_I8 && s.n == 2 && memcmp(s.p, "i8", 2) == 0);
}

static void check_gguf(const struct model_file *m)
{
    const struct tensor *b = model_file_tensor(m, "b"), *c = model_file_tensor(m, "c");

    check_keys(m);
    CHECK(b && b->dtype == DTYPE_Q4_0 && b->n_dims == 2 && b->dims[0] == 2 && b->dims[1] == 32);
    CHECK(b && b->bytes == 36 && b->dims[2] == 1);
    CHECK(c && c->n_dims == 3 && c->dims[0] == 2 && c->dims[2] == 5 && c->bytes == 20);
    CHECK(!model_file_tensor(m, "d"));
    check_bytes(m);
}

static void put_keys(struct model_writer *w)
{
    struct err e = { 0 };

    CHECK_EQ(model_writer_int(w, "i8", GGUF_I8, -5, &e), 0);
    CHECK_EQ(model_writer_int(w, "u64", GGUF_U64, INT64_MAX, &e), 0);
    CHECK_EQ(model_writer_float(w, "f", 0.5, &e), 0);
    CHECK_EQ(model_writer_string(w, "s", text("\xe2\x82\xac"), &e), 0);
    CHECK_EQ(model_writer_bool(w, MODEL_SYNTHETIC_KEY, true, &e), 0);
    CHECK_EQ(model_writer_int(w, "i8", GGUF_U8, 1, &e), ERR_ARG);
    e = (struct err){ 0 };
    CHECK_EQ(model_writer_int(w, "big", GGUF_U8, 256, &e), ERR_ARG);
    e = (struct err){ 0 };
    CHECK_EQ(model_writer_int(w, "text", GGUF_STRING, 1, &e), ERR_ARG);
    CHECK_EQ(model_writer_bool(w, "", true, NULL), ERR_ARG);
}

static void gguf_in_memory(void)
{
    struct model_writer *w = begun(MODEL_GGUF);
    struct model_file *m = NULL;
    struct err e = { 0 };
    void *bytes;
    size_t n;

    put_keys(w);
    announce(w, DTYPE_Q4_0);
    CHECK_EQ(model_writer_begin_memory(w, &e), 0);
    put_bytes(w, 12 + 36 + 20, 7);
    CHECK_EQ(model_writer_write(w, "x", 1, &e), ERR_ARG);
    e = (struct err){ 0 };
    CHECK_EQ(model_writer_take(w, &bytes, &n, &e), 0);
    CHECK_EQ(n % 32, 0);
    model_writer_free(w);
    CHECK_EQ(model_file_open_memory(&m, bytes, n, "memory", &e), 0);
    if (m)
        check_gguf(m);
    model_file_close(m);
    mem_free(bytes);
}

static void gguf_file(void)
{
    struct model_writer *w = begun(MODEL_GGUF);
    struct model_file *m = NULL, *copy = NULL;
    struct err e = { 0 };
    char path[64];
    void *bytes;
    size_t n;

    snprintf(path, sizeof(path), "%s/a.gguf", folder);
    put_keys(w);
    announce(w, DTYPE_Q4_0);
    CHECK_EQ(model_writer_begin(w, path, &e), 0);
    put_bytes(w, 12 + 36 + 20, 68);
    CHECK_EQ(n_files(), 0); /* it is not there before it is whole */
    CHECK_EQ(model_writer_commit(w, &e), 0);
    model_writer_free(w);
    CHECK_EQ(n_files(), 1);
    CHECK_EQ(model_file_open(&m, path, &e), 0);
    if (!m)
        return;
    check_gguf(m);
    w = begun(MODEL_GGUF);
    for (size_t i = 0; i < model_file_keys(m); i++)
        CHECK_EQ(model_writer_copy(w, m, i, &e), 0);
    announce(w, DTYPE_Q4_0);
    CHECK_EQ(model_writer_begin_memory(w, &e), 0);
    put_bytes(w, 68, 68);
    CHECK_EQ(model_writer_take(w, &bytes, &n, &e), 0);
    model_writer_free(w);
    CHECK_EQ(n, model_file_bytes(m));
    CHECK_EQ(model_file_open_memory(&copy, bytes, n, "copy", &e), 0);
    if (copy)
        check_gguf(copy);
    model_file_close(copy);
    mem_free(bytes);
    model_file_close(m);
}

/* A tensor short of bytes, and one that nobody finished: the old file stays. */
static void half_written(void)
{
    struct model_writer *w = begun(MODEL_GGUF);
    struct model_file *m = NULL;
    struct err e = { 0 };
    char path[64];

    snprintf(path, sizeof(path), "%s/a.gguf", folder);
    announce(w, DTYPE_Q4_0);
    CHECK_EQ(model_writer_begin(w, path, &e), 0);
    put_bytes(w, 12 + 10, 5);
    CHECK_EQ(model_writer_commit(w, &e), ERR_ARG);
    CHECK_STR(e.msg, "tensor \"b\" has got 10 of its 36 bytes");
    model_writer_free(w);
    CHECK_EQ(n_files(), 1);
    CHECK_EQ(model_file_open(&m, path, NULL), 0);
    if (m)
        check_gguf(m);
    model_file_close(m);
    unlink(path);
    w = begun(MODEL_GGUF);
    snprintf(path, sizeof(path), "%s/nowhere/a.gguf", folder);
    e = (struct err){ 0 };
    CHECK_EQ(model_writer_begin(w, path, &e), ERR_IO);
    CHECK(strstr(e.msg, "nowhere/a.gguf: No such file") != NULL);
    model_writer_free(w);
}

static void refused_tensors(void)
{
    struct model_writer *w = begun(MODEL_GGUF), *s = begun(MODEL_SAFETENSORS);
    struct err e = { 0 };

    CHECK_EQ(model_writer_tensor(w, "x", DTYPE_Q4_0, 1, (uint64_t[]){ 33 }, &e), ERR_ARG);
    CHECK_STR(e.msg, "tensor \"x\": rows of 33 values are no multiple of Q4_0's block");
    CHECK_EQ(model_writer_tensor(w, "y", DTYPE_F32, 1, (uint64_t[]){ 0 }, NULL), ERR_ARG);
    CHECK_EQ(model_writer_tensor(w, "", DTYPE_F32, 1, (uint64_t[]){ 1 }, NULL), ERR_ARG);
    CHECK_EQ(model_writer_tensor(w, "z", DTYPE_F32, 2,
                                 (uint64_t[]){ (uint64_t)1 << 40, (uint64_t)1 << 40 }, NULL),
             ERR_ARG);
    CHECK_EQ(model_writer_tensor(s, "x", DTYPE_F32, 1, (uint64_t[]){ 1 }, NULL), 0);
    CHECK_EQ(model_writer_tensor(s, "x", DTYPE_F32, 1, (uint64_t[]){ 1 }, NULL), ERR_ARG);
    e = (struct err){ 0 };
    CHECK_EQ(model_writer_tensor(s, "q", DTYPE_Q8_0, 1, (uint64_t[]){ 32 }, &e), ERR_ARG);
    CHECK_STR(e.msg, "tensor \"q\": safetensors has no Q8_0, only F32, F16 and BF16");
    CHECK_EQ(model_writer_bool(s, "b", true, NULL), ERR_ARG);
    model_writer_free(w);
    model_writer_free(s);
}

/* A disk that is full (a limit on files stands for it): said, and nothing is left. */
static void no_room(void)
{
    struct model_writer *w = begun(MODEL_GGUF);
    struct rlimit was;
    struct err e = { 0 };
    uint8_t bytes[65536] = { 0 };
    char path[64];

    getrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 40000, was.rlim_max });
    snprintf(path, sizeof(path), "%s/full.gguf", folder);
    CHECK_EQ(model_writer_tensor(w, "a", DTYPE_F32, 1, (uint64_t[]){ 16384 }, &e), 0);
    CHECK_EQ(model_writer_begin(w, path, &e), 0);
    CHECK_EQ(model_writer_write(w, bytes, sizeof(bytes), &e), ERR_IO);
    CHECK(strstr(e.msg, "full.gguf: File too large") != NULL);
    setrlimit(RLIMIT_FSIZE, &was);
    model_writer_free(w);
    CHECK_EQ(n_files(), 0);
}

static int write_one(enum model_format format, void **bytes, size_t *n, struct err *e)
{
    struct model_writer *w = NULL;
    int rc;

    *bytes = NULL;
    TRY(model_writer_new(&w, format, e));
    TRY(model_writer_string(w, "s", text("value"), e));
    if (format == MODEL_GGUF)
        TRY(model_writer_int(w, "i", GGUF_U32, 7, e));
    TRY(model_writer_tensor(w, "a", DTYPE_F32, 1, (uint64_t[]){ 2 }, e));
    TRY(model_writer_tensor(w, "b", DTYPE_F16, 2, (uint64_t[]){ 1, 2 }, e));
    TRY(model_writer_begin_memory(w, e));
    TRY(model_writer_write(w, "0123456789ab", 12, e));
    TRY(model_writer_take(w, bytes, n, e));
out:
    model_writer_free(w);
    return rc;
}

/* Whichever allocation fails, it is said, and what is said to be written is whole. */
static void without_memory(enum model_format format)
{
    struct model_file *m = NULL;
    void *bytes = NULL;
    size_t size = 0;
    int rc = ERR_NOMEM;

    for (uint64_t n = 1; rc == ERR_NOMEM && n < 500; n++) {
        struct err e = { 0 };

        mem_fail_at(n);
        rc = write_one(format, &bytes, &size, &e);
        mem_fail_at(0);
        CHECK(rc == 0 || (rc == ERR_NOMEM && e.msg[0] && !bytes));
    }
    CHECK_EQ(rc, 0);
    CHECK_EQ(model_file_open_memory(&m, bytes, size, "memory", NULL), 0);
    model_file_close(m);
    mem_free(bytes);
}

int main(void)
{
    if (!mkdtemp(folder))
        TEST_SKIP("no folder in /tmp");
    gguf_in_memory();
    gguf_file();
    half_written();
    refused_tensors();
    no_room();
    without_memory(MODEL_GGUF);
    without_memory(MODEL_SAFETENSORS);
    rmdir(folder);
    TEST_DONE();
}
