/* Formats of weights: bytes and values of llama.cpp, round trips, edges, all F16 numbers. */
#include <stdbool.h>
#include <stdint.h>

#include "core/mem.h"
#include "core/rng.h"
#include "kernels/dtype/dtype.h"

#include "test.h"

static uint32_t bits_of(float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof(u));
    return u;
}

/* ---- golden answers: tools/golden-dtype.py ---- */

struct golden {
    char *text; /* the file; lines are cut out of it */
    uint8_t *input;
    size_t n_input; /* bytes */
};

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    long n;
    char *text;

    CHECK(f != NULL);
    if (!f)
        exit(1);
    fseek(f, 0, SEEK_END);
    n = ftell(f);
    rewind(f);
    text = mem_calloc((size_t)n + 1, 1);
    CHECK(text && fread(text, 1, (size_t)n, f) == (size_t)n);
    fclose(f);
    return text;
}

static uint8_t *unhex(const char *hex, size_t *n)
{
    uint8_t *out = mem_calloc(strlen(hex) / 2 + 1, 1);

    for (*n = 0; hex[2 * *n] != 0; ++*n) {
        unsigned byte = 0;

        CHECK(sscanf(hex + 2 * *n, "%2x", &byte) == 1);
        out[*n] = (uint8_t)byte;
    }
    return out;
}

static uint64_t fnv(const void *p, size_t n)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const uint8_t *)p)[i]) * UINT64_C(0x100000001b3);
    return h;
}

static void golden_encode(const struct golden *g, enum dtype t, const char *hex)
{
    size_t n, values = g->n_input / sizeof(float), at = 0;
    uint8_t *want = unhex(hex, &n), *got = mem_calloc(n + 1, 1);
    const float *x = (const float *)(const void *)g->input;

    CHECK_EQ(n, dtype_row_bytes(t, values));
    got[n] = 0xa5;
    dtype_from_f32(t, x, got, values);
    CHECK_EQ(got[n], 0xa5); /* nothing behind the end */
    while (at < n && got[at] == want[at])
        at++;
    if (at < n)
        fprintf(stderr, "%s: byte %zu of %zu is %02x, golden %02x\n", dtype_info(t)->name, at, n,
                got[at], want[at]);
    CHECK_EQ(at, n);
    CHECK(dtype_valid(t, got, values));
    mem_free(want);
    mem_free(got);
}

static void golden_decode(enum dtype t, const char *hex, const char *hash)
{
    const struct dtype_info *d = dtype_info(t);
    size_t n, values;
    uint8_t *raw = unhex(hex, &n);
    float *y;

    values = n / (size_t)d->bytes * (size_t)d->block;
    y = mem_calloc(values, sizeof(*y));
    dtype_to_f32(t, raw, y, values);
    CHECK(fnv(y, values * sizeof(*y)) == strtoull(hash, NULL, 16));
    CHECK(dtype_valid(t, raw, values));
    mem_free(raw);
    mem_free(y);
}

static void golden(void)
{
    struct golden g = { .text = slurp("test/data/dtype-golden.txt") };
    char *line, *rest = g.text;
    int encoded = 0, decoded = 0;

    while ((line = strsep(&rest, "\n")) != NULL && *line) {
        const char *what = strsep(&line, " "), *name;
        enum dtype t;

        if (strcmp(what, "input") == 0) {
            g.input = unhex(line, &g.n_input);
            continue;
        }
        name = strsep(&line, " ");
        CHECK_EQ(dtype_parse(name, &t, NULL), 0);
        if (strcmp(what, "encode") == 0) {
            golden_encode(&g, t, line);
            encoded++;
        } else {
            const char *hex = strsep(&line, " ");

            golden_decode(t, hex, line);
            decoded++;
        }
    }
    CHECK_EQ(encoded, DTYPES);
    CHECK_EQ(decoded, DTYPES);
    mem_free(g.input);
    mem_free(g.text);
}

/* ---- F16 and BF16 ---- */

/* What the 16 bits mean, from the definition. */
static double f16_value(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    double v = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);

    return h & 0x8000 ? -v : v;
}

