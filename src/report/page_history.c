/* page_history.c - each row over the runs that were given, with the steps in it. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "judge/changepoint.h"
#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"
#include "report/svg.h"

enum { WIDTH = 640, HEIGHT = 240, LEFT = 92, RIGHT = 620, TOP = 48, BOTTOM = 200, STEPS_MAX = 16 };

struct track {
    double *v, *lo, *hi; /* one a run, NaN where it has no such value; owned together in v */
    int *order;          /* indices of runs by their start; borrowed */
    int n, known;
    struct changepoint step[STEPS_MAX];
    size_t n_steps;
    size_t *at; /* run of the i-th known value; owned */
};

/* Steps are looked for among the runs that have a value. */
static void find_steps(struct track *t)
{
    const struct changepoint_config config = changepoint_defaults();
    double *x = mem_calloc((size_t)t->n, sizeof(*x));

    t->at = mem_calloc((size_t)t->n, sizeof(*t->at));
    if (x && t->at) {
        for (int i = 0; i < t->n; i++)
            if (t->v[i] > 0) {
                t->at[t->known] = (size_t)i;
                x[t->known++] = t->v[i];
            }
        changepoint_find(x, (size_t)t->known, &config, t->step, STEPS_MAX, &t->n_steps, NULL);
    }
    mem_free(x);
}

static bool gather(const struct report *rep, const struct result *row, const int *order,
                   struct track *t)
{
    struct figures_unit unit = row_unit(row);

    *t = (struct track){ .n = rep->n };
    t->v = mem_calloc(3 * (size_t)rep->n, sizeof(*t->v));
    if (!t->v)
        return false;
    t->lo = t->v + rep->n;
    t->hi = t->lo + rep->n;
    for (int i = 0; i < rep->n; i++) {
        const struct result *r = row_find(rep->runs[order[i]].record, row);
        bool ok = r && r->status == RESULT_OK && strcmp(r->unit, row->unit) == 0;

        t->v[i] = ok ? r->value * unit.factor : (double)NAN;
        t->lo[i] = ok ? r->value_lo * unit.factor : (double)NAN;
        t->hi[i] = ok ? r->value_hi * unit.factor : (double)NAN;
    }
    find_steps(t);
    return true;
}

static void release(struct track *t)
{
    mem_free(t->v);
    mem_free(t->at);
}

static struct scale scale_of(const struct track *t)
{
    struct scale y = { .lo = INFINITY, .hi = -INFINITY, .at_lo = BOTTOM, .at_hi = TOP };

    for (int i = 0; i < t->n; i++) {
        y.lo = fmin(y.lo, fmin(t->v[i], t->lo[i]));
        y.hi = fmax(y.hi, fmax(t->v[i], t->hi[i]));
    }
    scale_nice(&y, 4);
    return y;
}

static void draw_steps(FILE *f, const struct track *t, const struct scale *x, const struct scale *y)
{
    for (size_t i = 0; i < t->n_steps; i++) {
        double at = scale_at(x, (double)t->at[t->step[i].at] - 0.5);
        char text[48];

        svg_line(f, at, TOP, at, BOTTOM, "step");
        snprintf(text, sizeof(text), "%+.1f %%", 100 * (t->step[i].after / t->step[i].before - 1));
        svg_text(f, at + 6, TOP + 12, SVG_START, "stepname", text);
        (void)y;
    }
}

