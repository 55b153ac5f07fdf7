/* page_table.c - every row with every figure: to sort, to filter, to copy. */
#include <math.h>
#include <string.h>

#include "report/footnotes.h"
#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"

static const struct {
    const char *head;
    bool number;   /* set flush right */
    bool compared; /* there with several runs only */
} columns[] = {
    { "row", false, false },     { "value", true, false },    { "unit", false, false },
    { "before", true, true },    { "change", true, true },    { "verdict", false, true },
    { "\xC2\xB1", true, false }, { "limit", true, false },    { "reached", true, false },
    { "device", false, false },  { "status", false, false },  { "samples", true, false },
    { "stopped", false, false }, { "variant", false, false }, { "notes", false, false },
};

static void cell_number(FILE *f, double v, double shown, const char *after)
{
    char text[FIGURES_TEXT];

    fputs("<td class=\"num\" data-v=\"", f);
    if (isfinite(v))
        fprintf(f, "%.9g", v);
    fputs("\">", f);
    figures_number(text, shown, figures_decimals(shown), true);
    fputs(text, f);
    if (isfinite(v))
        markup_html(f, after);
    fputs("</td>", f);
}

static void cell_percent(FILE *f, double v)
{
    char text[FIGURES_TEXT];

    fputs("<td class=\"num\" data-v=\"", f);
    if (isfinite(v))
        fprintf(f, "%.9g", v);
    figures_percent(text, v, true);
    fprintf(f, "\">%s</td>", text);
}

static void comparison_cells(FILE *f, const struct report *rep, const struct result *r,
                             const struct figures_unit *unit)
{
    const struct verdict *v = report_verdict(rep, r);
    char text[FIGURES_TEXT], word[48];
    double change;

    if (!v) {
        fputs("<td></td><td></td><td></td>", f);
        return;
    }
    comparison_word(v, word, sizeof(word));
    change = verdict_percent(v->change, r->direction);
    cell_number(f, v->median[SIDE_A], v->median[SIDE_A] * unit->factor, "");
    fprintf(f, "<td class=\"num\" data-v=\"%.6g\" title=\"", isfinite(change) ? change : 0);
    markup_html(f, v->rule);
    figures_percent(text, change, true);
    fprintf(f, "\">%s%s</td><td><span class=\"word %s\" title=\"", change > 0 ? "+" : "", text,
            v->gap == GAP_NONE ? verdict_word_name(v->word) : "");
    markup_html(f, v->reason);
    fprintf(f, "\">%s</span></td>", word);
}

static size_t samples_of(const struct result *r)
{
    size_t n = 0;

    for (int i = 0; i < r->n_runs; i++)
        n += r->runs[i].samples ? r->runs[i].n_samples : r->runs[i].sampling.n;
    return n;
}

/* One word for all processes of a row. */
static const char *stop_of(const struct result *r)
{
    enum sampling_stop stop = SAMPLING_CONVERGED;

    if (r->unstable[0])
        return "unstable";
    for (int i = 0; i < r->n_runs; i++)
        if (r->runs[i].sampling.stop != SAMPLING_CONVERGED)
            stop = SAMPLING_BUDGET;
    return r->n_runs ? sampling_stop_name(stop) : "";
}

static void write_row(FILE *f, const struct report *rep, const struct result *r,
                      struct footnotes *notes)
{
    struct figures_unit unit = row_unit(r);
    char label[160], marks[64];
    const struct limit *l = row_limit(r);

    row_label(r, label, sizeof(label), true);
    fprintf(f, "<tr class=\"%s\"><th scope=\"row\"><span class=\"soft\">",
            result_status_name(r->status));
    markup_html(f, r->name);
    fputs("</span> ", f);
    markup_html(f, label);
    fputs("</th>", f);
    cell_number(f, r->value, r->value * unit.factor, "");
    fputs("<td>", f);
    markup_html(f, unit.name);
    fputs("</td>", f);
    if (rep->n > 1)
        comparison_cells(f, rep, r, &unit);
    cell_percent(f, r->status == RESULT_OK ? 100 * row_half_width(r) : (double)NAN);
    cell_number(f, l ? l->value : (double)NAN, l ? l->value * unit.factor : (double)NAN, "");
    cell_percent(f, r->status == RESULT_OK ? r->percent : (double)NAN);
    fputs("<td>", f);
    markup_html(f, r->device);
    fprintf(f, "</td><td>%s</td>", result_status_name(r->status));
    fprintf(f, "<td class=\"num\" data-v=\"%zu\">%zu</td><td>%s</td><td>", samples_of(r),
            samples_of(r), stop_of(r));
    markup_html(f, r->variant);
    fputs("</td><td>", f);
    if (r->status == RESULT_OK) {
        footnotes_add(notes, r, marks, sizeof(marks));
        for (const char *p = marks; *p;) {
            int n = (int)strtol(p, NULL, 10);

            fprintf(f, "<a href=\"#note%d\">%d</a> ", n, n);
            p += strcspn(p, ",");
            p += *p == ',';
        }
    } else {
        markup_html(f, r->reason);
    }
    fputs("</td></tr>\n", f);
}

static void write_notes(FILE *f, const struct footnotes *notes)
{
    char text[512];

    if (notes->n)
        fputs("<ol class=\"notes\">\n", f);
    for (int i = 0; i < notes->n; i++) {
        fprintf(f, "<li id=\"note%d\">", i + 1);
        footnotes_text(notes, i, text, sizeof(text));
        markup_html(f, text);
        fputs("</li>\n", f);
    }
    if (notes->n)
        fputs("</ol>\n", f);
}

void page_table(FILE *f, const struct report *r)
{
    struct footnotes notes = { 0 };

    page_section(f, "table", "All results",
                 "The value is the median, \xC2\xB1 half its 95 % interval, reached its part of "
                 "the limit that binds. A heading sorts; the field filters by any word; the "
                 "buttons copy what is shown.");
    fputs("<div class=\"tools\" hidden><label>Filter <input type=\"search\" id=\"filter\" "
          "placeholder=\"dram all\"></label> <label><input type=\"checkbox\" id=\"attention\"> "
          "only what needs attention</label> <button type=\"button\" data-copy=\"csv\">Copy as CSV"
          "</button> <button type=\"button\" data-copy=\"md\">Copy as Markdown</button> "
          "<span id=\"shown\" role=\"status\"></span></div>\n"
          "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All results\">"
          "<table id=\"results\"><thead><tr>",
          f);
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        if (r->n > 1 || !columns[i].compared)
            fprintf(f, "<th scope=\"col\"%s>%s</th>", columns[i].number ? " class=\"num\"" : "",
                    columns[i].head);
    fputs("</tr></thead><tbody>\n", f);
    for (int i = 0; i < r->shown->n_results; i++)
        write_row(f, r, &r->shown->results[i], &notes);
    fputs("</tbody></table></div>\n", f);
    write_notes(f, &notes);
    footnotes_release(&notes);
    page_section_end(f);
}
