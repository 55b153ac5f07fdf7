/* page_roofline.c - operations a second over operations a byte, one picture a device.
 *
 * The roofs are what the silicon rows of this run reached: slanting ones are bytes a second of a
 * memory, flat ones operations a second of a data type.  A row that knows both its operations and
 * its bytes is a point (Williams, Waterman & Patterson 2009). */
#include <math.h>
#include <string.h>

#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"
#include "report/svg.h"

enum { ROOFS_MAX = 16, WIDTH = 760, HEIGHT = 430, LEFT = 52, TOP = 26, RIGHT = 628, BOTTOM = 384 };

struct roof {
    char name[AXIS_TEXT]; /* "hbm", "fp16" */
    double rate;          /* bytes/s or operations/s, the best row's */
    double paper;         /* the same of its paper limit; NaN */
    const struct result *row;
};

struct roofline {
    const struct run_record *rec;
    const char *device;
    struct roof memory[ROOFS_MAX], compute[ROOFS_MAX];
    int n_memory, n_compute, n_points;
    struct scale x, y;
};

/* What a row did of `amount` a second, from the value that is reported. */
static double per_second(const struct result *r, double amount)
{
    const struct result_run *run = r->runs;

    if (r->n_runs == 0 || !(run->sampling.summary.median > 0) || !(run->value > 0))
        return NAN;
    if (r->direction == LOWER_IS_BETTER)
        return amount / (run->sampling.summary.median * 1e-9) * run->value / r->value;
    return amount / (run->sampling.summary.median * 1e-9) * r->value / run->value;
}

/* Bytes of memories, not of links and storage: those have no roof here. */
static double memory_bytes(const struct result *r)
{
    return r->work.bytes[WORK_DRAM] + r->work.bytes[WORK_CACHE] + r->work.bytes[WORK_HBM];
}

static double bytes_elsewhere(const struct result *r)
{
    return r->work.bytes[WORK_LINK] + r->work.bytes[WORK_STORAGE];
}

static bool is_of(const struct roofline *g, const struct result *r)
{
    return r->status == RESULT_OK && strcmp(r->device, g->device) == 0;
}

static bool is_point(const struct roofline *g, const struct result *r)
{
    return is_of(g, r) && r->work.flops > 0 && memory_bytes(r) > 0 && per_second(r, 1) > 0;
}

static double paper_of(const struct result *r, double rate)
{
    double paper = NAN;

    for (int i = 0; i < r->limits.n; i++)
        if (r->limits.l[i].kind == LIMIT_PAPER && r->direction == HIGHER_IS_BETTER)
            paper = rate * r->limits.l[i].value / r->value;
    return paper;
}

static void raise_roof(struct roof *roofs, int *n, const char *name, const struct result *r,
                       double rate)
{
    int i = 0;

    while (i < *n && strcmp(roofs[i].name, name) != 0)
        i++;
    if (i == ROOFS_MAX || !(rate > 0) || (i < *n && rate <= roofs[i].rate))
        return;
    *n += i == *n;
    roofs[i] = (struct roof){ .rate = rate, .paper = paper_of(r, rate), .row = r };
    snprintf(roofs[i].name, sizeof(roofs[i].name), "%s", name);
}

/* Copies from elsewhere pass through a memory, but are not what bounds a kernel in it. */
static bool is_link(const char *level)
{
    return strcmp(level, "peer") == 0 || strcmp(level, "host") == 0;
}

static int higher_first(const void *a, const void *b)
{
    const struct roof *x = a, *y = b;

    return (x->rate < y->rate) - (x->rate > y->rate);
}

static void gather(struct roofline *g)
{
    for (int i = 0; i < g->rec->n_results; i++) {
        const struct result *r = &g->rec->results[i];
        const char *level = row_setting(r, "level"), *dtype = row_setting(r, "dtype");

        /* Multiplying zeros takes less power than work does, and is faster than it. */
        if (!is_of(g, r) || strncmp(r->name, "silicon.", 8) != 0 ||
            (row_setting(r, "data") && strcmp(row_setting(r, "data"), "zeros") == 0))
            continue;
        if (level && !is_link(level) && memory_bytes(r) > 0 && r->direction == HIGHER_IS_BETTER)
            raise_roof(g->memory, &g->n_memory, level, r, per_second(r, memory_bytes(r)));
        else if (dtype && r->work.flops > 0)
            raise_roof(g->compute, &g->n_compute, dtype, r, per_second(r, r->work.flops));
    }
    qsort(g->compute, (size_t)g->n_compute, sizeof(*g->compute), higher_first);
    qsort(g->memory, (size_t)g->n_memory, sizeof(*g->memory), higher_first);
    for (int i = 0; i < g->rec->n_results; i++)
        g->n_points += is_point(g, &g->rec->results[i]);
}

static void include(struct scale *s, double v)
{
    if (!(v > 0) || !isfinite(v))
        return;
    s->lo = s->lo > 0 ? fmin(s->lo, v) : v;
    s->hi = fmax(s->hi, v);
}

