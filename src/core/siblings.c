/* siblings.c - an odd one out among things that should be alike. */
#include "core/siblings.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/stats.h"

enum { FEWEST = 3 };
static const double SHARE = 0.05, DEVIATIONS = 5, MAD_TO_SIGMA = 1.4826;

static bool alike(const struct result *a, const struct result *b)
{
    if (strcmp(a->name, b->name) != 0 || strcmp(a->metric, b->metric) != 0 ||
        a->params.n != b->params.n || strncmp(a->device, "gpu:", 4) != 0 ||
        strncmp(b->device, "gpu:", 4) != 0)
        return false;
    for (int i = 0; i < a->params.n; i++)
        if (strcmp(a->axis_name[i], b->axis_name[i]) != 0 ||
            (strcmp(a->axis_name[i], "peer") != 0 &&
             strcmp(a->params.p[i].text, b->params.p[i].text) != 0))
            return false;
    return true;
}

static bool has_value(const struct result *r)
{
    return r->status == RESULT_OK && isfinite(r->value);
}

/* values has room for 2 n. */
static int judge_group(struct result *rows, int n, int first, double *values, bool *seen)
{
    double *away = values + n, median, sigma;
    int members = 0, odd = 0;

    for (int i = first; i < n; i++)
        if (!seen[i] && has_value(&rows[i]) && alike(&rows[first], &rows[i]))
            values[members++] = rows[i].value;
    if (members < FEWEST)
        return 0;
    median = stats_median(values, (size_t)members);
    for (int i = 0; i < members; i++)
        away[i] = fabs(values[i] - median);
    sigma = MAD_TO_SIGMA * stats_median(away, (size_t)members);
    for (int i = first; i < n; i++) {
        struct result *r = &rows[i];
        double worse = r->direction == HIGHER_IS_BETTER ? median - r->value : r->value - median;

        if (seen[i] || !has_value(r) || !alike(&rows[first], r))
            continue;
        seen[i] = true;
        if (worse <= SHARE * median || worse <= DEVIATIONS * sigma)
            continue;
        result_note(r, "odd one out: %.0f %% worse than the median of the %d alike, %.4g %s",
                    100 * worse / median, members, median, r->unit);
        odd++;
    }
    return odd;
}

int siblings_judge(struct result *rows, int n, struct err *e)
{
    double *values = mem_calloc(2 * (size_t)n, sizeof(*values));
    bool *seen = mem_calloc((size_t)n, sizeof(*seen));
    int odd = 0;

    for (int i = 0; values && seen && i < n; i++)
        if (!seen[i] && has_value(&rows[i]))
            odd += judge_group(rows, n, i, values, seen);
    if (!values || !seen)
        odd = ERR(e, ERR_NOMEM, "no memory to compare %d rows", n);
    mem_free(values);
    mem_free(seen);
    return odd;
}
