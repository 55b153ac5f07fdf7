/* page_samples.c - the samples of each row in time order, and their histogram beside them. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/stats.h"
#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"
#include "report/svg.h"

/* Whole units only, so that a sample takes some seven bytes; twice as many as are drawn. */
enum {
    WIDTH = 640,
    HEIGHT = 260,
    LEFT = 92,
    RIGHT = 470,
    BARS = 490,
    BARS_END = 630,
    TOP = 44,
    BOTTOM = 236,
    BINS = 32,
    COLUMNS = (RIGHT - LEFT) / 3
};

struct cloud {
    double *v; /* n values in the unit that is shown, in time order; owned */
    size_t n;
    size_t *end; /* where each run ends; n_runs; owned */
    int n_runs;
    double median, lo, hi; /* of the row */
    struct scale y;
    size_t beyond; /* samples outside the scale */
};

static size_t samples_in(const struct result_run *run)
{
    return run->samples ? run->n_samples : run->sampling.n;
}

/* A sample as the row's value: of times, rates turn around. */
static double as_value(const struct result *r, const struct result_run *run, size_t i)
{
    double median = run->sampling.summary.median, ns;

    if (run->samples)
        return run->samples[i];
    ns = run->sampling.ns[i];
    return r->direction == HIGHER_IS_BETTER ? run->value * median / ns : run->value * ns / median;
}

