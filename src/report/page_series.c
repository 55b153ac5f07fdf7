/* page_series.c - what the machine did while it was measured: clocks, power, temperature and load
 * over the time of the run.
 *
 * Each chart is written twice: as a picture for paper and for readers without a script, and as data
 * for web/series.js, which draws a chart to zoom into in the picture's place. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"
#include "report/svg.h"

enum {
    NAMES_MAX = 24,
    POINTS_MAX = 2000, /* a series, after its smallest and largest values were kept */
    WIDTH = 760,
    HEIGHT = 190,
    LEFT = 56,
    RIGHT = 740,
    TOP = 24,
    BOTTOM = 160
};

/* Which series go together: a unit, and a word that their names hold or do not hold. */
static const struct chart_kind {
    const char *title, *unit, *with, *without;
} charts[] = {
    { "Clock", "MHz", "", NULL },     { "Power", "W", "", NULL },
    { "Temperature", "C", "", NULL }, { "Clock held down", "%", "throttle", NULL },
    { "Load", "%", "", "throttle" },
};
enum { CHARTS = sizeof(charts) / sizeof(charts[0]) };

struct point {
    double t, v; /* seconds since the run's first row; v is NaN where a line ends */
};

struct line {
    char name[64];
    struct point *p; /* n of them; owned */
    size_t n, cap;
};

struct chart {
    struct line line[NAMES_MAX];
    int n;
    char why[120]; /* the first reason given for a series without points */
};

struct span {
    double from, to; /* seconds since the run's first row */
};

static double origin_of(const struct run_record *rec)
{
    double first = INFINITY;

    for (int i = 0; i < rec->n_results; i++)
        for (int k = 0; k < rec->results[i].n_runs; k++)
            if (rec->results[i].runs[k].start_unix_s > 0)
                first = fmin(first, rec->results[i].runs[k].start_unix_s);
    return first;
}

static struct span span_of(const struct result_run *run, double origin)
{
    double from = run->start_unix_s - origin;

    return (struct span){ from, from + run->sampling.warmup_s + run->sampling.wall_s };
}

static struct line *line_named(struct chart *c, const char *name)
{
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->line[i].name, name) == 0)
            return &c->line[i];
    if (c->n == NAMES_MAX)
        return NULL;
    snprintf(c->line[c->n].name, sizeof(c->line[c->n].name), "%s", name);
    return &c->line[c->n++];
}

static void add(struct line *l, double t, double v)
{
    if (!l || !isfinite(t))
        return;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 256;
        struct point *grown = mem_realloc(l->p, cap, sizeof(*grown));

        if (!grown)
            return;
        l->p = grown;
        l->cap = cap;
    }
    l->p[l->n++] = (struct point){ t, v };
}

static int earlier(const void *a, const void *b)
{
    const struct point *x = a, *y = b;

    return (x->t > y->t) - (x->t < y->t);
}

/* The clock that the samples themselves saw: a virtual machine shows no other. */
static void add_probed_clock(struct chart *c, const struct result *r, const struct result_run *run,
                             double origin)
{
    struct span s = span_of(run, origin);
    char name[64];
    struct line *l;

    if (!isfinite(run->clock_hz_median))
        return;
    snprintf(name, sizeof(name), "%s while sampling", r->device);
    l = line_named(c, name);
    add(l, s.from, run->clock_hz_median * 1e-6);
    add(l, s.to, run->clock_hz_median * 1e-6);
    add(l, s.to + 1e-3, (double)NAN);
}

static bool belongs(const struct series *s, const struct chart_kind *kind)
{
    return strcmp(s->unit, kind->unit) == 0 && strstr(s->name, kind->with) &&
           !(kind->without && strstr(s->name, kind->without));
}

/* The series of one GPU are called alike on all: the row says which it was. */
static struct line *line_of(struct chart *c, const struct result *r, const struct series *s)
{
    char name[64];

    if (strncmp(s->name, "gpu.", 4) != 0)
        return line_named(c, s->name);
    snprintf(name, sizeof(name), "%s %s", r->device, s->name + 4);
    return line_named(c, name);
}

