/* page_limits.c - every row as a bar against its limits: from the limit down to what is reached. */
#include <math.h>
#include <string.h>

#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"
#include "report/svg.h"

/* The bar's picture: WHOLE units are the outermost limit, beyond it there is a little room. */
enum { WHOLE = 1000, BAR_WIDTH = 1060, BAR_HEIGHT = 20 };

struct bar {
    const struct result *row;
    double outer; /* the loosest limit: 100 % of the bar */
};

/* Part of the outermost limit, in picture units; NaN where there is none. */
static double place(const struct bar *b, double v)
{
    double part = b->row->direction == HIGHER_IS_BETTER ? v / b->outer : b->outer / v;

    return isfinite(part) ? fmin(fmax(part * WHOLE, 0), BAR_WIDTH) : (double)NAN;
}

static double outermost(const struct result *r)
{
    double outer = NAN;

    for (int i = 0; i < r->limits.n; i++) {
        const struct limit *l = &r->limits.l[i];

        if (l->kind == LIMIT_NONE || !isfinite(l->value) || l->value <= 0)
            continue;
        outer = isnan(outer)                       ? l->value
                : r->direction == HIGHER_IS_BETTER ? fmax(outer, l->value)
                                                   : fmin(outer, l->value);
    }
    return outer;
}

static void draw_bar(FILE *f, const struct report *rep, const struct bar *b)
{
    const struct result *r = b->row, *before = report_before(rep, r);
    double at = place(b, r->value), lo = place(b, r->value_lo), hi = place(b, r->value_hi);
    double binding = place(b, row_limit(r)->value);

    fprintf(f,
            "<svg class=\"bar\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
            "aria-hidden=\"true\">",
            BAR_WIDTH, BAR_HEIGHT);
    svg_rect(f, 0, 3, WHOLE, 14, "track");
    if (binding < WHOLE - 1)
        svg_rect(f, 0, 3, binding, 14, "reachable");
    svg_rect(f, 0, 3, at, 14, "got");
    svg_line(f, binding, 0, binding, BAR_HEIGHT, "limit");
    if (r->expected.hi > 0 && r->expected.lo > 0) {
        svg_line(f, place(b, r->expected.lo), 19, place(b, r->expected.hi), 19, "usual");
    }
    if (isfinite(lo) && isfinite(hi)) {
        svg_line(f, lo, 10, hi, 10, "whisker");
        svg_line(f, lo, 6, lo, 14, "whisker");
        svg_line(f, hi, 6, hi, 14, "whisker");
    }
    if (before && before->status == RESULT_OK && isfinite(before->value))
        svg_line(f, place(b, before->value), 0, place(b, before->value), BAR_HEIGHT, "before");
    fputs("</svg>", f);
}

static void write_percent(FILE *f, const struct result *r)
{
    char text[FIGURES_TEXT];

    figures_percent(text, r->percent, true);
    fputs(text, f);
}

static void write_row(FILE *f, const struct report *rep, const struct result *r)
{
    const struct bar b = { .row = r, .outer = outermost(r) };
    const struct limit *l = row_limit(r);
    bool drawn = r->status == RESULT_OK && l && b.outer > 0;
    char label[160];

    row_label(r, label, sizeof(label), true);
    fputs("<tr><th scope=\"row\">", f);
    markup_html(f, label);
    fprintf(f, "</th><td class=\"barcell\"%s>", drawn ? "" : " colspan=\"2\"");
    if (r->status != RESULT_OK) {
        fprintf(f, "<span class=\"alarm\">%s</span> ", result_status_name(r->status));
        markup_html(f, r->reason);
        fputs("</td><td></td></tr>\n", f);
        return;
    }
    if (drawn) {
        draw_bar(f, rep, &b);
        fputs("</td><td class=\"num strong\">", f);
        write_percent(f, r);
    } else {
        fputs("<span class=\"none\">", f);
        markup_html(f, r->limits.n ? r->limits.l[0].reason : "no limit is known");
        fputs("</span>", f);
    }
    fputs("</td><td class=\"num\">", f);
    page_value(f, r, r->value);
    if (l) {
        fprintf(f, " <span class=\"of\" title=\"");
        markup_html(f, l->source);
        fputs("\">of ", f);
        page_value(f, r, l->value);
        fprintf(f, " %s</span>", limit_kind_name(l->kind));
    }
    fputs("</td></tr>\n", f);
}

