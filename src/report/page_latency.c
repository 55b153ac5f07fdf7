/* page_latency.c - percentiles of single operations: requests to storage, later to a server. */
#include <math.h>
#include <string.h>

#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"
#include "report/svg.h"

enum { WIDTH = 760, HEIGHT = 340, LEFT = 56, RIGHT = 740, TOP = 30, BOTTOM = 296, POINTS = 5 };

/* Drawn over -log10(1 - p), which gives every further nine the same room. */
static const struct {
    double p;
    const char *name;
} percentiles[POINTS] = {
    { 0.5, "p50" }, { 0.9, "p90" }, { 0.95, "p95" }, { 0.99, "p99" }, { 0.999, "p99.9" },
};

static void values_of(const struct result *r, double us[POINTS])
{
    const double ns[POINTS] = { r->ops.p50_ns, r->ops.p90_ns, r->ops.p95_ns, r->ops.p99_ns,
                                r->ops.p999_ns };

    for (int i = 0; i < POINTS; i++)
        us[i] = ns[i] / 1000;
}

static bool has_ops(const struct result *r)
{
    return r->status == RESULT_OK && r->ops.n > 0;
}

static double place(double p)
{
    const struct scale x = { .lo = 0.2, .hi = 3.1, .at_lo = LEFT, .at_hi = RIGHT };

    return scale_at(&x, -log10(1 - p));
}

static void draw_row(FILE *f, const struct result *r, int series, const struct scale *y)
{
    double us[POINTS];
    bool started = false;
    char label[160], tip[240], kind[32];

    values_of(r, us);
    fprintf(f, "<path class=\"line c%d\" d=\"", series % 8);
    for (int i = 0; i < POINTS; i++) {
        if (!isfinite(us[i]))
            continue;
        fprintf(f, "%c%.0f %.1f", started ? 'L' : 'M', place(percentiles[i].p), scale_at(y, us[i]));
        started = true;
    }
    fputs("\"/>\n", f);
    row_label(r, label, sizeof(label), true);
    for (int i = 0; i < POINTS; i++) {
        if (!isfinite(us[i]))
            continue;
        snprintf(tip, sizeof(tip), "%s: %s %.4g \xC2\xB5s", label, percentiles[i].name, us[i]);
        snprintf(kind, sizeof(kind), "fill%d", series % 8);
        svg_point(f, place(percentiles[i].p), scale_at(y, us[i]), 4, kind, tip);
    }
}

static void draw(FILE *f, const struct run_record *rec, const struct result *head)
{
    struct scale y = { .lo = INFINITY, .at_lo = BOTTOM, .at_hi = TOP, .log = true };
    char words[600];
    int series = 0, n = 0;

    for (int i = 0; i < rec->n_results; i++) {
        double us[POINTS];

        if (!has_ops(&rec->results[i]) || strcmp(rec->results[i].name, head->name) != 0)
            continue;
        n++;
        values_of(&rec->results[i], us);
        for (int k = 0; k < POINTS; k++)
            if (us[k] > 0) {
                y.lo = fmin(y.lo, us[k]);
                y.hi = fmax(y.hi, us[k]);
            }
    }
    scale_nice(&y, 6);
    snprintf(words, sizeof(words),
             "Latency percentiles of single operations of %s, %d rows, from p50 to p99.9; the "
             "numbers are in the table below.",
             head->name, n);
    svg_open(f, "latency", WIDTH, HEIGHT, words);
    for (int i = 0; i < POINTS; i++) {
        double x = place(percentiles[i].p);

        svg_line(f, x, TOP, x, BOTTOM, "grid");
        svg_text(f, x, BOTTOM + 16, SVG_MIDDLE, "tick", percentiles[i].name);
    }
    svg_axis_y(f, &(struct scale){ .at_lo = LEFT, .at_hi = RIGHT, .lo = 0, .hi = 1 }, &y, 6,
               "\xC2\xB5s an operation");
    for (int i = 0; i < rec->n_results; i++)
        if (has_ops(&rec->results[i]) && strcmp(rec->results[i].name, head->name) == 0)
            draw_row(f, &rec->results[i], series++, &y);
    svg_close(f);
}

static void write_number(FILE *f, double us, const char *why)
{
    char text[FIGURES_TEXT];

    fputs("<td class=\"num\"", f);
    if (!isfinite(us))
        fprintf(f, " title=\"%s\"", why);
    figures_number(text, us, figures_decimals(us), true);
    fprintf(f, ">%s</td>", text);
}

static void write_table(FILE *f, const struct run_record *rec, const struct result *head)
{
    int series = 0;

    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Latency percentiles\">"
          "<table><thead><tr><th scope=\"col\">row</th><th scope=\"col\">operations</th>"
          "<th scope=\"col\">mean \xC2\xB5s</th>",
          f);
    for (int i = 0; i < POINTS; i++)
        fprintf(f, "<th scope=\"col\">%s</th>", percentiles[i].name);
    fputs("<th scope=\"col\">longest</th></tr></thead><tbody>\n", f);
    for (int i = 0; i < rec->n_results; i++) {
        const struct result *r = &rec->results[i];
        double us[POINTS];
        char label[160];

        if (!has_ops(r) || strcmp(r->name, head->name) != 0)
            continue;
        values_of(r, us);
        row_label(r, label, sizeof(label), true);
        fprintf(f, "<tr><th scope=\"row\"><span class=\"swatch back%d\"></span>", series++ % 8);
        markup_html(f, label);
        fprintf(f, "</th><td class=\"num\">%.0f</td>", (double)r->ops.n);
        write_number(f, r->ops.mean_ns / 1000, "not recorded");
        for (int k = 0; k < POINTS; k++)
            write_number(f, us[k], "too few operations for this percentile");
        write_number(f, r->ops.max_ns / 1000, "not recorded");
        fputs("</tr>\n", f);
    }
    fputs("</tbody></table></div>\n", f);
}

void page_latency(FILE *f, const struct report *r)
{
    int drawn = 0;

    page_section(f, "latency", "Latency of single operations",
                 "Each further nine has the same width: a line that turns upwards at the right has "
                 "a long tail. A percentile is shown where enough operations support it (59, 299 "
                 "and 2995 for p95, p99 and p99.9); the longest is one operation.");
    for (int i = 0; i < r->shown->n_results; i++) {
        const struct result *head = &r->shown->results[i];
        bool seen = !has_ops(head);

        for (int j = 0; j < i && !seen; j++)
            seen = has_ops(&r->shown->results[j]) &&
                   strcmp(r->shown->results[j].name, head->name) == 0;
        if (seen)
            continue;
        fputs("<figure class=\"wide\" tabindex=\"0\"><figcaption>", f);
        markup_html(f, head->name);
        fputs("</figcaption>\n", f);
        draw(f, r->shown, head);
        fputs("</figure>\n", f);
        write_table(f, r->shown, head);
        drawn++;
    }
    if (!drawn)
        page_no_data(f, "Latency", "no row of this run records single operations");
    page_section_end(f);
}
