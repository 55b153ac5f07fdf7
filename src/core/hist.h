/* hist.h - a latency histogram: log-linear buckets, relative error <= 1/128 = 0.78 %, mergeable.
 *
 * Values are nanoseconds, 0 .. 2^63-1.  64 linear sub-buckets a power of two (as fio's
 * stat.h); values below 128 are exact.  Fixed size, so that recording never allocates.
 * One writer a histogram; merge afterwards. */
#ifndef CORE_HIST_H
#define CORE_HIST_H

#include <stddef.h>
#include <stdint.h>

enum { HIST_SUB = 64, HIST_BUCKETS = 58 * HIST_SUB + 64 };

struct hist {
    uint64_t count, min, max;
    double sum;
    uint32_t bucket[HIST_BUCKETS];
};

void hist_reset(struct hist *h);
void hist_add(struct hist *h, uint64_t ns);
void hist_merge(struct hist *into, const struct hist *from);

/* The q-quantile (0 <= q <= 1) as the middle of its bucket, held inside [min, max]; NaN when
 * empty, or when the count does not support q at 95 % (stats_percentile_needs). */
double hist_quantile(const struct hist *h, double q);
double hist_mean(const struct hist *h);

#endif