static void write_group(FILE *f, const struct report *rep, int first)
{
    const struct result *head = &rep->shown->results[first];

    fputs("<table class=\"bars\"><caption>", f);
    markup_htmlf(f, "%s on %s: %s, %s", head->name, head->device, head->metric, head->unit);
    fputs("</caption><thead><tr><th scope=\"col\">settings</th><th scope=\"col\">limit to achieved"
          "</th><th scope=\"col\">reached</th><th scope=\"col\">value</th></tr></thead><tbody>\n",
          f);
    for (int i = first; i < rep->shown->n_results; i++)
        if (row_same_group(&rep->shown->results[i], head) &&
            rep->shown->results[i].status != RESULT_SKIPPED)
            write_row(f, rep, &rep->shown->results[i]);
    fputs("</tbody></table>\n", f);
}

static bool has_rows(const struct run_record *rec, int first)
{
    for (int i = first; i < rec->n_results; i++)
        if (row_same_group(&rec->results[i], &rec->results[first]) &&
            rec->results[i].status != RESULT_SKIPPED)
            return true;
    return false;
}

/* The least and the most of what a level's rows reach. */
static void write_ends(FILE *f, const struct run_record *rec, int first)
{
    const struct result *least = NULL, *most = NULL;
    char label[160], text[FIGURES_TEXT];

    for (int i = first; i < rec->n_results; i++) {
        const struct result *r = &rec->results[i];

        if (!row_same_level(r, &rec->results[first]) || r->status != RESULT_OK || !row_limit(r))
            continue;
        least = !least || r->percent < least->percent ? r : least;
        most = !most || r->percent > most->percent ? r : most;
    }
    if (!least)
        return;
    fputs("<p class=\"small\">", f);
    for (int i = 0; i < 2; i++) {
        const struct result *r = i ? least : most;

        row_label(r, label, sizeof(label), true);
        figures_percent(text, r->percent, true);
        fputs(i ? "; farthest from it: " : "Nearest to its limit: ", f);
        markup_htmlf(f, "%s %s, %s", r->name, label, text);
    }
    fputs(".</p>\n", f);
}

static void write_level(FILE *f, const struct report *rep, int first)
{
    const struct run_record *rec = rep->shown;

    fputs("<h3 class=\"levelname\">", f);
    markup_htmlf(f, "%.*s", (int)strcspn(rec->results[first].name, "."), rec->results[first].name);
    fputs("</h3>\n", f);
    write_ends(f, rec, first);
    for (int i = first; i < rec->n_results; i++)
        if (row_same_level(&rec->results[i], &rec->results[first]) && row_first_of_group(rec, i) &&
            has_rows(rec, i))
            write_group(f, rep, i);
}

void page_limits(FILE *f, const struct report *r)
{
    page_section(
        f, "limits", "Against the limits",
        "A bar is the loosest limit that is known; its filled part is what was reached, the pale "
        "part what is lost below the limit that binds, and what is left of it is the headroom. "
        "<span class=\"key\"><svg viewBox=\"0 0 24 20\" aria-hidden=\"true\"><path class=\"limit\" "
        "d=\"M12 0v20\"/></svg> binding limit</span> "
        "<span class=\"key\"><svg viewBox=\"0 0 24 20\" aria-hidden=\"true\"><path "
        "class=\"whisker\" d=\"M3 10h18M3 5v10M21 5v10\"/></svg> 95 % interval</span> "
        "<span class=\"key\"><svg viewBox=\"0 0 24 20\" aria-hidden=\"true\"><path class=\"usual\" "
        "d=\"M2 17h20\"/></svg> usual for its kind</span> "
        "<span class=\"key\"><svg viewBox=\"0 0 24 20\" aria-hidden=\"true\"><path "
        "class=\"before\" "
        "d=\"M12 0v20\"/></svg> earlier run</span> "
        "A paper limit is clock times units; a measured one is what another row reached here.");
    for (int i = 0; i < r->shown->n_results; i++)
        if (row_first_of_level(r->shown, i))
            write_level(f, r, i);
    if (r->shown->n_results == 0)
        page_no_data(f, "Against the limits", "the run has no rows");
    page_section_end(f);
}