static void gather(struct chart *c, const struct run_record *rec, const struct chart_kind *kind,
                   double origin)
{
    *c = (struct chart){ 0 };
    for (int i = 0; i < rec->n_results; i++)
        for (int k = 0; k < rec->results[i].n_runs; k++) {
            const struct result_run *run = &rec->results[i].runs[k];

            if (strcmp(kind->unit, "MHz") == 0)
                add_probed_clock(c, &rec->results[i], run, origin);
            for (int s = 0; s < run->n_telemetry; s++) {
                const struct series *from = &run->telemetry[s];

                if (!belongs(from, kind))
                    continue;
                if (from->n == 0 && !c->why[0])
                    snprintf(c->why, sizeof(c->why), "%s", from->reason);
                for (size_t p = 0; p < from->n; p++)
                    if (isfinite(from->value[p]))
                        add(line_of(c, &rec->results[i], from),
                            run->start_unix_s - origin + from->t_s[p], from->value[p]);
            }
        }
    /* The processes of a row are spread over the run. */
    for (int i = 0; i < c->n; i++)
        qsort(c->line[i].p, c->line[i].n, sizeof(struct point), earlier);
}

static void release(struct chart *c)
{
    for (int i = 0; i < c->n; i++) {
        mem_free(c->line[i].p);
    }
}

/* Keep the smallest and the largest of each group of neighbours. */
static void thin(struct line *l)
{
    size_t group = l->n / (POINTS_MAX / 2) + 1, kept = 0;

    if (l->n <= POINTS_MAX)
        return;
    for (size_t i = 0; i < l->n; i += group) {
        size_t lo = i, hi = i;
        struct point ends[2];

        for (size_t k = i; k < l->n && k < i + group; k++) {
            lo = isnan(l->p[lo].v) || l->p[k].v < l->p[lo].v ? k : lo;
            hi = isnan(l->p[hi].v) || l->p[k].v > l->p[hi].v ? k : hi;
        }
        ends[0] = l->p[lo < hi ? lo : hi];
        ends[1] = l->p[lo < hi ? hi : lo];
        l->p[kept++] = ends[0];
        if (lo != hi)
            l->p[kept++] = ends[1];
    }
    l->n = kept;
}

static void draw_spans(FILE *f, const struct run_record *rec, const struct scale *x, double origin)
{
    int n = 0;

    for (int i = 0; i < rec->n_results; i++)
        for (int k = 0; k < rec->results[i].n_runs; k++) {
            struct span s = span_of(&rec->results[i].runs[k], origin);
            double from = scale_at(x, s.from);

            if (n++ % 2 == 0)
                svg_rect(f, from, TOP, scale_at(x, s.to) - from, BOTTOM - TOP, "span");
        }
}

static void draw(FILE *f, const struct run_record *rec, const struct chart *c, int which,
                 double origin, double length)
{
    struct scale x = { .lo = 0, .hi = length, .at_lo = LEFT, .at_hi = RIGHT };
    struct scale y = { .lo = INFINITY, .hi = -INFINITY, .at_lo = BOTTOM, .at_hi = TOP };
    char words[400];

    for (int i = 0; i < c->n; i++)
        for (size_t p = 0; p < c->line[i].n; p++) {
            y.lo = fmin(y.lo, c->line[i].p[p].v);
            y.hi = fmax(y.hi, c->line[i].p[p].v);
        }
    snprintf(words, sizeof(words),
             "%s over the %.0f s of the run: %d series, smallest %.4g, largest %.4g %s.",
             charts[which].title, length, c->n, y.lo, y.hi, charts[which].unit);
    scale_nice(&y, 5);
    svg_open(f, "series", WIDTH, HEIGHT, words);
    draw_spans(f, rec, &x, origin);
    svg_axis_x(f, &x, &y, 8, "seconds since the first row");
    svg_axis_y(f, &x, &y, 5, charts[which].unit);
    for (int i = 0; i < c->n; i++) {
        double last = -INFINITY;

        fprintf(f, "<path class=\"mark line c%d\" d=\"", i % 8);
        for (size_t p = 0; p < c->line[i].n; p++) {
            double t = c->line[i].p[p].t, v = c->line[i].p[p].v;

            /* Between rows nothing was read: no line is drawn across. */
            if (isfinite(v))
                fprintf(f, "%c%.0f %.0fh0", t - last > 2.5 || t < last ? 'M' : 'L', scale_at(&x, t),
                        scale_at(&y, v));
            last = isfinite(v) ? t : -(double)INFINITY;
        }
        fputs("\"/>\n", f);
    }
    svg_close(f);
}