static void every_f16(void)
{
    for (uint32_t i = 0; i < 65536; i++) {
        uint16_t h = (uint16_t)i;
        float x = f16_to_f32(h);

        if ((h & 0x7c00) == 0x7c00) {
            CHECK((h & 0x3ff) == 0 ? isinf(x) : isnan(x));
            CHECK_EQ(f32_to_f16(x), (h & 0x3ff) == 0 ? h : h | 0x200); /* quiet NaN */
            continue;
        }
        CHECK(bits_of(x) == bits_of((float)f16_value(h)));
        CHECK_EQ(f32_to_f16(x), h);
        if ((h & 0x7fff) < 0x7bff) { /* halfway to the next, and on either side of it */
            float middle = (float)((f16_value(h) + f16_value((uint16_t)(h + 1))) / 2);

            CHECK_EQ(f32_to_f16(middle), h + (h & 1));
            CHECK_EQ(f32_to_f16(nextafterf(middle, 0)), h);
            CHECK_EQ(f32_to_f16(nextafterf(middle, h & 0x8000 ? -9e9F : 9e9F)), h + 1);
        }
    }
    CHECK_EQ(f32_to_f16(65519.996F), 0x7bff);
    CHECK_EQ(f32_to_f16(65520), 0x7c00); /* halfway to 2^16 */
    CHECK_EQ(f32_to_f16(-1e30F), 0xfc00);
    CHECK_EQ(f32_to_f16(1e-30F), 0);
    CHECK_EQ(f32_to_f16(-0.0F), 0x8000);
}

static void bf16(void)
{
    for (uint32_t i = 0; i < 65536; i++) {
        float x = bf16_to_f32((uint16_t)i);

        CHECK(bits_of(x) == i << 16);
        CHECK_EQ(f32_to_bf16(x), isnan(x) ? i | 0x40 : i);
    }
    CHECK_EQ(f32_to_bf16(1.00390625F), 0x3f80);  /* halfway, to even */
    CHECK_EQ(f32_to_bf16(1.01171875F), 0x3f82);  /* halfway, to even */
    CHECK_EQ(f32_to_bf16(1.003906369F), 0x3f81); /* just above */
    CHECK_EQ(f32_to_bf16(3.4e38F), 0x7f80);
}

/* ---- every type ---- */

static double rmse(const float *a, const float *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double error = (double)a[i] - (double)b[i];

        sum += error * error;
    }
    return sqrt(sum / (double)n);
}

/* On N(0, 1): twice the error of a uniform quantiser over the range that a block typically has is
 * far below what a misplaced bit makes.  Ternary types are for ternary values. */
static void round_trip(enum dtype t)
{
    static const double limit[DTYPES] = {
        [DTYPE_F16] = 5e-4,   [DTYPE_BF16] = 4e-3,  [DTYPE_Q4_0] = 0.16, [DTYPE_Q4_1] = 0.15,
        [DTYPE_Q5_0] = 0.08,  [DTYPE_Q5_1] = 0.075, [DTYPE_Q8_0] = 0.01, [DTYPE_Q4_K] = 0.13,
        [DTYPE_Q5_K] = 0.065, [DTYPE_Q6_K] = 0.04
    };
    enum { N = 4096 };
    const struct dtype_info *d = dtype_info(t);
    size_t bytes = dtype_row_bytes(t, N);
    float *x = mem_calloc(N, sizeof(*x)), *y = mem_calloc(N, sizeof(*y));
    uint8_t *a = mem_calloc(bytes + 1, 1), *b = mem_calloc(bytes + 1, 1);
    struct rng r;

    rng_init(&r, 3, t);
    for (int i = 0; i < N; i++)
        x[i] = d->ternary ? (float)rng_below(&r, 3) - 1 : (float)rng_normal(&r);
    dtype_from_f32(t, x, a, N);
    dtype_to_f32(t, a, y, N);
    CHECK_NEAR(rmse(x, y, N), 0, limit[t]);
    /* Not aligned: the same. */
    memcpy(b + 1, a, bytes);
    memset(x, 0, N * sizeof(*x));
    dtype_to_f32(t, b + 1, x, N);
    CHECK(memcmp(x, y, N * sizeof(*x)) == 0);
    /* Values that a format can hold come back as they are. */
    if (d->ternary || d->block == 1) {
        dtype_from_f32(t, y, b, N);
        CHECK(memcmp(a, b, bytes) == 0);
    }
    mem_free(x);
    mem_free(y);
    mem_free(a);
    mem_free(b);
}

