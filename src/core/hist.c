/* hist.c - a latency histogram with log-linear buckets.
 *
 * A value of b significant bits (b > 7) falls into sub-bucket (its top 7 bits) of group b - 7, so a
 * bucket is at most 1/64 of its value wide and its middle at most 1/128 away. */
#include "core/hist.h"

#include <math.h>

#include "core/stats.h"

void hist_reset(struct hist *h)
{
    *h = (struct hist){ .min = UINT64_MAX };
}

static size_t hist_index(uint64_t ns)
{
    int shift;

    if (ns < (size_t)2 * HIST_SUB)
        return (size_t)ns;
    if (ns > INT64_MAX)
        ns = INT64_MAX;
    shift = 57 - __builtin_clzll(ns); /* leaves 7 bits: 64 .. 127 */
    return (size_t)shift * HIST_SUB + (size_t)(ns >> shift);
}

/* The middle of a bucket. */
static double hist_value(size_t index)
{
    uint64_t top, shift;

    if (index < (size_t)2 * HIST_SUB)
        return (double)index;
    shift = index / HIST_SUB - 1;
    top = index - shift * HIST_SUB;
    return ldexp((double)top, (int)shift) + (ldexp(1, (int)shift) - 1) / 2;
}

void hist_add(struct hist *h, uint64_t ns)
{
    h->bucket[hist_index(ns)]++;
    h->count++;
    h->sum += (double)ns;
    if (ns < h->min)
        h->min = ns;
    if (ns > h->max)
        h->max = ns;
}

void hist_merge(struct hist *into, const struct hist *from)
{
    if (from->count == 0)
        return;
    for (size_t i = 0; i < HIST_BUCKETS; i++)
        into->bucket[i] += from->bucket[i];
    into->count += from->count;
    into->sum += from->sum;
    if (from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
}

double hist_quantile(const struct hist *h, double q)
{
    uint64_t rank, seen = 0;

    if (h->count == 0 || !(q >= 0 && q <= 1))
        return NAN;
    if (q > 0.5 && q < 1 && h->count < stats_percentile_needs(q, 0.95))
        return NAN;
    if (q == 1)
        return (double)h->max; /* known exactly, not by its bucket */
    rank = (uint64_t)ceil(q * (double)h->count);
    if (rank == 0)
        rank = 1;
    for (size_t i = 0; i < HIST_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen >= rank)
            return fmax((double)h->min, fmin((double)h->max, hist_value(i)));
    }
    return (double)h->max;
}

double hist_mean(const struct hist *h)
{
    return h->count ? h->sum / (double)h->count : (double)NAN;
}