static void write_legend(FILE *f, const struct chart *c)
{
    fputs("<ul class=\"legend\">", f);
    for (int i = 0; i < c->n; i++) {
        fprintf(f, "<li><span class=\"swatch back%d\"></span>", i % 8);
        markup_html(f, c->line[i].name);
        fputs("</li>", f);
    }
    fputs("</ul>\n", f);
}

enum half { TIMES, VALUES };

static void write_numbers(FILE *f, const struct line *l, enum half which)
{
    fputc('[', f);
    for (size_t i = 0; i < l->n; i++) {
        if (i)
            fputc(',', f);
        markup_json_number(f, which == TIMES ? l->p[i].t : l->p[i].v);
    }
    fputc(']', f);
}

static void write_data(FILE *f, const struct chart *c, int which)
{
    fputs("<script type=\"application/json\" class=\"data\">{\"unit\":", f);
    markup_json(f, charts[which].unit);
    fputs(",\"series\":[", f);
    for (int i = 0; i < c->n; i++) {
        fputs(i ? ",{\"name\":" : "{\"name\":", f);
        markup_json(f, c->line[i].name);
        fputs(",\"t\":", f);
        write_numbers(f, &c->line[i], TIMES);
        fputs(",\"v\":", f);
        write_numbers(f, &c->line[i], VALUES);
        fputc('}', f);
    }
    fputs("]}</script>\n", f);
}

/* The rows under the time line, once for all charts. */
static double write_spans(FILE *f, const struct run_record *rec, double origin)
{
    double length = 0;
    bool any = false;

    fputs("<script type=\"application/json\" id=\"spans\">[", f);
    for (int i = 0; i < rec->n_results; i++)
        for (int k = 0; k < rec->results[i].n_runs; k++) {
            struct span s = span_of(&rec->results[i].runs[k], origin);
            char label[160], text[260];

            row_label(&rec->results[i], label, sizeof(label), true);
            snprintf(text, sizeof(text), "%s %s", rec->results[i].name, label);
            fprintf(f, "%s[%.3f,%.3f,", any ? "," : "", s.from, s.to);
            markup_json(f, text);
            fputc(']', f);
            length = fmax(length, s.to);
            any = true;
        }
    fputs("]</script>\n", f);
    return length;
}

void page_series(FILE *f, const struct report *r)
{
    double origin = origin_of(r->shown), length;

    page_section(f, "series", "Time line of the machine",
                 "What the machine did while the rows were measured; shaded stripes are the rows. "
                 "The clock \xE2\x80\x9Cwhile sampling\xE2\x80\x9D was timed between the samples "
                 "themselves. Drag to zoom, double-click or press Escape to see all; the arrow "
                 "keys move the cursor.");
    if (!isfinite(origin)) {
        page_no_data(f, "Time line", "no row of this run says when it was measured");
        page_section_end(f);
        return;
    }
    length = fmax(write_spans(f, r->shown, origin), 0.1);
    for (int i = 0; i < CHARTS; i++) {
        struct chart c;
        size_t points = 0;

        gather(&c, r->shown, &charts[i], origin);
        for (int k = 0; k < c.n; k++) {
            thin(&c.line[k]);
            points += c.line[k].n;
        }
        if (points == 0) {
            page_no_data(f, charts[i].title, c.why[0] ? c.why : "nothing on this machine reads it");
        } else {
            fprintf(f, "<figure class=\"wide\" data-series><figcaption>%s, %s</figcaption>\n",
                    charts[i].title, charts[i].unit);
            draw(f, r->shown, &c, i, origin, length);
            write_legend(f, &c);
            write_data(f, &c, i);
            fputs("</figure>\n", f);
        }
        release(&c);
    }
    page_section_end(f);
}
