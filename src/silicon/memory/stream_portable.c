/* stream_portable.c - the memory loops in plain C: what every machine has, and the reference that
 * the tests hold the others against. */
#include "silicon/memory/stream.h"

#include <string.h>

static uint64_t read_sum(const double *a, size_t n, size_t passes)
{
    uint64_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, w[4];

    for (size_t k = 0; k < passes; k++, stream_fresh())
        for (size_t i = 0; i < n; i += 4) {
            memcpy(w, a + i, sizeof(w));
            s0 += w[0];
            s1 += w[1];
            s2 += w[2];
            s3 += w[3];
        }
    return s0 + s1 + s2 + s3;
}

static void write_plain(double *a, double v, size_t n, size_t passes)
{
    for (size_t k = 0; k < passes; k++, stream_fresh())
        for (size_t i = 0; i < n; i++)
            a[i] = v;
}

static void copy_plain(double *a, const double *b, size_t n, size_t passes)
{
    for (size_t k = 0; k < passes; k++, stream_fresh())
        for (size_t i = 0; i < n; i++)
            a[i] = b[i];
}

static void triad_plain(double *a, const double *b, const double *c, double s, size_t n,
                        size_t passes)
{
    for (size_t k = 0; k < passes; k++, stream_fresh())
        for (size_t i = 0; i < n; i++)
            a[i] = b[i] + s * c[i];
}

const struct stream_variant stream_portable = {
    .name = "portable",
    .isa = STREAM_ISA_ANY,
    .read = read_sum,
    .write = write_plain,
    .copy = copy_plain,
    .triad = triad_plain,
};
