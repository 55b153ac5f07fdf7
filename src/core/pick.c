/* pick.c - which of several ways to do the same thing is fastest on this device. */
#include "core/pick.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A candidate that was twice as slow as the best in both of its first rounds was not disturbed. */
enum { ROUNDS_FAIR = 2 };
static const double HOPELESS = 2;

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* What n times of one candidate are worth: what disturbs a CPU only ever adds to them, and the
 * clock of a GPU at its power cap goes both ways. */
static double figure(enum device_kind kind, const double *ns, int n)
{
    double sorted[PICK_ROUNDS];

    if (n == 0)
        return (double)INFINITY;
    memcpy(sorted, ns, (size_t)n * sizeof(sorted[0]));
    qsort(sorted, (size_t)n, sizeof(sorted[0]), compare_doubles);
    return kind == DEVICE_GPU ? sorted[n / 2] : sorted[0];
}

static int fastest(enum device_kind kind, int n, double ns[][PICK_ROUNDS], const int *count)
{
    int best = 0;

    for (int k = 1; k < n; k++)
        if (figure(kind, ns[k], count[k]) < figure(kind, ns[best], count[best]))
            best = k;
    return best;
}

/* What the row that is repeated picked here.  What does not fit n is for other candidates. */
static bool picked_before(struct bench_ctx *c, int n, int *best)
{
    char *end;
    long which;

    if (!c->picks || !c->picks[0])
        return false;
    which = strtol(c->picks, &end, 10);
    if (end == c->picks || which < 0 || which >= n)
        return false;
    c->picks = *end == ',' ? end + 1 : end;
    *best = (int)which;
    return true;
}

static void keep(const struct bench_ctx *c, int best)
{
    const struct result_property *before = c->result ? result_find(c->result, "picks") : NULL;
    char earlier[100];

    if (before) {
        snprintf(earlier, sizeof(earlier), "%.99s", before->text);
        result_property_text(c->result, "picks", "%s,%d", earlier, best);
    } else if (c->result && c->result->n_properties < RESULT_PROPERTIES) {
        result_property_text(c->result, "picks", "%d", best);
    }
}

int pick_fastest(struct bench_ctx *c, int n,
                 int (*run)(struct bench_ctx *c, void *self, int which, struct err *e), void *self,
                 int *best, struct err *e)
{
    const struct device_ops *ops = c->device->ops;
    enum device_kind kind = c->device->kind;
    double ns[PICK_MAX][PICK_ROUNDS], took, most = (double)INFINITY;
    int count[PICK_MAX] = { 0 }, rc = 0;

    BUG_ON(n < 1 || n > PICK_MAX);
    *best = 0;
    if (n == 1 || picked_before(c, n, best))
        return 0;
    /* Round 0 brings pages, caches and clocks to where they stay. */
    for (int round = 0; round <= PICK_ROUNDS; round++) {
        for (int k = 0; k < n; k++) {
            if (figure(kind, ns[k], count[k]) > most && count[k] > 0)
                continue;
            TRY(ops->begin(c->device_handle, e));
            TRY(run(c, self, k, e));
            TRY(ops->end(c->device_handle, &took, e));
            if (round > 0)
                ns[k][count[k]++] = took;
        }
        *best = fastest(kind, n, ns, count);
        if (round == ROUNDS_FAIR)
            most = HOPELESS * figure(kind, ns[*best], count[*best]);
    }
    keep(c, *best);
out:
    return rc;
}