static void draw(FILE *f, const struct report *rep, const struct result *row, const struct track *t,
                 const int *order)
{
    struct scale x = { .lo = -0.5, .hi = t->n - 0.5, .at_lo = LEFT, .at_hi = RIGHT };
    struct scale y = scale_of(t);
    struct figures_unit unit = row_unit(row);
    char label[160], words[500], tip[260];
    double last_x = NAN, last_y = NAN;

    row_label(row, label, sizeof(label), true);
    snprintf(words, sizeof(words), "%s over %d runs, first %.4g, last %.4g %s; %zu steps found.",
             label, t->known, t->v[t->at[0]], t->v[t->at[t->known - 1]], unit.name, t->n_steps);
    svg_open(f, "track", WIDTH, HEIGHT, words);
    svg_axis_y(f, &x, &y, 4, "");
    svg_text(f, 2, 20, SVG_START, "title", unit.name);
    svg_text(f, LEFT, HEIGHT - 10, SVG_START, "tick",
             rep->runs[order[0]].record->start[0] ? "oldest" : "first");
    svg_text(f, RIGHT, HEIGHT - 10, SVG_END, "tick", "newest");
    draw_steps(f, t, &x, &y);
    for (int i = 0; i < t->n; i++) {
        double at = scale_at(&x, i), v = scale_at(&y, t->v[i]);

        if (!isfinite(t->v[i]))
            continue;
        if (isfinite(t->lo[i]) && isfinite(t->hi[i]))
            svg_line(f, at, scale_at(&y, t->lo[i]), at, scale_at(&y, t->hi[i]), "whisker");
        if (isfinite(last_x))
            svg_line(f, last_x, last_y, at, v, "line c0");
        snprintf(tip, sizeof(tip), "%s, %.10s: %.4g %s (%.4g to %.4g)", rep->runs[order[i]].name,
                 rep->runs[order[i]].record->start, t->v[i], unit.name, t->lo[i], t->hi[i]);
        svg_point(f, at, v, 6, "fill0", tip);
        last_x = at;
        last_y = v;
    }
    svg_close(f);
    for (size_t i = 0; i < t->n_steps; i++) {
        const struct report_run *run = &rep->runs[order[t->at[t->step[i].at]]];

        fputs("<p class=\"small\">Step at <b>", f);
        markup_html(f, run->name);
        fputs("</b>: ", f);
        markup_htmlf(f, "%.4g to %.4g %s%s", t->step[i].before, t->step[i].after, unit.name,
                     t->step[i].young ? " (young: one more run would confirm it)" : "");
        fputs("</p>\n", f);
    }
}

static int *by_start(const struct report *rep)
{
    int *order = mem_calloc((size_t)rep->n, sizeof(*order));

    for (int i = 0; order && i < rep->n; i++) {
        int at = i;

        for (; at > 0 &&
               strcmp(rep->runs[order[at - 1]].record->start, rep->runs[i].record->start) > 0;
             at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return order;
}

static void write_tracks(FILE *f, const struct report *rep, const int *order)
{
    int drawn = 0;

    fputs("<div class=\"multiples\">\n", f);
    for (int i = 0; i < rep->shown->n_results; i++) {
        const struct result *row = &rep->shown->results[i];
        struct track t;
        char label[160];

        if (row->status != RESULT_OK || !gather(rep, row, order, &t))
            continue;
        if (t.known >= 2) {
            row_label(row, label, sizeof(label), true);
            fputs("<figure tabindex=\"0\"><figcaption>", f);
            markup_htmlf(f, "%s %s%s%s", row->name, strcmp(row->device, "cpu") ? row->device : "",
                         strcmp(row->device, "cpu") ? " " : "", label);
            fputs("</figcaption>\n", f);
            draw(f, rep, row, &t, order);
            fputs("</figure>\n", f);
            drawn++;
        }
        release(&t);
    }
    fputs("</div>\n", f);
    if (!drawn)
        page_no_data(f, "History", "no row has a value in two of the runs");
}

void page_history(FILE *f, const struct report *r)
{
    int *order;

    page_section(f, "history", "History",
                 "A row over the runs that were given, oldest at the left, each with its 95 % "
                 "interval. A step is a run from which on the row is on another level, found over "
                 "the whole series; six runs are the fewest in which one can be.");
    if (r->n < 2) {
        page_no_data(f, "History",
                     "one run was given; several make a history: headroom report OLD... NEW -o "
                     "report.html");
        page_section_end(f);
        return;
    }
    order = by_start(r);
    if (order)
        write_tracks(f, r, order);
    mem_free(order);
    page_section_end(f);
}