/* Wide enough for every ridge and point, with a little room around. */
static void set_scales(struct roofline *g)
{
    g->x = (struct scale){ .at_lo = LEFT, .at_hi = RIGHT, .log = true };
    g->y = (struct scale){ .at_lo = BOTTOM, .at_hi = TOP, .log = true };
    for (int i = 0; i < g->n_memory; i++)
        for (int k = 0; k < g->n_compute; k++)
            include(&g->x, g->compute[k].rate / g->memory[i].rate);
    for (int i = 0; i < g->rec->n_results; i++) {
        const struct result *r = &g->rec->results[i];

        if (!is_point(g, r))
            continue;
        include(&g->x, r->work.flops / memory_bytes(r));
        include(&g->y, per_second(r, r->work.flops));
    }
    if (!(g->x.lo > 0)) /* no ridge: a decade or two around one operation a byte */
        g->x.lo = g->x.hi = 1;
    g->x.lo /= 8;
    g->x.hi *= 8;
    for (int i = 0; i < g->n_memory; i++) {
        include(&g->y, g->memory[i].rate * g->x.lo);
        if (g->n_compute == 0)
            include(&g->y, g->memory[i].rate * g->x.hi);
    }
    for (int k = 0; k < g->n_compute; k++) {
        include(&g->y, g->compute[k].rate);
        include(&g->y, g->compute[k].paper);
    }
    scale_nice(&g->x, 6);
    scale_nice(&g->y, 6);
}

static double highest(const struct roofline *g)
{
    double most = g->n_compute ? 0 : g->y.hi;

    for (int k = 0; k < g->n_compute; k++)
        most = fmax(most, g->compute[k].rate);
    return most;
}

/* y = rate x, up to the highest flat roof. */
static void draw_slope(FILE *f, const struct roofline *g, int i, double rate, const char *kind)
{
    double end = fmin(g->x.hi, highest(g) / rate), start = fmax(g->x.lo, g->y.lo / rate);
    char text[80], size[SCALE_LABEL];
    double x = scale_at(&g->x, start), y = scale_at(&g->y, rate * start), angle;

    if (!(end > start))
        return;
    svg_line(f, x, y, scale_at(&g->x, end), scale_at(&g->y, rate * end), kind);
    if (!strstr(kind, "measured"))
        return;
    angle = atan2(scale_at(&g->y, rate * end) - y, scale_at(&g->x, end) - x);
    scale_label(size, rate);
    snprintf(text, sizeof(text), "%s %sB/s", g->memory[i].name, size);
    /* Neighbours are close: their names stand at different places along their roofs. */
    x += 14 + 100 * (i % 2);
    y += tan(angle) * (14 + 100 * (i % 2));
    fprintf(f, "<g transform=\"translate(%.0f %.0f) rotate(%.1f)\">", x, y - 5,
            angle * 180 / 3.14159265358979);
    svg_text(f, 0, 0, SVG_START, "roofname", text);
    fputs("</g>\n", f);
}

static void draw_flat(FILE *f, const struct roofline *g, int k)
{
    const struct roof *roof = &g->compute[k];
    double start = g->n_memory ? g->x.hi : g->x.lo, from;
    char kind[32];

    for (int i = 0; i < g->n_memory; i++)
        start = fmin(start, roof->rate / g->memory[i].rate);
    from = scale_at(&g->x, fmax(start, g->x.lo));
    snprintf(kind, sizeof(kind), "roof measured c%d", k % 8);
    svg_line(f, from, scale_at(&g->y, roof->rate), RIGHT, scale_at(&g->y, roof->rate), kind);
    if (!isfinite(roof->paper))
        return;
    snprintf(kind, sizeof(kind), "roof paper c%d", k % 8);
    svg_line(f, from, scale_at(&g->y, roof->paper), RIGHT, scale_at(&g->y, roof->paper), kind);
}

/* Highest first; their names at the right are pushed apart where roofs are close together. */
static void draw_flats(FILE *f, const struct roofline *g)
{
    char text[80], size[SCALE_LABEL], kind[32];
    double free_from = 0;

    for (int k = 0; k < g->n_compute; k++) {
        double y = fmax(scale_at(&g->y, g->compute[k].rate) + 4, free_from);

        draw_flat(f, g, k);
        scale_label(size, g->compute[k].rate);
        snprintf(text, sizeof(text), "%.20s %s/s", g->compute[k].name, size);
        snprintf(kind, sizeof(kind), "roofname fill%d", k % 8);
        svg_text(f, RIGHT + 8, y, SVG_START, kind, text);
        free_from = y + 15;
    }
}

static void tip_of(const struct result *r, char *tip, size_t cap)
{
    char label[120], size[SCALE_LABEL];

    row_label(r, label, sizeof(label), true);
    scale_label(size,
                r->work.flops > 0 ? per_second(r, r->work.flops) : per_second(r, memory_bytes(r)));
    snprintf(tip, cap, "%s %s: %s%s", r->name, label, size,
             r->work.flops > 0 ? " operations/s" : "B/s");
}