static void edges(enum dtype t)
{
    enum { N = 256 };
    float x[N] = { 0 }, y[N];
    uint8_t raw[N * 4];

    dtype_from_f32(t, x, raw, N);
    CHECK(dtype_valid(t, raw, N));
    dtype_to_f32(t, raw, y, N);
    for (int i = 0; i < N; i++)
        CHECK(y[i] == 0);
    /* Denormals, and scales whose inverse overflows: finite, and as good as zero. */
    for (int i = 0; i < N; i++)
        x[i] = i % 2 ? 1e-41F : -3e-39F;
    dtype_from_f32(t, x, raw, N);
    CHECK(dtype_valid(t, raw, N));
    dtype_to_f32(t, raw, y, N);
    for (int i = 0; i < N; i++)
        CHECK_NEAR(y[i], 0, 1e-38);
    /* All equal, of either sign. */
    for (int sign = -1; sign <= 1; sign += 2) {
        for (int i = 0; i < N; i++)
            x[i] = 0.75F * (float)sign;
        dtype_from_f32(t, x, raw, N);
        dtype_to_f32(t, raw, y, N);
        for (int i = 0; i < N; i++)
            CHECK_NEAR(y[i], x[i], 0.008);
    }
    CHECK_EQ(dtype_row_bytes(t, 0), 0);
    if (dtype_info(t)->block > 1)
        CHECK_EQ(dtype_row_bytes(t, (size_t)dtype_info(t)->block * 3 - 1), 0);
}

/* One bit pattern that is not valid at each place where one can be. */
static void invalid(void)
{
    static const struct {
        enum dtype t;
        int at;
        uint8_t low, high;
    } bad[] = { { DTYPE_F16, 0, 0x00, 0x7c },    { DTYPE_F16, 510, 0x01, 0xfe },
                { DTYPE_BF16, 8, 0x80, 0x7f },   { DTYPE_BF16, 8, 0xc1, 0xff },
                { DTYPE_F32, 2, 0x80, 0x7f },    { DTYPE_Q4_0, 0, 0x00, 0x7c },
                { DTYPE_Q4_1, 2, 0x00, 0xfe },   { DTYPE_Q5_0, 22, 0x00, 0xfc },
                { DTYPE_Q5_1, 26, 0x01, 0x7c },  { DTYPE_Q8_0, 34, 0x00, 0x7e },
                { DTYPE_Q4_K, 0, 0x00, 0x7c },   { DTYPE_Q4_K, 2, 0x00, 0x7c },
                { DTYPE_Q5_K, 2, 0x00, 0xfc },   { DTYPE_Q6_K, 208, 0xff, 0x7f },
                { DTYPE_TQ1_0, 52, 0x00, 0x7c }, { DTYPE_TQ2_0, 64, 0x00, 0x7c },
                { DTYPE_TQ2_0, 10, 0x03, 0x00 }, { DTYPE_TQ2_0, 62, 0x00, 0xc0 },
                { DTYPE_TQ2_64, 16, 0, 0x7c },   { DTYPE_TQ2_64, 18, 0x0c, 0x00 },
                { DTYPE_TQ2_64, 32, 0x30, 0x00 } };
    uint8_t raw[1024];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        memset(raw, 0, sizeof(raw));
        CHECK(dtype_valid(bad[i].t, raw, 256));
        raw[bad[i].at] = bad[i].low;
        raw[bad[i].at + 1] = bad[i].high;
        CHECK(!dtype_valid(bad[i].t, raw, 256));
    }
}

static void names(void)
{
    struct err e = { 0 };
    enum dtype t = DTYPE_F32;

    for (int i = 0; i < DTYPES; i++) {
        CHECK_EQ(dtype_parse(dtype_info((enum dtype)i)->name, &t, NULL), 0);
        CHECK_EQ(t, i);
    }
    CHECK_EQ(dtype_parse("q4_k", &t, NULL), 0);
    CHECK_EQ(t, DTYPE_Q4_K);
    CHECK_EQ(dtype_parse("q4", &t, &e), ERR_ARG);
    CHECK(strstr(e.msg, "'q4'") && strstr(e.msg, "Q4_K") && strstr(e.msg, "TQ2_64"));
}

int main(void)
{
    golden();
    every_f16();
    bf16();
    CHECK(dtype_names[DTYPES] == NULL);
    for (int t = 0; t < DTYPES; t++) {
        CHECK_STR(dtype_names[t], dtype_info((enum dtype)t)->name);
        round_trip((enum dtype)t);
        edges((enum dtype)t);
    }
    invalid();
    names();
    TEST_DONE();
}