static bool gather(const struct result *r, double factor, struct cloud *c)
{
    size_t total = 0;

    for (int i = 0; i < r->n_runs; i++)
        total += samples_in(&r->runs[i]);
    *c = (struct cloud){ .n_runs = r->n_runs,
                         .median = r->value * factor,
                         .lo = r->value_lo * factor,
                         .hi = r->value_hi * factor };
    c->v = mem_calloc(total, sizeof(*c->v));
    c->end = mem_calloc((size_t)r->n_runs, sizeof(*c->end));
    if (!c->v || !c->end)
        return false;
    for (int i = 0; i < r->n_runs; i++) {
        const struct result_run *run = &r->runs[i];

        for (size_t k = 0; k < samples_in(run); k++) {
            double v = as_value(r, run, k) * factor;

            if (isfinite(v))
                c->v[c->n++] = v;
        }
        c->end[i] = c->n;
    }
    return true;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* All samples, unless a few lie so far out that nothing of the others could be seen: then those are
 * drawn at the edge, and counted. */
static bool set_scale(struct cloud *c)
{
    double *sorted = mem_calloc(c->n, sizeof(*sorted)), low, high, spread;

    if (!sorted)
        return false;
    memcpy(sorted, c->v, c->n * sizeof(*sorted));
    qsort(sorted, c->n, sizeof(*sorted), by_size);
    low = stats_quantile_sorted(sorted, c->n, 0.05);
    high = stats_quantile_sorted(sorted, c->n, 0.95);
    spread = fmax(high - low, fabs(high) * 0.002);
    c->y = (struct scale){ .lo = fmax(sorted[0], low - 3 * spread),
                           .hi = fmin(sorted[c->n - 1], high + 3 * spread),
                           .at_lo = BOTTOM,
                           .at_hi = TOP };
    mem_free(sorted);
    if (isfinite(c->lo) && isfinite(c->hi)) {
        c->y.lo = fmin(c->y.lo, c->lo);
        c->y.hi = fmax(c->y.hi, c->hi);
    }
    scale_nice(&c->y, 4);
    for (size_t i = 0; i < c->n; i++)
        c->beyond += c->v[i] < c->y.lo || c->v[i] > c->y.hi;
    return true;
}

static int column_of(const struct cloud *c, size_t i)
{
    return LEFT + 6 + (int)((double)i / (double)c->n * (RIGHT - LEFT - 12));
}

/* One dot a sample; where there are more than the picture has room for, the smallest and the
 * largest of each column. */
static void draw_dots(FILE *f, const struct cloud *c)
{
    size_t step = c->n / COLUMNS + 1;
    int at_x = 0, at_y = 0;

    fputs("<path class=\"mark dots\" d=\"M0 0", f);
    for (size_t i = 0; i<c->n; i += step> 2 ? step : 1) {
        size_t end = step > 2 && i + step < c->n ? i + step : i + 1;
        double ends[2] = { c->v[i], c->v[i] };
        int x = column_of(c, i);

        for (size_t k = i; k < end; k++) {
            ends[0] = fmin(ends[0], c->v[k]);
            ends[1] = fmax(ends[1], c->v[k]);
        }
        for (int e = 0; e < (ends[0] < ends[1] ? 2 : 1); e++) {
            int y = (int)lround(scale_at(&c->y, ends[e]));

            fprintf(f, "m%d %dz", x - at_x, y - at_y);
            at_x = x;
            at_y = y;
        }
    }
    fputs("\"/>\n", f);
}

static void draw_histogram(FILE *f, const struct cloud *c)
{
    size_t count[BINS] = { 0 }, most = 1;

    for (size_t i = 0; i < c->n; i++) {
        int b = (int)((c->v[i] - c->y.lo) / (c->y.hi - c->y.lo) * BINS);

        b = b < 0 ? 0 : b >= BINS ? BINS - 1 : b;
        count[b]++;
        most = count[b] > most ? count[b] : most;
    }
    fprintf(f, "<path class=\"mark hist\" d=\"M%d %d", BARS, BOTTOM);
    for (int b = 0; b < BINS; b++)
        fprintf(f, "H%.0fV%.0f", BARS + (double)count[b] / (double)most * (BARS_END - BARS),
                BOTTOM - (double)(BOTTOM - TOP) * (b + 1) / BINS);
    fprintf(f, "H%dz\"/>\n", BARS);
}

static void draw_axes(FILE *f, const struct cloud *c)
{
    struct ticks t;
    char label[SCALE_LABEL];

    scale_ticks(&c->y, 4, &t);
    for (int i = 0; i < t.n; i++) {
        double y = scale_at(&c->y, t.v[i]);

        svg_line(f, LEFT, y, BARS_END, y, "grid");
        scale_label(label, t.v[i]);
        svg_text(f, LEFT - 8, y + 7, SVG_END, "tick", label);
    }
    for (int i = 0; i + 1 < c->n_runs; i++)
        svg_line(f, column_of(c, c->end[i]), TOP, column_of(c, c->end[i]), BOTTOM, "divide");
    if (isfinite(c->lo) && isfinite(c->hi)) {
        double top = scale_at(&c->y, c->hi), bottom = scale_at(&c->y, c->lo);

        svg_rect(f, LEFT, top, BARS_END - LEFT, fmax(bottom - top, 1), "band");
    }
    svg_line(f, LEFT, scale_at(&c->y, c->median), BARS_END, scale_at(&c->y, c->median), "median");
}

static void write_words(FILE *f, const struct result *r, const struct cloud *c)
{
    size_t outliers = 0;

    for (int i = 0; i < r->n_runs; i++)
        outliers += r->runs[i].sampling.summary.outliers_severe;
    fprintf(f, "<p class=\"small\">%zu samples", c->n);
    if (r->n_runs > 1)
        fprintf(f, " of %d processes", r->n_runs);
    if (outliers)
        fprintf(f, ", %zu far outliers", outliers);
    if (c->beyond)
        fprintf(f, ", <span class=\"alarm\">%zu beyond the picture</span>", c->beyond);
    if (r->unstable[0]) {
        fputs("; unstable: ", f);
        markup_html(f, r->unstable);
    }
    fputs("</p>", f);
}

static void draw(FILE *f, const struct result *r)
{
    struct figures_unit unit = row_unit(r);
    struct cloud c;
    char label[160], words[400];

    row_label(r, label, sizeof(label), true);
    if (!gather(r, unit.factor, &c) || c.n < 2 || !set_scale(&c)) {
        page_no_data(f, label, c.n == 1 ? "one sample" : "no memory for its samples");
        mem_free(c.v);
        mem_free(c.end);
        return;
    }
    snprintf(words, sizeof(words),
             "%s: %zu samples in time order and their histogram; median %.4g %s, 95 %% interval "
             "%.4g to %.4g, smallest %.4g, largest %.4g on the scale.",
             label, c.n, c.median, unit.name, c.lo, c.hi, c.y.lo, c.y.hi);
    fputs("<figure><figcaption>", f);
    markup_html(f, label);
    fputs("</figcaption>\n", f);
    svg_open(f, "cloud", WIDTH, HEIGHT, words);
    draw_axes(f, &c);
    svg_text(f, 4, 20, SVG_START, "title", unit.name);
    svg_text(f, (LEFT + RIGHT) / 2.0, HEIGHT - 4, SVG_MIDDLE, "title", "time");
    draw_histogram(f, &c);
    draw_dots(f, &c);
    svg_close(f);
    write_words(f, r, &c);
    fputs("</figure>\n", f);
    mem_free(c.v);
    mem_free(c.end);
}

static bool has_samples(const struct result *r)
{
    return r->status == RESULT_OK && r->n_runs > 0 && samples_in(&r->runs[0]) > 0;
}

void page_samples(FILE *f, const struct report *r)
{
    int groups = 0;

    page_section(f, "samples", "Samples and their distribution",
                 "Each dot is one sample in the order of time, in the row's unit; at the right "
                 "the same samples as a histogram. The line is the median, the band its 95 % "
                 "interval. No sample is dropped: what is far outside is drawn at the edge and "
                 "counted. Look for steps (clocks, placement), slopes (heat) and bursts (others).");
    for (int i = 0; i < r->shown->n_results; i++) {
        const struct result *head = &r->shown->results[i];
        int n = 0;

        for (int k = 0; k < r->shown->n_results; k++)
            n += row_same_group(&r->shown->results[k], head) && has_samples(&r->shown->results[k]);
        if (!row_first_of_group(r->shown, i) || n == 0)
            continue;
        fprintf(f, "<details class=\"group\"%s><summary>", groups++ == 0 ? " open" : "");
        markup_htmlf(f, "%s on %s, %s in %s: %d row%s", head->name, head->device, head->metric,
                     head->unit, n, n == 1 ? "" : "s");
        fputs("</summary><div class=\"multiples\">\n", f);
        for (int k = i; k < r->shown->n_results; k++)
            if (row_same_group(&r->shown->results[k], head) && has_samples(&r->shown->results[k]))
                draw(f, &r->shown->results[k]);
        fputs("</div></details>\n", f);
    }
    if (!groups)
        page_no_data(f, "Samples", "no row of this run keeps samples");
    page_section_end(f);
}
