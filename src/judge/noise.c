/* noise.c - how much this machine's runs differ when nothing changed. */
#include "judge/noise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/stats.h"

const double NOISE_BAND_MIN = 0.01, NOISE_BAND_MAX = 0.05;

/* So many runs make a spread, and so many rows make that of the machine. */
enum { SPREAD_MIN = 3, ROWS_MIN = 5 };

/* Of a normal distribution: the standard deviation in units of the MAD, and the distance between
 * the quantiles of 10 and 90 % in units of the standard deviation. */
static const double MAD_TO_STD = 1.4826, DECILES = 2.5631;

void noise_release(struct noise *n)
{
    mem_free(n->rows);
    *n = (struct noise){ 0 };
}

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double noise_spread(const double *values, int n)
{
    double *x = n >= SPREAD_MIN ? mem_calloc((size_t)n, sizeof(*x)) : NULL, median, mad, wide;

    if (!x)
        return NAN;
    for (int i = 0; i < n; i++)
        x[i] = log(values[i]);
    qsort(x, (size_t)n, sizeof(*x), compare_double);
    median = stats_quantile_sorted(x, (size_t)n, 0.5);
    wide = (stats_quantile_sorted(x, (size_t)n, 0.9) - stats_quantile_sorted(x, (size_t)n, 0.1)) /
           DECILES;
    for (int i = 0; i < n; i++)
        x[i] = fabs(x[i] - median);
    mad = MAD_TO_STD * stats_median(x, (size_t)n);
    mem_free(x);
    return fmax(mad, wide);
}

static struct noise_row *find(const struct noise *n, const struct result *row, char *settings)
{
    result_settings(row, settings, sizeof(n->rows->settings));
    for (int i = 0; i < n->n_rows; i++) {
        struct noise_row *r = &n->rows[i];

        if (strcmp(r->name, row->name) == 0 && strcmp(r->device, row->device) == 0 &&
            strcmp(r->metric, row->metric) == 0 && strcmp(r->settings, settings) == 0)
            return r;
    }
    return NULL;
}

/* Most rows of this machine are quieter than its upper quartile. */
static int settle(struct noise *n, struct err *e)
{
    double *x = mem_calloc((size_t)n->n_rows, sizeof(*x));
    size_t known = 0;

    if (!x)
        return ERR(e, ERR_NOMEM, "no memory for the noise of %d rows", n->n_rows);
    for (int i = 0; i < n->n_rows; i++)
        if (isfinite(n->rows[i].spread))
            x[known++] = n->rows[i].spread;
    qsort(x, known, sizeof(*x), compare_double);
    n->spread = stats_quantile_sorted(x, known, 0.75);
    mem_free(x);
    return 0;
}

int noise_put(struct noise *n, const struct result *row, double spread, int runs, struct err *e)
{
    char settings[sizeof(n->rows->settings)];
    struct noise_row *r = find(n, row, settings);

    if (!r) {
        struct noise_row *more = mem_realloc(n->rows, (size_t)n->n_rows + 1, sizeof(*more));

        if (!more)
            return ERR(e, ERR_NOMEM, "no memory for the noise of %d rows", n->n_rows + 1);
        n->rows = more;
        r = &more[n->n_rows++];
        *r = (struct noise_row){ 0 };
        snprintf(r->name, sizeof(r->name), "%s", row->name);
        snprintf(r->device, sizeof(r->device), "%s", row->device);
        snprintf(r->metric, sizeof(r->metric), "%s", row->metric);
        snprintf(r->settings, sizeof(r->settings), "%s", settings);
    }
    r->spread = spread;
    r->n = runs;
    return settle(n, e);
}

double noise_of(const struct noise *n, const struct result *row)
{
    char settings[256];
    const struct noise_row *r;

    if (!n)
        return NAN;
    r = find(n, row, settings);
    if (r && isfinite(r->spread))
        return r->spread;
    return n->n_rows >= ROWS_MIN ? n->spread : (double)NAN;
}

double noise_band(const struct noise *n, const struct result *row)
{
    double band = fmax(log1p(NOISE_BAND_MIN), noise_of(n, row)); /* fmax leaves NaN out */

    return fmin(band, log1p(NOISE_BAND_MAX));
}
