/* gpu_clock.c - from stamps of a GPU's counters to its clock. */
#include "gpu/gpu_clock.h"

#include <math.h>
#include <stdlib.h>

enum { MULTIPROCESSORS_MOST = 1024 };

/* Stamps of one launch are this close together; older ones are of a launch before. */
static const unsigned long long TOGETHER_NS = 100000;

static unsigned long long newest_ns(const struct gpu_clock_stamp *s, int n)
{
    unsigned long long newest = 0;

    for (int i = 0; i < n; i++)
        newest = s[i].ns > newest ? s[i].ns : newest;
    return newest;
}

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

double gpu_clock_between(const struct gpu_clock_stamp *from, const struct gpu_clock_stamp *to,
                         int n)
{
    double hz[MULTIPROCESSORS_MOST];
    unsigned long long began = newest_ns(from, n), ended = newest_ns(to, n);
    int seen = 0;

    for (int i = 0; i < n && seen < MULTIPROCESSORS_MOST; i++)
        if (from[i].ns + TOGETHER_NS >= began && to[i].ns + TOGETHER_NS >= ended &&
            to[i].ns > from[i].ns && to[i].cycles > from[i].cycles)
            hz[seen++] =
                1e9 * (double)(to[i].cycles - from[i].cycles) / (double)(to[i].ns - from[i].ns);
    if (seen == 0)
        return (double)NAN;
    qsort(hz, (size_t)seen, sizeof(hz[0]), compare_doubles);
    return hz[seen / 2];
}