/* Points, and on the edges the silicon rows that have only one side: memory left, arithmetic right.
 */
static void draw_points(FILE *f, const struct roofline *g)
{
    char tip[240], kind[32];

    for (int i = 0; i < g->rec->n_results; i++) {
        const struct result *r = &g->rec->results[i];
        double bytes = memory_bytes(r);

        if (!is_of(g, r) || !(per_second(r, 1) > 0))
            continue;
        tip_of(r, tip, sizeof(tip));
        snprintf(kind, sizeof(kind), "level-%s",
                 strncmp(r->name, "silicon", 7) == 0   ? "silicon"
                 : strncmp(r->name, "kernels", 7) == 0 ? "kernels"
                 : strncmp(r->name, "models", 6) == 0  ? "models"
                                                       : "server");
        if (is_point(g, r))
            svg_point(f, scale_at(&g->x, r->work.flops / bytes),
                      scale_at(&g->y, per_second(r, r->work.flops)), 5, kind, tip);
        else if (r->work.flops > 0 && bytes_elsewhere(r) <= 0)
            svg_point(f, RIGHT, scale_at(&g->y, per_second(r, r->work.flops)), 3, kind, tip);
        else if (bytes > 0 && r->direction == HIGHER_IS_BETTER && g->n_memory &&
                 !is_link(row_setting(r, "level") ? row_setting(r, "level") : ""))
            svg_point(f, LEFT, scale_at(&g->y, per_second(r, bytes) * g->x.lo), 3, kind, tip);
    }
}

/* The picture in words: its text alternative. */
static void describe(const struct roofline *g, char *words, size_t cap)
{
    char size[SCALE_LABEL];
    size_t n = (size_t)snprintf(words, cap, "Roofline of %s.", g->device);

    for (int i = 0; i < g->n_memory && n < cap; i++) {
        scale_label(size, g->memory[i].rate);
        n += (size_t)snprintf(words + n, cap - n, " %s: %sB/s.", g->memory[i].name, size);
    }
    for (int k = 0; k < g->n_compute && n < cap; k++) {
        scale_label(size, g->compute[k].rate);
        n +=
            (size_t)snprintf(words + n, cap - n, " %s: %s operations/s.", g->compute[k].name, size);
    }
    if (n < cap)
        snprintf(words + n, cap - n, " %d row%s between them.", g->n_points,
                 g->n_points == 1 ? "" : "s");
}

static void write_missing(FILE *f, const struct roofline *g)
{
    if (!g->n_compute)
        fprintf(f, "No row of this run measured arithmetic there, so no flat roof is drawn. ");
    if (!g->n_memory)
        fprintf(f, "No row of this run measured its memory, so no slanting roof is drawn. ");
    if (!g->n_points)
        fprintf(f, "No kernel or model was measured yet: the points on the edges are the silicon "
                   "rows.");
}

static void draw(FILE *f, struct roofline *g)
{
    char words[1200], kind[32];

    describe(g, words, sizeof(words));
    fputs("<figure class=\"wide\" tabindex=\"0\"><figcaption>", f);
    markup_html(f, g->device);
    fputs("</figcaption>\n", f);
    svg_open(f, "roofline", WIDTH, HEIGHT, words);
    svg_axis_x(f, &g->x, &g->y, 8, "operations a byte");
    svg_axis_y(f, &g->x, &g->y, 8, "operations a second");
    for (int i = 0; i < g->n_memory; i++) {
        if (isfinite(g->memory[i].paper))
            draw_slope(f, g, i, g->memory[i].paper, "roof paper memory");
        snprintf(kind, sizeof(kind), "roof measured memory");
        draw_slope(f, g, i, g->memory[i].rate, kind);
    }
    draw_flats(f, g);
    draw_points(f, g);
    svg_close(f);
    fputs("<p class=\"small\">", f);
    write_missing(f, g);
    fputs("</p></figure>\n", f);
}

void page_roofline(FILE *f, const struct report *r)
{
    int drawn = 0;

    page_section(f, "roofline", "Roofline",
                 "A kernel can go no faster than the roof above it. Left of the ridge the slanting "
                 "roof bounds it, bytes a second of the memory that feeds it; right of it the flat "
                 "one, operations a second of its data type. Solid roofs were measured in this "
                 "run, dashed ones are on paper. A point far below both is bound by neither: look "
                 "for launches, latency, or too little work at once.");
    for (int i = 0; i < r->shown->n_results; i++) {
        struct roofline g = { .rec = r->shown, .device = r->shown->results[i].device };
        bool seen = false;

        for (int j = 0; j < i && !seen; j++)
            seen = strcmp(r->shown->results[j].device, g.device) == 0;
        if (seen)
            continue;
        gather(&g);
        if (!g.n_memory && !g.n_compute && !g.n_points)
            continue;
        set_scales(&g);
        draw(f, &g);
        drawn++;
    }
    if (!drawn)
        page_no_data(f, "Roofline", "no row of this run counts operations or bytes of a memory");
    page_section_end(f);
}
