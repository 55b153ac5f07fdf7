/* dtype.c - the table of formats, and rows as sequences of blocks. */
#include "kernels/dtype/dtype.h"

#include <stdio.h>
#include <strings.h>

#include "kernels/dtype/dtype_codec.h"

static const struct {
    struct dtype_info info;
    const struct dtype_codec *codec; /* NULL: single values, see dtype_float.c */
} table[DTYPES] = {
    [DTYPE_F32] = { { "F32", 1, 4, false }, NULL },
    [DTYPE_F16] = { { "F16", 1, 2, false }, NULL },
    [DTYPE_BF16] = { { "BF16", 1, 2, false }, NULL },
    [DTYPE_Q4_0] = { { "Q4_0", 32, 18, false }, &dtype_q4_0 },
    [DTYPE_Q4_1] = { { "Q4_1", 32, 20, false }, &dtype_q4_1 },
    [DTYPE_Q5_0] = { { "Q5_0", 32, 22, false }, &dtype_q5_0 },
    [DTYPE_Q5_1] = { { "Q5_1", 32, 24, false }, &dtype_q5_1 },
    [DTYPE_Q8_0] = { { "Q8_0", 32, 34, false }, &dtype_q8_0 },
    [DTYPE_Q4_K] = { { "Q4_K", 256, 144, false }, &dtype_q4_k },
    [DTYPE_Q5_K] = { { "Q5_K", 256, 176, false }, &dtype_q5_k },
    [DTYPE_Q6_K] = { { "Q6_K", 256, 210, false }, &dtype_q6_k },
    [DTYPE_TQ1_0] = { { "TQ1_0", 256, 54, true }, &dtype_tq1_0 },
    [DTYPE_TQ2_0] = { { "TQ2_0", 256, 66, true }, &dtype_tq2_0 },
    [DTYPE_TQ2_64] = { { "TQ2_64", 64, 18, true }, &dtype_tq2_64 },
};

const char *const dtype_names[DTYPES + 1] = { "F32",  "F16",   "BF16",  "Q4_0",   "Q4_1",
                                              "Q5_0", "Q5_1",  "Q8_0",  "Q4_K",   "Q5_K",
                                              "Q6_K", "TQ1_0", "TQ2_0", "TQ2_64", NULL };

const struct dtype_info *dtype_info(enum dtype t)
{
    BUG_ON((unsigned)t >= DTYPES);
    return &table[t].info;
}

int dtype_parse(const char *name, enum dtype *out, struct err *e)
{
    char names[160];
    size_t n = 0;

    for (unsigned t = 0; t < DTYPES; t++)
        if (strcasecmp(name, table[t].info.name) == 0) {
            *out = (enum dtype)t;
            return 0;
        }
    for (unsigned t = 0; t < DTYPES; t++)
        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", t > 0 ? ", " : "",
                              table[t].info.name);
    return ERR(e, ERR_ARG, "unknown type '%.40s': one of %s", name, names);
}

size_t dtype_row_bytes(enum dtype t, size_t cols)
{
    const struct dtype_info *d = dtype_info(t);

    return cols % (size_t)d->block == 0 ? cols / (size_t)d->block * (size_t)d->bytes : 0;
}

void dtype_to_f32(enum dtype t, const void *src, float *dst, size_t n)
{
    const struct dtype_info *d = dtype_info(t);
    const uint8_t *p = src;

    if (!table[t].codec) {
        dtype_float_decode(t, p, dst, n);
        return;
    }
    for (size_t i = 0; i < n; i += (size_t)d->block, p += d->bytes)
        table[t].codec->decode(p, dst + i);
}

void dtype_from_f32(enum dtype t, const float *src, void *dst, size_t n)
{
    const struct dtype_info *d = dtype_info(t);
    uint8_t *p = dst;

    if (!table[t].codec) {
        dtype_float_encode(t, src, p, n);
        return;
    }
    for (size_t i = 0; i < n; i += (size_t)d->block, p += d->bytes)
        table[t].codec->encode(src + i, p);
}

bool dtype_valid(enum dtype t, const void *src, size_t n)
{
    const struct dtype_info *d = dtype_info(t);
    const uint8_t *p = src;

    if (!table[t].codec)
        return dtype_float_valid(t, p, n);
    for (size_t i = 0; i < n; i += (size_t)d->block, p += d->bytes)
        if (!table[t].codec->valid(p))
            return false;
    return true;
}
