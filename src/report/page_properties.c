/* page_properties.c - what a row knows of its subject beside the time: a table a benchmark. */
#include <math.h>
#include <string.h>

#include "report/figures.h"
#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"

/* The names that the rows of a benchmark have, in the order of their first appearance. */
struct heads {
    const struct result_property *p[2 * RESULT_PROPERTIES]; /* borrowed: the first of each name */
    int n;
};

static void gather(struct heads *h, const struct run_record *rec, const char *bench)
{
    h->n = 0;
    for (int i = 0; i < rec->n_results; i++) {
        const struct result *r = &rec->results[i];

        for (int k = 0; k < r->n_properties && strcmp(r->name, bench) == 0; k++) {
            bool known = false;

            for (int j = 0; j < h->n && !known; j++)
                known = strcmp(h->p[j]->name, r->properties[k].name) == 0;
            if (!known && h->n < 2 * RESULT_PROPERTIES)
                h->p[h->n++] = &r->properties[k];
        }
    }
}

static void write_head(FILE *f, const struct heads *h)
{
    fputs("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">row</th>", f);
    for (int i = 0; i < h->n; i++) {
        fprintf(f, "<th scope=\"col\"%s>", isnan(h->p[i]->value) ? "" : " class=\"num\"");
        markup_html(f, h->p[i]->name);
        if (h->p[i]->unit[0]) {
            fputs("<br><span class=\"soft\">", f);
            markup_html(f, h->p[i]->unit);
            fputs("</span>", f);
        }
        fputs("</th>", f);
    }
    fputs("</tr></thead><tbody>\n", f);
}

static void write_cell(FILE *f, const struct result_property *p)
{
    char text[FIGURES_TEXT];

    if (!p || isnan(p->value)) {
        fputs("<td>", f);
        markup_html(f, p ? p->text : "");
        fputs("</td>", f);
        return;
    }
    if (p->value == floor(p->value) && fabs(p->value) < 1e15)
        figures_number(text, p->value, 0, true);
    else
        figures_number(text, p->value, figures_decimals(p->value), true);
    fprintf(f, "<td class=\"num\">%s</td>", text);
}

static void write_table(FILE *f, const struct run_record *rec, const char *bench)
{
    struct heads h;
    char label[160];

    gather(&h, rec, bench);
    fputs("<h3>", f);
    markup_html(f, bench);
    fputs("</h3>\n", f);
    write_head(f, &h);
    for (int i = 0; i < rec->n_results; i++) {
        const struct result *r = &rec->results[i];

        if (strcmp(r->name, bench) != 0 || r->n_properties == 0)
            continue;
        row_label(r, label, sizeof(label), true);
        fputs("<tr><th scope=\"row\">", f);
        markup_html(f, label);
        fputs("</th>", f);
        for (int k = 0; k < h.n; k++)
            write_cell(f, result_find(r, h.p[k]->name));
        fputs("</tr>\n", f);
    }
    fputs("</tbody></table></div>\n", f);
}

void page_properties(FILE *f, const struct report *r)
{
    const struct run_record *rec = r->shown;
    int written = 0;

    page_section(f, "properties", "What was measured",
                 "Facts of each row's subject beside its speed: bytes and operations of one "
                 "token, quality, memory, the hash of an output; what a repetition launches on a "
                 "GPU, and what its largest kernel takes of a multiprocessor.");
    for (int i = 0; i < rec->n_results; i++) {
        bool seen = rec->results[i].n_properties == 0;

        for (int j = 0; j < i && !seen; j++)
            seen = rec->results[j].n_properties > 0 &&
                   strcmp(rec->results[j].name, rec->results[i].name) == 0;
        if (seen)
            continue;
        write_table(f, rec, rec->results[i].name);
        written++;
    }
    if (!written)
        page_no_data(f, "Properties", "no row of this run has any");
    page_section_end(f);
}
