/* markdown.c - for a pull request: what got worse first (verdict_markdown.h), then every row, those
 * without a number and those farthest from their limits first. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "report/document.h"
#include "report/markup.h"
#include "report/rows.h"
#include "report/target_table.h"
#include "report/verdict_markdown.h"

enum { FIRST_ROWS = 20, BAR_CELLS = 10, CASES = 3 };

/* Smaller goes first: no number, then by headroom, without a limit, skipped last. */
static double place_of(const struct result *r)
{
    if (r->status == RESULT_FAILED || r->status == RESULT_INVALID)
        return -INFINITY;
    if (r->status == RESULT_SKIPPED)
        return INFINITY;
    return isfinite(r->percent) ? r->percent : 1e300;
}

static int by_need(const void *a, const void *b)
{
    const struct result *const *x = a, *const *y = b;
    double px = place_of(*x), py = place_of(*y);

    return px < py ? -1 : px > py ? 1 : (*x > *y) - (*x < *y); /* equals: as in the record */
}

static void bar(FILE *f, double percent)
{
    int full = (int)lround(fmin(fmax(percent, 0), 100) / 100 * BAR_CELLS);

    if (isfinite(percent))
        fputc(' ', f);
    for (int i = 0; i < BAR_CELLS && isfinite(percent); i++)
        fputs(i < full ? "\xE2\x96\x88" : "\xE2\x96\x91", f);
}

static void value(FILE *f, double v, const struct figures_unit *unit)
{
    char text[FIGURES_TEXT];

    figures_number(text, v * unit->factor, figures_decimals(v * unit->factor), true);
    fputs(text, f);
    if (isfinite(v)) {
        fputc(' ', f);
        markup_markdown(f, unit->name);
    }
}

static void percent(FILE *f, double v)
{
    char text[FIGURES_TEXT];

    figures_percent(text, v, true);
    fputs(text, f);
}

static void write_row(FILE *f, const struct result *r)
{
    struct figures_unit unit = row_unit(r);
    char label[160], half[FIGURES_TEXT];

    row_label(r, label, sizeof(label), true);
    fputs("| ", f);
    markup_markdown(f, r->name);
    fputc(' ', f);
    markup_markdown(f, label);
    if (strcmp(r->device, "cpu") != 0) {
        fputs(", ", f);
        markup_markdown(f, r->device);
    }
    if (r->status != RESULT_OK) {
        fprintf(f, " | **%s**: ", result_status_name(r->status));
        markup_markdown(f, r->reason);
        fputs(" | | |\n", f);
        return;
    }
    fputs(" | ", f);
    value(f, r->value, &unit);
    if (isfinite(row_half_width(r))) {
        figures_percent(half, 100 * row_half_width(r), true);
        fprintf(f, " \xC2\xB1 %s", half);
    }
    fputs(" |", f);
    bar(f, r->percent);
    fputc(' ', f);
    percent(f, r->percent);
    fputs(" | ", f);
    percent(f, 100 - r->percent);
    fputs(" |\n", f);
}

static void write_table(FILE *f, const struct result *const *rows, int n)
{
    fputs("| row | value | of the limit | headroom |\n| --- | ---: | --- | ---: |\n", f);
    for (int i = 0; i < n; i++)
        write_row(f, rows[i]);
}

static void write_head(FILE *f, const struct report *rep)
{
    const struct run_record *rec = rep->shown;
    int count[4] = { 0 };
    char day[16];

    for (int i = 0; i < rec->n_results; i++)
        count[rec->results[i].status]++;
    fprintf(f, "### headroom: %d row%s measured\n\n", count[RESULT_OK],
            count[RESULT_OK] == 1 ? "" : "s");
    markup_markdown(f, facts_get_text(&rec->machine, "cpu.model", "unknown CPU"));
    for (int i = 0;; i++) {
        char key[40];
        const char *model;

        snprintf(key, sizeof(key), "gpus.%d.model", i);
        model = facts_get_text(&rec->machine, key, NULL);
        if (!model)
            break;
        fputs(", ", f);
        markup_markdown(f, model);
    }
    snprintf(day, sizeof(day), "%.10s", rec->start);
    fputs("; ", f);
    markup_markdown(f, day);
    fprintf(f, "; %d ok, %d skipped, %d failed, %d invalid", count[RESULT_OK],
            count[RESULT_SKIPPED], count[RESULT_FAILED], count[RESULT_INVALID]);
    fputs("\n\n", f);
}

static void write_finding(FILE *f, const struct finding *x)
{
    char label[160];

    fprintf(f, "- **%s: %s** (", finding_grade_name(x->rule->grade), x->rule->title);
    markup_markdown(f, x->rule->rule);
    fputs(").", f);
    for (int k = 0; k < x->n && k < CASES; k++) {
        fputs(k ? "; " : " ", f);
        if (x->cases[k].row) {
            row_label(x->cases[k].row, label, sizeof(label), true);
            markup_markdown(f, x->cases[k].row->name);
            fputc(' ', f);
            markup_markdown(f, label);
            fputs(": ", f);
        }
        markup_markdown(f, x->cases[k].numbers);
    }
    if (x->n > CASES)
        fprintf(f, "; and %d more", x->n - CASES);
    fputs(". Usually: ", f);
    markup_markdown(f, x->rule->causes);
    fputs(" Next: ", f);
    markup_markdown(f, x->rule->check);
    fputc('\n', f);
}

/* Faults are in sight; warnings are folded, hints left to the page. */
static void write_findings(FILE *f, const struct findings *fs)
{
    int warnings = findings_count(fs, FINDING_WARNING);

    for (int i = 0; i < fs->n; i++)
        if (fs->list[i].rule->grade == FINDING_FAULT)
            write_finding(f, &fs->list[i]);
    if (!warnings)
        return;
    fprintf(f, "\n<details><summary>%d warning%s</summary>\n\n", warnings,
            warnings == 1 ? "" : "s");
    for (int i = 0; i < fs->n; i++)
        if (fs->list[i].rule->grade == FINDING_WARNING)
            write_finding(f, &fs->list[i]);
    fputs("\n</details>\n", f);
}

static const char *outcome_of(const struct verdict_counts *c)
{
    return c->invalid   ? "rows without a valid number"
           : c->slower  ? "slower"
           : c->unclear ? "unclear"
           : c->faster  ? "faster"
                        : "the same";
}

void report_markdown(FILE *f, const struct report *rep)
{
    int n = rep->shown->n_results, first = n < FIRST_ROWS ? n : FIRST_ROWS;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers. */
    const struct result **rows = mem_calloc((size_t)n, sizeof(*rows));

    if (!rows) {
        fputs("no memory for the table\n", f);
        return;
    }
    for (int i = 0; i < n; i++)
        rows[i] = &rep->shown->results[i];
    /* NOLINTNEXTLINE(bugprone-sizeof-expression) */
    qsort(rows, (size_t)n, sizeof(*rows), by_need);
    if (rep->n > 1) {
        verdict_markdown(f, &rep->comparison, outcome_of(&rep->comparison.counts));
        fputc('\n', f);
    }
    write_head(f, rep);
    write_table(f, rows, first);
    if (n > first) {
        fprintf(f, "\n<details><summary>%d more rows</summary>\n\n", n - first);
        write_table(f, rows + first, n - first);
        fputs("\n</details>\n", f);
    }
    fputc('\n', f);
    if (rep->targets)
        target_markdown(f, rep->targets, rep->outcomes);
    write_findings(f, &rep->findings);
    mem_free(rows);
}
