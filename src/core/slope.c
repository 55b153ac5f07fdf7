/* slope.c - what one more step of an axis costs. */
#include "core/slope.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/registry.h"
#include "core/stats.h"

struct group {
    struct result *row[SLOPE_ROWS_MAX];
    double x[SLOPE_ROWS_MAX];
    int n, runs;
    const struct bench *bench;
};

static int axis_of(const struct result *r, const char *name)
{
    for (int i = 0; i < r->params.n; i++)
        if (strcmp(r->axis_name[i], name) == 0)
            return i;
    return -1;
}

static bool differ_in_axis_only(const struct result *a, const struct result *b, int axis)
{
    if (strcmp(a->name, b->name) != 0 || strcmp(a->device, b->device) != 0 ||
        strcmp(a->metric, b->metric) != 0 || a->params.n != b->params.n)
        return false;
    for (int i = 0; i < a->params.n; i++)
        if (strcmp(a->axis_name[i], b->axis_name[i]) != 0 ||
            (i != axis && strcmp(a->params.p[i].text, b->params.p[i].text) != 0))
            return false;
    return true;
}

/* Nanoseconds of an item; NaN where the metric is of another kind. */
static double item_ns(const struct bench *b, double value)
{
    const struct metric *m = &b->metric;

    if (m->basis == METRIC_ITEMS_PER_S)
        return m->scale / value * 1e9;
    return m->basis == METRIC_TIME_PER_ITEM ? value / m->scale * 1e9 : (double)NAN;
}

static void gather(struct group *g, struct result *rows, int n, int first)
{
    int axis = axis_of(&rows[first], g->bench->slope_axis);

    g->n = 0;
    g->runs = rows[first].n_runs;
    for (int i = first; axis >= 0 && i < n && g->n < SLOPE_ROWS_MAX; i++) {
        if (rows[i].status != RESULT_OK || !differ_in_axis_only(&rows[first], &rows[i], axis))
            continue;
        g->x[g->n] = strtod(rows[i].params.p[axis].text, NULL);
        g->row[g->n++] = &rows[i];
        if (rows[i].n_runs < g->runs)
            g->runs = rows[i].n_runs;
    }
}

static double fit(const struct group *g, int run)
{
    double w = 0, wx = 0, wt = 0, wxx = 0, wxt = 0;

    for (int i = 0; i < g->n; i++) {
        double t = item_ns(g->bench, g->row[i]->runs[run].value), weight = 1 / (t * t);

        w += weight;
        wx += weight * g->x[i];
        wt += weight * t;
        wxx += weight * g->x[i] * g->x[i];
        wxt += weight * g->x[i] * t;
    }
    return (w * wxt - wx * wt) / (w * wxx - wx * wx);
}

static void judge_group(const struct group *g)
{
    enum { FEW = 5 };
    static const double t_of[FEW + 1] = { 0, 0, 12.706, 4.303, 3.182, 2.776 };
    double slopes[FEW], mean, half;
    int runs = g->runs < FEW ? g->runs : FEW;
    struct result *last = g->row[g->n - 1];

    for (int k = 0; k < runs; k++)
        slopes[k] = fit(g, k);
    mean = stats_mean(slopes, (size_t)runs);
    half = t_of[runs] * stats_std(slopes, (size_t)runs) / sqrt(runs);
    if (!isfinite(mean) || !isfinite(half))
        return; /* one point of the axis, or a metric that is no time of an item */
    result_property(last, "slope", mean, "ns");
    result_property(last, "slope_lo", mean - half, "ns");
    result_property(last, "slope_hi", mean + half, "ns");
    result_note(last, "1,000 more of %s cost %.3g us (%.3g to %.3g; a line through %d rows)",
                g->bench->slope_axis, mean, mean - half, mean + half, g->n);
}

static bool begins_group(struct result *rows, int i, const struct bench *b)
{
    int axis = axis_of(&rows[i], b->slope_axis);

    if (axis < 0 || rows[i].status != RESULT_OK)
        return false;
    for (int k = 0; k < i; k++)
        if (rows[k].status == RESULT_OK && differ_in_axis_only(&rows[i], &rows[k], axis))
            return false;
    return true;
}

void slope_judge(struct result *rows, int n)
{
    for (int i = 0; i < n; i++) {
        struct group g = { .bench = registry_find(rows[i].name) };

        if (!g.bench || !g.bench->slope_axis || !begins_group(rows, i, g.bench))
            continue;
        gather(&g, rows, n, i);
        if (g.n >= SLOPE_ROWS && g.runs >= 2)
            judge_group(&g);
    }
}
